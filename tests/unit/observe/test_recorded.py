# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What real routers said (Debian 13: FRR 10.3, strongSwan 6.0.1), and what the observer makes of it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import (
    observe_frr,
    observe_guard,
    observe_host,
    observe_ip,
    observe_kernel,
    observe_vici,
)
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_run import Unreadable
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import Drop, State
from ansible_collections.mgre.dmvpn.plugins.modules import state_info

DATA = Path(__file__).parent / "data"
SPOKE, HUB = "frr-10.3-spoke", "frr-10.3-hub"


def recorded(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return data


def answers(name: str) -> dict[str, str]:
    return observe_frr.split("\n".join(recorded(name)["vtysh"]), observe_frr.COMMANDS)


def test_tunnel_with_its_key_source_and_wan() -> None:
    found = {i.name: i for i in observe_ip.parse_interfaces(json.dumps(recorded(SPOKE)["addr"]))}
    tunnel = found["dmvpn10"]
    assert (tunnel.kind, tunnel.up, tunnel.mtu, tunnel.key) == ("gre", True, 1400, 10)
    assert (tunnel.local, tunnel.underlay, tunnel.addresses) == ("198.51.100.10", "wan1", ["10.255.0.11/32"])
    assert tunnel.packets_in and tunnel.packets_out and tunnel.errors == 0
    assert found["wan1"].addresses == ["198.51.100.10/30"] and found["wan1"].key is None


def test_changed_gre_key_is_seen() -> None:
    found = observe_ip.parse_interfaces(json.dumps(recorded("frr-10.3-spoke-wrong-key")["addr"]))
    assert [i.key for i in found if i.name == "dmvpn10"] == [11]


def test_routes_of_the_kernel_with_default_and_host_routes() -> None:
    routes = {r.prefix: r for r in observe_ip.parse_routes(json.dumps(recorded(SPOKE)["route"]))}
    assert routes["0.0.0.0/0"].next_hops[0].interface == "wan1"
    assert routes["10.0.0.0/9"].next_hops[0].interface == "dmvpn10"
    assert routes["10.255.0.1/32"].protocol == "nhrp"
    hub = {r.prefix: r for r in observe_ip.parse_routes(json.dumps(recorded(HUB)["route"]))}
    assert hub["10.0.0.0/9"].kind == "blackhole" and hub["10.0.0.0/9"].next_hops == []


def test_tunnel_neighbours_only() -> None:
    found = observe_ip.parse_neighbours(json.dumps(recorded(SPOKE)["neigh"]))
    assert [(n.interface, n.address, n.nbma) for n in found] == [("dmvpn10", "10.255.0.1", "198.51.100.2")]


def test_nhrp_of_spoke_and_hub() -> None:
    spoke, hub = observe_frr.nhrp(answers(SPOKE)), observe_frr.nhrp(answers(HUB))
    assert spoke.nhs and spoke.nhs[0].overlay == "10.255.0.1" and spoke.shortcuts == []
    assert [(b.kind, b.overlay) for b in spoke.cache or []] == [
        ("nhs", "10.255.0.1"),
        ("local", "10.255.0.11"),
    ]
    assert ("dynamic", "10.255.0.11", "198.51.100.10") in [
        (b.kind, b.overlay, b.nbma) for b in hub.cache or []
    ]


def test_bgp_neighbour_established() -> None:
    (neighbour,) = observe_frr.bgp(answers(SPOKE))
    assert (neighbour.address, neighbour.state, neighbour.admin_down) == ("10.255.0.1", "Established", False)
    assert (neighbour.remote_as, neighbour.local_as, neighbour.prefixes_in) == (65000, 65000, 2)


def test_bgp_neighbour_shut_here_and_shut_there() -> None:
    (here,) = observe_frr.bgp(answers("frr-10.3-spoke-neighbour-shut-here"))
    assert (here.state, here.admin_down) == ("Idle (Admin)", True)
    (there,) = observe_frr.bgp(answers("frr-10.3-spoke-neighbour-shut-there"))
    assert there.admin_down is False
    assert there.last_reset == "Cease/Administrative Shutdown (received)"


def test_hub_without_any_neighbour_has_an_empty_list() -> None:
    assert observe_frr.bgp(answers("frr-10.3-hub-no-neighbour")) == []


def test_security_associations_over_vici() -> None:
    (sa,) = [
        sa
        for event in recorded(SPOKE)["vici"]
        for sa in observe_vici.parse_sa(observe_vici.decode(bytes.fromhex(event)))
    ]
    assert (sa.connection, sa.state, sa.remote) == ("mgre-internet", "ESTABLISHED", "198.51.100.2")
    assert sa.remote_identity == "hub1.blue.mgre-dmvpn"
    (child,) = sa.children
    assert (child.state, child.mode, child.protocol) == ("INSTALLED", "TRANSPORT", "ESP")
    assert (child.suite.encryption, child.suite.key_bits, child.suite.integrity) == ("AES_GCM_16", 256, None)
    assert child.packets_in and child.packets_out and child.encapsulated is False


def test_charon_complains_of_a_psk_once_per_peer_and_sentence() -> None:
    lines = "\n".join(json.dumps(line) for line in recorded("frr-10.3-spoke-wrong-psk")["journal"])
    errors = observe_host.parse_log(lines, now=1_795_404_400)
    assert {e.peer for e in errors} == {"198.51.100.2"}
    assert sorted(e.message for e in errors) == [
        "received AUTHENTICATION_FAILED notify error",
        "tried 1 shared key for '%any' - 'hub1.blue.mgre-dmvpn', but MAC mismatched",
    ]


def test_complaints_from_before_the_peer_was_let_in_are_over() -> None:
    lines = recorded("frr-10.3-spoke-wrong-psk")["journal"]
    last = max(int(line["__REALTIME_TIMESTAMP"]) for line in lines)
    said = "IKE_SA mgre-internet[9] established between 198.51.100.10[spoke1]...198.51.100.2[hub1]"
    for stamp, left in ((last + 1, 0), (0, 2)):
        settled = {"MESSAGE": said, "__REALTIME_TIMESTAMP": str(stamp), "IKE_SA_UNIQUE_ID": "9"}
        text = "\n".join(json.dumps(line) for line in (*lines, settled))
        assert len(observe_host.parse_log(text, now=1_795_404_400)) == left


def test_a_peer_that_ends_at_once_what_it_began_has_not_let_us_in() -> None:
    lines = recorded("frr-10.3-spoke-wrong-psk")["journal"]
    last = max(int(line["__REALTIME_TIMESTAMP"]) for line in lines)
    pair = "between 198.51.100.10[spoke1]...198.51.100.2[hub1]"
    for ended, left in ((last + 10_000, 2), (last + 60_000_000, 0)):
        said = (
            (last + 1, f"IKE_SA mgre-internet[9] established {pair}"),
            (ended, "received DELETE for IKE_SA mgre-internet[9]"),
        )
        more = [
            {"MESSAGE": message, "__REALTIME_TIMESTAMP": str(stamp), "IKE_SA_UNIQUE_ID": "9"}
            for stamp, message in said
        ]
        text = "\n".join(json.dumps(line) for line in (*lines, *more))
        assert len(observe_host.parse_log(text, now=1_795_404_400 + 60)) == left


def test_lines_that_a_clock_ahead_wrote_are_left_out() -> None:
    lines = recorded("frr-10.3-spoke-wrong-psk")["journal"]
    text = "\n".join(json.dumps(line) for line in lines)
    first = min(int(line["__REALTIME_TIMESTAMP"]) for line in lines) / 1e6
    assert observe_host.parse_log(text, now=first - 86400) == []


def test_redirect_and_mss_rules_in_the_kernel() -> None:
    hub = observe_guard.parse_nft(json.dumps(recorded(HUB)["nft"]))
    assert (hub.redirects, hub.clamps) == (["dmvpn10"], {"dmvpn10": 1360})
    objects = recorded(HUB)["nft"]
    for word in ("log", "mangle"):
        kept = [o for o in objects["nftables"] if word not in json.dumps(o.get("rule", {}))]
        found = observe_guard.parse_nft(json.dumps({"nftables": kept}))
        assert (found.redirects, found.clamps) == (
            ([], {"dmvpn10": 1360}) if word == "log" else (["dmvpn10"], {})
        )


def test_a_clamp_for_one_way_only_is_none() -> None:
    objects = recorded(HUB)["nft"]["nftables"]
    clamps = [o for o in objects if "maxseg" in json.dumps(o)]
    kept = [o for o in objects if o is not clamps[0]]
    assert len(clamps) == 2 and observe_guard.parse_nft(json.dumps({"nftables": kept})).clamps == {}


RUNNING = """\
hostname spoke1
!
interface dmvpn10
 ip nhrp authentication secret-1
 ip nhrp network-id 99
 ip nhrp nhs 10.255.0.1 nbma 198.51.100.2
 ip nhrp shortcut
exit
!
interface lan1
 ip ospf area 0.0.0.0
exit
!
"""


@pytest.mark.parametrize(
    ("applied", "said"),
    [
        ("interface dmvpn10\n ip nhrp authentication secret-1\n", "applied"),
        ("interface dmvpn10\n ip nhrp authentication secret-2\n", "other"),
        ("interface dmvpn10\n", "other"),
    ],
)
def test_nhrp_of_an_interface_without_its_secret(applied: str, said: str) -> None:
    (found,) = observe_frr.nhrp_interfaces(RUNNING, applied)
    assert (found.interface, found.network_id, found.authentication) == ("dmvpn10", 99, said)
    assert (found.shortcut, found.redirect) == (True, False)
    assert "secret" not in str(found)


def test_neighbour_table_of_two_cpus() -> None:
    text = "entries  allocs table_fulls\n00000010 000000ff 00000002\n00000010 000000ff 00000003\n"
    assert observe_kernel.parse_table(text) == (16, 5)
    assert observe_kernel.parse_table("") == observe_kernel.parse_table("other\n1\n") == (None, None)


def test_guard_in_the_kernel() -> None:
    guard = observe_guard.parse_nft(json.dumps(recorded(SPOKE)["nft"]))
    assert guard.present and guard.interfaces == ["wan1"]
    assert {(drop.hook, drop.what) for drop in guard.drops} == {
        (hook, what) for hook in ("input", "output", "forward") for what in ("gre", "site")
    }
    assert all(drop.packets is not None for drop in guard.drops)


def test_guard_whose_rules_were_flushed_drops_nothing() -> None:
    objects = recorded(SPOKE)["nft"]
    objects["nftables"] = [item for item in objects["nftables"] if "rule" not in item]
    guard = observe_guard.parse_nft(json.dumps(objects))
    assert guard.present and guard.drops == []


IPTABLES = """\
*filter
:OUTPUT ACCEPT [5:300]
:MGRE-DMVPN-OUT - [0:0]
:MGRE-DMVPN-GRE-OUT - [0:0]
:MGRE-DMVPN-SITES - [0:0]
:MGRE-DMVPN-TO-SITES - [0:0]
[9:900] -A OUTPUT -j MGRE-DMVPN-OUT
[9:900] -A MGRE-DMVPN-OUT -o wan1 -m policy --dir out --pol none -j MGRE-DMVPN-GRE-OUT
[3:252] -A MGRE-DMVPN-GRE-OUT -p gre -j DROP
[6:648] -A MGRE-DMVPN-GRE-OUT -j MGRE-DMVPN-SITES
[2:168] -A MGRE-DMVPN-SITES -s 10.0.0.0/9 -j MGRE-DMVPN-TO-SITES
[1:84] -A MGRE-DMVPN-TO-SITES -d 10.0.0.0/9 -j DROP
COMMIT
"""


def test_guard_of_iptables_counts_only_what_the_kernel_reaches() -> None:
    guard = observe_guard.parse_iptables(IPTABLES)
    assert guard.present and guard.interfaces == ["wan1"]
    assert guard.drops == [Drop("output", "gre", 3), Drop("output", "site", 1)]
    unreached = IPTABLES.replace("[9:900] -A OUTPUT -j MGRE-DMVPN-OUT\n", "")
    assert observe_guard.parse_iptables(unreached).drops == []
    assert not observe_guard.parse_iptables("*filter\n:OUTPUT ACCEPT [5:300]\nCOMMIT\n").present


def test_units_in_the_order_asked() -> None:
    units = ["frr.service", "strongswan.service", "mgre-dmvpn-guard.service", "nothing.service"]
    found = observe_host.parse_services("\n".join(recorded(SPOKE)["units"]), units)
    assert [found[unit].active for unit in units] == ["active", "active", "active", "inactive"]
    assert found["nothing.service"].load == "not-found"
    with pytest.raises(Unreadable, match="told of 4 units, asked of 3"):
        observe_host.parse_services("\n".join(recorded(SPOKE)["units"]), units[:3])


def test_certificate() -> None:
    said = "notAfter=Dec 25 02:36:24 2027 GMT\nsubject=CN=spoke1,OU=10.255.0.11,O=mgre-dmvpn\n"
    certificate = observe_host.parse_certificate("/x.crt", said)
    assert certificate.subject == "CN=spoke1,OU=10.255.0.11,O=mgre-dmvpn"
    assert certificate.not_after == 1829702184.0


def test_every_field_of_the_state_is_documented() -> None:
    missing = [field.name for field in fields(State) if f"    {field.name}:\n" not in state_info.RETURN]
    assert missing == []
