# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What real IOS routers said (data/README.md), and what the observer makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import Target
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import NextHop, Nhs, Suite
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import parse_state
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.observe import (
    ios,
    ios_crypto,
    ios_host,
    ios_interfaces,
    ios_nhrp,
    ios_path,
    ios_routes,
    ios_routing,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.observe.ios_text import (
    Unreadable,
    interface_name,
    seconds,
)
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import SPOKE1
from ansible_collections.mgre.dmvpn.tests.unit.observe_ios.router import CODES, INVALID, healthy

DATA = Path(__file__).parent / "data"


def recorded(name: str) -> str:
    return (DATA / f"{name}.txt").read_text(encoding="utf-8")


def test_dmvpn_with_two_overlay_addresses_behind_one_nbma_address() -> None:
    first, second = ios_nhrp.dmvpn(recorded("dmvpn"))
    assert [(p.address, p.nbma, p.states) for p in first.peers] == [("172.29.0.1", "172.30.84.1", ["NHRP"])]
    assert [(p.address, p.nbma) for p in second.peers] == [
        ("172.30.90.1", "172.29.0.1"),
        ("172.30.90.2", "172.29.0.2"),
        ("172.30.90.25", "172.29.0.2"),
        ("172.30.72.72", "172.29.134.1"),
        ("172.30.72.72", "172.29.134.1"),
    ]
    (tunnel,) = ios_nhrp.dmvpn(recorded("dmvpn-ipv6-nbma"))
    assert [(p.address, p.nbma) for p in tunnel.peers] == [("192.2.1.122", None), ("192.3.1.123", None)]


def test_nhrp_cache_tells_registered_from_resolved() -> None:
    bindings, shortcuts = ios_nhrp.cache(recorded("nhrp"))
    assert [(b.interface, b.kind, b.overlay, b.nbma) for b in bindings] == [
        ("Tunnel100", "cached", "100.0.0.2", "103.1.1.1"),
        ("Tunnel100", "static", "100.0.0.100", "101.1.1.1"),
        ("Tunnel100", "local", "100.0.0.1", "102.1.1.1"),
        ("Tunnel111", "static", "111.0.0.100", "111.1.1.1"),
    ]
    assert [(s.prefix, s.via) for s in shortcuts] == [("123.1.1.0/24", "100.0.0.2")]


def test_next_hop_servers_that_answer_and_that_do_not() -> None:
    assert ios_nhrp.servers(recorded("nhs-detail")) == [
        Nhs("Tunnel0", "111.0.0.100", "111.1.1.1", False),
        Nhs("Tunnel100", "100.0.0.100", "101.1.1.1", True),
        Nhs("Tunnel100", "172.16.0.1", None, False),
        Nhs("Tunnel111", "111.0.0.100", "111.1.1.1", False),
    ]


def test_ike_sas_with_the_names_of_the_registry() -> None:
    (first, port), (second, other) = ios_crypto.ike(recorded("ikev2-detailed"))
    assert (first.state, first.local, first.remote, port) == ("ESTABLISHED", "92.1.121.1", "22.1.1.2", 500)
    assert first.suite == Suite("AES_CBC", 256, "HMAC_SHA2_256_128", "PRF_HMAC_SHA2_256", "ECP_256")
    assert (first.initiator, first.established, first.remote_identity) == (True, 12689, "22.1.1.2")
    assert (second.remote, other) == ("10.1.1.1", 4500)
    assert second.suite == Suite("AES_GCM_16", 256, None, "PRF_HMAC_SHA2_384", "ECP_384")
    assert len(ios_crypto.ike(recorded("ikev2-detailed-3"))) == 3
    assert len(ios_crypto.ike(recorded("ikev2-detailed-headings"))) == 1


def test_ipsec_sas_belong_to_their_ike_sa() -> None:
    flows = ios_crypto.ipsec(recorded("ipsec"))
    assert [(f.interface, f.peer, f.decaps, len(f.inbound)) for f in flows] == [
        ("GigabitEthernet3", "1.1.1.1", 4, 1),
        ("GigabitEthernet3", "1.1.1.1", 0, 0),
        ("Tunnel0", "2.2.2.1", 0, 1),
    ]
    (sa,) = [
        sa
        for sa in ios_crypto.security_associations(
            recorded("ikev2-detailed-headings").replace("1.1.1.2/500 ", "2.2.2.1/500 "), recorded("ipsec"), ""
        )
        if sa.remote == "2.2.2.1"
    ]
    (child,) = sa.children
    assert (child.name, child.state, child.mode, child.spi_in) == (
        "Tunnel0",
        "INSTALLED",
        "TUNNEL",
        "a54d38a4",
    )
    assert child.suite == Suite("AES_CBC", 256, "HMAC_SHA2_256_128") and child.encapsulated is False


@pytest.mark.parametrize(
    ("text", "suite"),
    [
        ("esp-gcm 256", Suite("AES_GCM_16", 256)),
        ("esp-gcm", Suite("AES_GCM_16", 128)),
        ("esp-aes esp-sha-hmac", Suite("AES_CBC", 128, "HMAC_SHA1_96")),
        ("esp-256-aes esp-sha512-hmac", Suite("AES_CBC", 256, "HMAC_SHA2_512_256")),
        ("esp-aes 256 esp-sha384-hmac", Suite("AES_CBC", 256, "HMAC_SHA2_384_192")),
        ("esp-new 512", Suite()),
    ],
)
def test_transform_sets(text: str, suite: Suite) -> None:
    assert ios_crypto.transform(text) == suite


def test_bgp_neighbours_with_prefixes_and_without() -> None:
    found = ios_routing.bgp(recorded("bgp-summary"), None)
    assert len(found) == 10
    assert (found[0].address, found[0].state, found[0].prefixes_in) == ("10.0.0.1", "Established", 558720)
    assert (found[9].state, found[9].admin_down, found[9].prefixes_in) == ("Idle (Admin)", True, None)
    (dotted,) = ios_routing.bgp(recorded("bgp-summary-asdot"), None)
    assert (dotted.remote_as, dotted.local_as) == (1234, 64000 * 65536 + 2017)


def test_bgp_without_a_process_has_no_neighbours_and_reasons_of_resets_are_evidence_only() -> None:
    assert ios_routing.bgp("% BGP not active\n", None) == []
    reasons = (
        "BGP neighbor is 10.0.0.1,  remote AS 65000, internal link\n"
        "  Last reset 00:07:58, due to BGP Notification received of session 1, Administrative Reset\n"
        "BGP neighbor is 10.0.0.2,  remote AS 65001, external link\n"
        "  Last reset 00:00:17, due to Peer closed the session\n"
    )
    found = ios_routing.bgp(recorded("bgp-summary"), reasons)
    assert found[0].last_reset == "Administrative Reset (received)"
    assert found[1].last_reset == "Peer closed the session"
    assert ios_routing.bgp(recorded("bgp-summary"), INVALID)[0].last_reset is None


def test_ospf_neighbours_in_the_form_of_the_other_platform() -> None:
    assert [n.state for n in ios_routing.ospf(recorded("ospf"))] == ["Full/BDR"] * 5
    (found,) = ios_routing.ospf(recorded("ospf-point-to-point"))
    assert (found.address, found.state, found.interface) == ("10.169.197.97", "Full/-", "GigabitEthernet4")


def test_eigrp_neighbours_of_named_and_classic_mode() -> None:
    assert [(n.address, n.interface, n.asn) for n in ios_routing.eigrp(recorded("eigrp-named"))] == [
        ("10.12.90.2", "GigabitEthernet2.90", 100),
        ("10.13.90.3", "GigabitEthernet3.90", 100),
    ]
    assert [n.asn for n in ios_routing.eigrp(recorded("eigrp-classic"))] == [545, 545, 545]
    assert [n.asn for n in ios_routing.eigrp(recorded("eigrp-old"))] == [1, 1]
    assert ios_routing.eigrp(recorded("eigrp-vrf")) == []


def test_bfd_sessions_of_three_releases() -> None:
    assert [(b.address, b.status, b.diagnostic) for b in ios_routing.bfd(recorded("bfd"))] == [
        ("10.103.45.4", "up", "ok"),
        ("192.168.100.3", "down", "control detection time expired"),
    ]
    assert [b.status for b in ios_routing.bfd(recorded("bfd-version0"))] == ["up", "up"]
    (found,) = ios_routing.bfd(recorded("bfd-table"))
    assert (found.local, found.address) == ("10.169.197.93", "10.169.197.94")


def test_routes_as_packets_follow_them() -> None:
    table = CODES + (
        "Gateway of last resort is 198.51.100.9 to network 0.0.0.0\n\n"
        "S*    0.0.0.0/0 [1/0] via 198.51.100.9\n"
        "      10.0.0.0/8 is variably subnetted, 6 subnets, 4 masks\n"
        "B        10.0.0.0/9 [200/0] via 10.255.0.2, 00:00:17\n"
        "                    [200/0] via 10.255.0.1, 00:00:17\n"
        "B   %    10.12.0.0/24 [200/0] via 10.255.0.1, 00:00:17\n"
        "H        10.13.0.0/24 [250/255] via 10.255.0.13, 00:00:11, Tunnel10\n"
        "D EX     10.14.0.0/24\n           [170/26905600] via 10.255.0.14, 00:18:51, Tunnel10\n"
        "S        10.255.0.0/16 is directly connected, Null0\n"
        "B        10.32.0.0/11 [200/0] via 0.0.0.0, 00:18:51, Null0\n"
        "D        10.64.0.0/10 is a summary, 00:18:51, Null0\n"
        "C        10.255.0.0/22 is directly connected, Tunnel10\n"
        "O E2  192.0.2.0/24 [110/20] via 198.51.100.9, 1d02h, GigabitEthernet1\n"
        "      198.51.100.0/30 is subnetted, 1 subnets\n"
        "C        198.51.100.8 is directly connected, GigabitEthernet1\n"
    )
    found = {route.prefix: route for route in ios_routes.routes(table)}
    assert found["10.0.0.0/9"].next_hops == [
        NextHop("10.255.0.2", "Tunnel10"),
        NextHop("10.255.0.1", "Tunnel10"),
    ]
    assert found["0.0.0.0/0"].next_hops == [NextHop("198.51.100.9", "GigabitEthernet1")]
    blackholes = {prefix for prefix, route in found.items() if route.kind == "blackhole"}
    assert blackholes == {"10.255.0.0/16", "10.32.0.0/11", "10.64.0.0/10"}
    assert found["10.13.0.0/24"].protocol == "nhrp"
    assert found["10.14.0.0/24"].next_hops == [NextHop("10.255.0.14", "Tunnel10")]
    assert found["198.51.100.8/30"].protocol == "connected"
    with pytest.raises(Unreadable, match=r"Z +10"):
        ios_routes.routes(table + "Z        10.99.0.0/24 is somewhere, else\n")


def test_version_clock_and_a_change_that_waits() -> None:
    answers = healthy(SPOKE1).answers()
    version, clock = answers[ios_host.VERSION], answers[ios_host.CLOCK]
    host = ios_host.host(version, clock, "Timer type: absolute timer\nTimer value: 3 min\n")
    assert (host.name, host.distribution, host.versions) == ("spoke1", "Cisco IOS-XE", {"ios": "17.15.1a"})
    assert (host.uptime, host.time, host.rollback) == (788640.0, 1800000000.0, 180.0)
    assert ios_host.host(version, clock, answers[ios_host.ROLLBACK]).rollback == 0.0
    assert ios_host.host(version, "", INVALID).rollback is None
    old = "Cisco IOS Software, 2900 Software (C2900-UNIVERSALK9-M), Version 15.5(3)M4a, RELEASE SOFTWARE\n"
    assert ios_host.host(old, clock, "").versions == {"ios": "15.5(3)M4a"}


def test_log_lines_of_the_last_minutes_only() -> None:
    clock = "08:00:00.123 CET Fri Jan 15 2027"
    told = "%IKEV2-3-NEG_ABORT: Negotiation aborted due to ERROR: Auth exchange failed"
    lines = (
        f"Jan 15 07:59:30 CET: {told}\nJan 15 07:50:00 CET: {told} x\nJan 15 06:59:30: {told} y\n{told} z\n"
    )
    found = {e.message.rpartition(" ")[2]: e.age for e in ios_host.ike_errors(lines, clock)}
    # One is in a zone whose distance is not told, one has no time at all.
    assert found == {"failed": 30.0, "y": None, "z": None}
    new_year = "Dec 31 23:59:30.001: " + told
    assert ios_host.ike_errors(new_year, "00:00:30.0 UTC Fri Jan 1 2027")[0].age == 60.0


def test_answer_that_network_cli_took_for_an_error_is_read() -> None:
    """It looks for "ERROR:" in every answer, and raises the bytes."""
    said = "*Jan 15 07:59:30.001: %IKEV2-3-NEG_ABORT: Negotiation aborted due to ERROR: Auth exchange failed"
    answers = healthy(SPOKE1).answers()
    raised = answers | {ios_host.LOG: repr(f"{ios_host.LOG}\r\n{said}\r\nspoke1#".encode())}
    state = ios.observe(lambda commands: [raised[command] for command in commands], ["Tunnel10"])
    assert [(e.message, e.age) for e in state.ike_errors or []] == [
        ("Negotiation aborted due to ERROR: Auth exchange failed", 30.0)
    ]


def test_tunnel_of_which_interface_and_dmvpn_do_not_agree_is_not_known_to_be_protected() -> None:
    router = healthy(SPOKE1)
    answers = router.answers()
    answers[ios_nhrp.DMVPN] = answers[ios_nhrp.DMVPN].replace('Protect "MGRE-internet"', 'Protect ""')
    state = ios.parse(answers, ["Tunnel10"])
    assert state.guard is None and "Tunnel10 is protected is not told" in state.unreadable["guard"]
    shown = ios_interfaces.tunnel_commands("Tunnel10")[0]
    cut = answers[shown].partition("  Tunnel protection")[0]
    state = ios.parse(answers | {shown: cut}, ["Tunnel10"])
    assert state.guard is None


def test_every_tunnel_is_read_in_a_second_round_trip_if_none_is_named() -> None:
    answers = healthy(SPOKE1).answers()
    trips: list[list[str]] = []

    def run(commands: Sequence[str]) -> list[str]:
        trips.append(list(commands))
        return [answers[command] for command in trips[-1]]

    named = ios.observe(run, ["Tunnel10"])
    assert len(trips) == 1
    assert ios.observe(run) == named and len(trips) == 3
    assert parse_state(named.to_dict()) == named


def test_ping_of_full_size_of_less_and_of_nothing() -> None:
    def ping(marks: str, rate: str, times: str = "") -> str:
        sent = "Sending 5, 1400-byte ICMP Echos\nPacket sent with the DF bit set"
        return f"{sent}\n{marks}\nSuccess {rate}{times}\n"

    target = Target("10.255.0.1", 1400, "10.255.0.11")
    good = ios_path.read(
        target,
        1400,
        ping(".!!!!", "rate is 80 percent (4/5)", ", round-trip min/avg/max = 1/4/9 ms"),
    )
    assert (good.passed, good.rtt, good.loss, good.error) == (1400, 4.0, 0.2, None)
    bad = ios_path.read(target, 1400, ping("U.U.U", "rate is 0 percent (0/5)"))
    assert (bad.passed, bad.error) == (None, "destination unreachable")
    refused = ios_path.read(
        target, 1400, "% Invalid source address- IP address not on any of our up interfaces\n"
    )
    assert refused.passed is None and "Invalid source" in (refused.error or "")
    assert ios_path.command(target, 1400, 5, 2) == (
        "ping 10.255.0.1 source 10.255.0.11 size 1400 df-bit repeat 5 timeout 2"
    )


@pytest.mark.parametrize("limit", (68, 576, 1238, 1399))
def test_largest_size_is_found_by_halving(limit: int) -> None:
    router = healthy(SPOKE1)
    router.links[0].answers = limit
    sent: list[str] = []

    def run(commands: Sequence[str]) -> list[str]:
        sent.extend(commands)
        return [router.ping(command) for command in commands]

    (probe,) = ios_path.probe_all(run, [Target("10.255.0.1", 1400, "10.255.0.11")], 600.0)
    assert probe.passed is not None and limit - 2 <= probe.passed <= limit and len(sent) < 15


@pytest.mark.parametrize(
    ("short", "full"),
    [("Tu10", "Tunnel10"), ("tunnel 10", "Tunnel10"), ("Gi0/0/1.20", "GigabitEthernet0/0/1.20"), ("x", "x")],
)
def test_interface_names(short: str, full: str) -> None:
    assert interface_name(short) == full


@pytest.mark.parametrize(
    ("text", "value"),
    [("00:01:02", 62.0), ("1d02h", 93600.0), ("3w0d", 1814400.0), ("never", None), ("1:2", None)],
)
def test_durations(text: str, value: float | None) -> None:
    assert seconds(text) == value
