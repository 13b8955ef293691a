# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""verify.yml on a live fleet: each fault turns it red with its cause, and nothing else. Needs root."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

# All of these happen on spoke1.
OTHER_CA = """\
set -e; umask 077; cd /etc/swanctl
cp -p x509/mgre-dmvpn.crt /root/test.crt; cp -p private/mgre-dmvpn.key /root/test.key
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj "$(openssl x509 -noout -subject -nameopt compat -in x509/mgre-dmvpn.crt | sed 's/^subject=//')" \
    -keyout private/mgre-dmvpn.key -out x509/mgre-dmvpn.crt
swanctl --load-creds --clear; swanctl --terminate --ike mgre-internet --force
"""
OWN_CA = """\
set -e; cd /etc/swanctl
mv /root/test.crt x509/mgre-dmvpn.crt; mv /root/test.key private/mgre-dmvpn.key
swanctl --load-creds --clear; swanctl --load-conns
"""
BGP = "vtysh -c 'configure terminal' -c 'router bgp 65000' -c"
FAULTS = {
    # Stopped, watchfrr cannot start it again.
    "daemon_dead": (
        "kill -STOP $(pidof watchfrr); kill -KILL $(pidof nhrpd)",
        "kill -CONT $(pidof watchfrr)",
    ),
    "gre_key": (
        "ip link set dev dmvpn10 type gre key 99 local 198.51.100.10 dev wan1 ttl 64",
        "systemctl restart mgre-dmvpn-blue",
    ),
    "neighbour_shut_here": (
        f"{BGP} 'neighbor 10.255.0.1 shutdown'",
        f"{BGP} 'no neighbor 10.255.0.1 shutdown'",
    ),
    "authentication": (OTHER_CA, OWN_CA),
    "guard_missing": (
        "nft delete table inet mgre_dmvpn_guard",
        "systemctl restart mgre-dmvpn-guard",
    ),
}


def assert_found(fleet: Fleet, cause: str, mend: Callable[[], object]) -> None:
    try:
        verdict = fleet.verify()
    finally:
        mend()
    assert verdict.status != 0
    assert verdict.causes == {("spoke1", cause)}, verdict.output
    fleet.wait_green()


@pytest.mark.parametrize("cause", FAULTS)
def test_verify_finds_the_one_cause_of_a_fault_and_is_green_without_it(fleet: Fleet, cause: str) -> None:
    broken, mended = FAULTS[cause]
    fleet.lab.ssh("spoke1", broken)
    assert_found(fleet, cause, lambda: fleet.lab.ssh("spoke1", mended))


def test_verify_finds_a_path_that_is_smaller_than_the_inventory_says(fleet: Fleet) -> None:
    def mend() -> None:
        fleet.lab.impair("spoke1")
        for node in ("spoke1", "hub1", "hub2"):
            fleet.lab.ssh(node, "ip route flush cache")

    fleet.lab.impair("spoke1", mtu=1300)
    assert_found(fleet, "path_mtu_small", mend)


def changes(recap: str) -> dict[str, int]:
    """Host -> changes, from a run's recap."""
    return {host: int(count) for host, count in re.findall(r"^(\w+)\s+: ok=\d+\s+changed=(\d+)", recap, re.M)}


def established(fleet: Fleet, node: str) -> list[int]:
    """When each BGP session of a router came up, in seconds; bgpd's rounding moves that by one."""
    text = fleet.vtysh(node, "show bgp neighbors json")
    return sorted(int(second) for second in re.findall(r'"bgpTimerUpEstablishedEpoch":\s*(\d+)', text))


def test_check_tells_of_no_change_on_a_router_that_is_as_it_should_be(fleet: Fleet) -> None:
    assert changes(fleet.site("--check", "--diff")) == dict.fromkeys(fleet.lab.topology.nodes, 0)


def test_a_router_that_is_off_or_has_no_python_gets_one_line_and_the_others_go_on(fleet: Fleet) -> None:
    fleet.lab.kill("spoke3")
    fleet.lab.ssh("spoke2", "mv /usr/bin/python3 /usr/bin/python3.away")
    try:
        done = fleet.play("site", "--timeout", "10")
    finally:
        fleet.lab.ssh("spoke2", "mv /usr/bin/python3.away /usr/bin/python3")
        fleet.lab.start("spoke3")
    assert done.returncode != 0
    recap = done.stdout.split("PLAY RECAP")[1]
    said = dict(re.findall(r"^(\w+)\s+: (.*)$", recap, re.M))
    assert "unreachable=1" in said["spoke3"] and "failed=1" in said["spoke2"], recap
    for node in ("hub1", "hub2", "spoke1"):
        assert "unreachable=0" in said[node] and "failed=0" in said[node], recap
    assert "spoke2: no python3 on the router; install it with apt-get install python3" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    fleet.wait_green()


def test_a_change_is_shown_before_it_is_made_and_keeps_the_sessions(fleet: Fleet) -> None:
    sessions = {node: established(fleet, node) for node in fleet.lab.topology.nodes}
    assert {node: len(since) for node, since in sessions.items()} == {
        "hub1": 4, "hub2": 4, "spoke1": 2, "spoke2": 2, "spoke3": 2,
    }  # fmt: skip
    clouds = fleet.inventory / "group_vars" / "all" / "dmvpn.yml"
    clouds.write_text(
        clouds.read_text().replace("    number: 10\n", "    number: 10\n    nhrp_holdtime: 45\n")
    )
    shown = fleet.site("--check", "--diff")
    assert re.search(r"^\+ ip nhrp holdtime 45$", shown, re.M), shown
    assert all(changes(shown).values())
    assert "holdtime 45" not in fleet.vtysh("spoke1", "show running-config")
    fleet.site()
    assert "ip nhrp holdtime 45" in fleet.vtysh("spoke1", "show running-config")
    for node, since in sessions.items():
        assert established(fleet, node) == pytest.approx(since, abs=2), node
    fleet.wait_green()


def test_a_router_that_claims_the_tunnel_address_of_another_is_denied(fleet: Fleet) -> None:
    claim = "ip address add 10.255.0.11/32 dev dmvpn10; ip address del 10.255.0.13/32 dev dmvpn10"
    events = fleet.events("hub1")
    try:
        with fleet.traffic(("hub1", "spoke1")) as lost:
            fleet.lab.ssh("spoke3", claim)
            until(
                lambda: re.search(
                    r"Denied 10\.255\.0\.11 at 203\.0\.113\.18 .* OU does not list 10\.255\.0\.11",
                    events(),
                ),
                "hub1 denies 10.255.0.11 to spoke3",
            )
            cache = fleet.vtysh("hub1", "show ip nhrp cache")
        assert re.search(r"10\.255\.0\.11 +198\.51\.100\.10\b", cache), cache
        assert "10.255.0.11 203.0.113.18" not in " ".join(cache.split())
        assert lost == {("hub1", "spoke1"): 0}
        # nhrpd holds on to an address that the tunnel has lost, and would answer itself in spoke1's place.
        fleet.lab.ssh("spoke3", "systemctl restart mgre-dmvpn-blue")
        until(
            lambda: fleet.verify("spoke3").causes == {("spoke3", "claims_other_address")},
            "verify names the address that nhrpd still claims, and nothing else",
            seconds=120,
        )
    finally:
        fleet.lab.ssh("spoke3", "systemctl restart mgre-dmvpn-blue frr")
    fleet.wait_green()


def test_without_an_sa_between_two_spokes_the_hub_carries_their_packets(fleet: Fleet) -> None:
    def shortcut() -> bool:
        return "10.13.0.0/24" in fleet.vtysh("spoke1", "show ip nhrp shortcut")

    peer = "203.0.113.18"
    blocked = "add table inet test_blocked; " + "".join(
        f"add chain inet test_blocked {hook} {{ type filter hook {hook} priority 0; }}; "
        f"add rule inet test_blocked {hook} ip {end} {peer} udp dport {{ 500, 4500 }} drop; "
        f"add rule inet test_blocked {hook} ip {end} {peer} meta l4proto esp drop; "
        for hook, end in (("input", "saddr"), ("output", "daddr"))
    )
    # Both ends forget the SA they have, and with it the shortcut.
    fleet.lab.ssh("spoke1", "systemctl restart strongswan")
    fleet.lab.ssh("spoke1", f"nft '{blocked}'; vtysh -c 'clear ip nhrp shortcut'")
    try:
        fleet.lab.ssh("spoke3", "vtysh -c 'clear ip nhrp shortcut'")
        fleet.wait_green()
        assert peer not in fleet.lab.ssh("spoke1", "swanctl --list-sas")
        events = fleet.events("spoke1")
        with fleet.traffic(("spoke1", "spoke3")) as lost:
            until(
                lambda: re.search(
                    rf"Denied \S+ at {re.escape(peer)} .* no ESP SA came up",
                    events(),
                ),
                "spoke1 denies the shortcut",
            )
            assert not shortcut()
        assert lost == {("spoke1", "spoke3"): 0}
    finally:
        fleet.lab.ssh("spoke1", "nft delete table inet test_blocked")
    with fleet.traffic(("spoke1", "spoke3")):
        until(shortcut, "the shortcut, now that nothing is blocked")
    fleet.wait_green()
