# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What real daemons reported (tests/unit/observe/data) is printed so that parsers of real routers read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive import (
    show_crypto,
    show_log,
    show_nhrp,
    show_path,
    show_routing,
    vici,
)
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.daemons import Daemons, clock
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.plan import Plan
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.read import read
from ansible_collections.mgre.dmvpn.tests.unit.ios_alive.node import DATA, FACTS, FakeNode
from ntc_templates.parse import parse_output  # type: ignore[import-untyped]

RECORDED = Path(__file__).parents[1] / "observe" / "data"
LINES = {"hub": (DATA / "hub.ios").read_text(), "spoke": (DATA / "spoke.ios").read_text()}
# The recordings are of a fleet whose hub is hub1.
AS_RECORDED = {"10.255.0.2": "10.255.0.1", "198.51.100.6": "198.51.100.2"}


def node(name: str) -> FakeNode:
    """A node with the answers of a recorded router."""
    raw = json.loads((RECORDED / f"frr-10.3-{name}.json").read_text())
    text = "\n".join(raw["vtysh"]).replace("dmvpn10", "Tunnel10")
    found = FakeNode()
    for part in text.split(f"{raw['vtysh'][0].split('#')[0]}# ")[1:]:
        command, _newline, answer = part.partition("\n")
        found.daemons[command.replace("show bgp ipv4", "show bgp ipv4")] = answer
    addresses = json.dumps(raw["addr"]) if not isinstance(raw["addr"], str) else raw["addr"]
    found.answers["ip -j"] = (0, addresses)
    return found


def plan(name: str) -> Plan:
    text = LINES[name]
    for old, new in AS_RECORDED.items():
        text = text.replace(old, new)
    return read(text, FACTS)


@pytest.fixture(params=["hub", "spoke"])
def daemons(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Daemons:
    name = request.param
    raw = json.loads((RECORDED / f"frr-10.3-{name}.json").read_text())
    sas = [item for text in raw["vici"] for item in vici.decode(bytes.fromhex(text)).items()]
    made = plan(name)
    renamed = [(made.connections[0].name, value) for _name, value in sas if isinstance(value, dict)]
    monkeypatch.setattr(vici, "sas", lambda: renamed)
    return Daemons(node(name), lambda: made)


def parsed(command: str, text: str) -> list[dict[str, str]]:
    rows = parse_output(platform="cisco_ios", command=command, data=text)
    assert isinstance(rows, list)
    return rows


def is_hub(daemons: Daemons) -> bool:
    return not daemons.plan.tunnels[0].nhrp.servers  # type: ignore[union-attr]


def test_dmvpn(daemons: Daemons) -> None:
    (row,) = parsed("show dmvpn", show_nhrp.dmvpn(daemons))
    expected = (
        ("198.51.100.10", "10.255.0.11", "D") if is_hub(daemons) else ("198.51.100.2", "10.255.0.1", "S")
    )
    assert (row["peer_nbma"], row["peer_tunnel"], row["attribute"]) == expected
    assert row["state"] == "UP"


def test_a_spoke_shows_peers_that_it_asked_for_but_no_host_behind_them(
    daemons: Daemons,
) -> None:
    rows = [
        {
            "interface": "Tunnel10",
            "type": "dynamic",
            "protocol": overlay,
            "nbma": nbma,
            "claimed_nbma": claimed,
        }
        for overlay, nbma, claimed in (
            ("10.255.0.13", "203.0.113.18", "203.0.113.18"),
            ("10.255.0.12", "203.0.113.2", "192.168.12.2"),
            ("10.13.0.10", "203.0.113.18", "203.0.113.18"),
        )
    ]
    system = FakeNode(daemons={"show ip nhrp cache json": json.dumps({"table": rows})})
    found = Daemons(system, lambda: daemons.plan).peers(daemons.plan.tunnels[0])
    marks = {peer.overlay: (peer.nat, peer.shortcut) for peer in found if not peer.static}
    hub = is_hub(daemons)
    assert marks == {"10.255.0.13": (False, not hub), "10.255.0.12": (True, not hub)}


def test_dmvpn_without_an_sa_says_so(daemons: Daemons, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vici, "sas", list)
    (row,) = parsed("show dmvpn", show_nhrp.dmvpn(daemons))
    assert row["state"] == "IKE"


def test_dmvpn_detail_names_servers_profile_and_session(daemons: Daemons) -> None:
    text = show_nhrp.dmvpn_detail(daemons)
    assert 'Protect "LAB"' in text
    assert ("10.255.0.1  RE NBMA Address: 198.51.100.2 priority = 0 cluster = 0" in text) != is_hub(daemons)
    assert "Crypto Session Status: UP-ACTIVE" in text


def test_crypto_sessions(daemons: Daemons) -> None:
    (row,) = parsed("show crypto session detail", show_crypto.session(daemons, True))
    peer = "198.51.100.10" if is_hub(daemons) else "198.51.100.2"
    assert (row["interface"], row["profile"]) == ("Tunnel10", "LAB")
    assert (row["session_status"], row["peer"], row["active_sa"]) == ("UP-ACTIVE", peer, "2")
    assert (row["permit"], row["dst_host"], row["ikev1_status"]) == ("47", peer, "Active")


def test_ikev2(daemons: Daemons) -> None:
    text = show_crypto.ikev2(daemons, True)
    assert "Encr: AES-GCM, keysize: 256, PRF: SHA384, Hash: None, DH Grp:20, Auth sign: PSK" in text
    assert f"Initiator of SA : {'No' if is_hub(daemons) else 'Yes'}" in text
    assert "READY" in text


def test_ipsec_counts_packets(daemons: Daemons) -> None:
    text = show_crypto.ipsec(daemons)
    assert "transform: esp-gcm 256 ," in text
    assert "in use settings ={Transport, }" in text
    assert f"#pkts encaps: {102 if is_hub(daemons) else 110}," in text


def test_without_sas_nothing_is_shown(daemons: Daemons, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vici, "sas", list)
    assert show_crypto.ikev2(daemons, True) == ""
    assert show_crypto.ipsec(daemons) == "\nNo SAs found\n"
    assert ("Session status: DOWN" in show_crypto.session(daemons, True)) != is_hub(daemons)


def test_bgp_summary(daemons: Daemons) -> None:
    (row,) = parsed("show ip bgp summary", show_routing.bgp_summary(daemons).replace("\n*", "\n"))
    assert row["bgp_neighbor"] == ("10.255.0.11" if is_hub(daemons) else "10.255.0.1")
    assert (row["local_as"], row["neighbor_as"]) == ("65000", "65000")
    assert row["state_or_prefixes_received"].isdigit()
    assert ("*10.255.0.11" in show_routing.bgp_summary(daemons)) == is_hub(daemons)


def test_a_router_without_bgp_says_so(daemons: Daemons) -> None:
    assert show_routing.bgp_summary(Daemons(FakeNode(), Plan)) == "% BGP not active\n"


BGP_NEIGHBOR = {
    "remoteAs": 65000, "localAs": 65000, "nbrDesc": "hub2", "peerGroup": "HUBS", "bgpState": "Established",
    "remoteRouterId": "10.255.0.2", "bgpTimerUpMsec": 48000, "bgpTimerHoldTimeMsecs": 10000,
    "bgpTimerKeepAliveIntervalMsecs": 3000, "hostLocal": "10.255.0.11", "portLocal": 34313,
    "hostForeign": "10.255.0.2", "portForeign": 179, "lastResetDueTo": "Peer closed the session",
    "addressFamilyInfo": {"ipv4Unicast": {"routeMapForIncomingAdvertisements": "IN"}},
}  # fmt: skip


def test_bgp_neighbors(daemons: Daemons) -> None:
    system = FakeNode(daemons={"show bgp neighbors json": json.dumps({"10.255.0.2": BGP_NEIGHBOR})})
    text = show_routing.bgp_neighbors(Daemons(system, lambda: daemons.plan))
    (row,) = parsed("show ip bgp neighbors", text)
    assert (row["neighbor"], row["bgp_state"], row["peer_group"]) == (
        "10.255.0.2",
        "Established",
        "HUBS",
    )
    assert (row["remote_router_id"], row["localhost_ip"], row["inbound_routemap"]) == (
        "10.255.0.2",
        "10.255.0.11",
        "IN",
    )
    assert "  Last reset 00:00:00, due to Peer closed the session" in text


def test_ospf_neighbors(daemons: Daemons) -> None:
    one = {
        "nbrPriority": 1, "nbrState": "Full/-", "routerDeadIntervalTimerDueMsec": 9000,
        "ifaceAddress": "10.255.0.1", "ifaceName": "Tunnel10:10.255.0.11",
    }  # fmt: skip
    told = json.dumps({"neighbors": {"10.255.0.1": [one]}})
    system = FakeNode(daemons={"show ip ospf neighbor json": told})
    (row,) = parsed("show ip ospf neighbor", show_routing.ospf_neighbors(Daemons(system, Plan)))
    assert (row["neighbor_id"], row["state"], row["interface"]) == ("10.255.0.1", "FULL/  -", "Tunnel10")
    assert show_routing.ospf_neighbors(Daemons(FakeNode(), Plan)) == ""


@pytest.mark.parametrize(("status", "word"), [("up", "Up"), ("down", "Down")])
def test_bfd_neighbors(status: str, word: str) -> None:
    one = {
        "peer": "10.255.0.2", "local": "10.255.0.11", "interface": "Tunnel10", "id": 3305129090,
        "remote-id": 1574448001, "status": status, "uptime": 6, "downtime": 3,
        "diagnostic": "ok" if status == "up" else "control detection time expired", "type": "configured",
        "receive-interval": 300, "transmit-interval": 300, "detect-multiplier": 3,
        "remote-receive-interval": 300, "remote-detect-multiplier": 3,
    }  # fmt: skip
    counter = {"peer": "10.255.0.2", "control-packet-input": 29, "control-packet-output": 34}
    system = FakeNode(
        daemons={
            "show bfd peers json": json.dumps([one, one]),
            "show bfd peers counters json": json.dumps([counter]),
        }
    )
    rows = parsed("show bfd neighbors details", show_routing.bfd(Daemons(system, Plan)))
    assert len(rows) == 2
    assert (rows[1]["neighbor_addr"], rows[1]["state"], rows[1]["interface"]) == ("10.255.0.2", word, "Tu10")
    assert (rows[1]["min_tx_interval"], rows[1]["rx_count"]) == ("300000", "29")
    assert rows[1]["diagnostic_bit"] == ("0" if status == "up" else "1")


def _route(protocol: str, hop: dict[str, object], **more: object) -> list[dict[str, object]]:
    return [
        {"protocol": protocol, "selected": True, "distance": 200, "metric": 0, "uptime": "00:00:41", **more}
        | {"nexthops": [{"active": True, **hop}]}
    ]


def test_routes(daemons: Daemons) -> None:
    table = {
        "0.0.0.0/0": _route("kernel", {"ip": "198.51.100.9", "interfaceName": "wan1"}),
        "10.0.0.0/9": _route("bgp", {"ip": "10.255.0.2", "interfaceName": "Tunnel10"}),
        "10.11.0.0/24": _route("connected", {"interfaceName": "lan1"}),
        "10.11.0.1/32": _route("local", {"interfaceName": "lan1"}),
        "10.13.0.0/24": _route("nhrp", {"ip": "10.255.0.13", "interfaceName": "Tunnel10"}),
        "10.13.0.10/32": _route("nhrp", {"interfaceName": "Tunnel10"}),
        "10.255.0.2/32": _route("nhrp", {"interfaceName": "Tunnel10"}),
        "172.16.0.0/16": _route("static", {"blackhole": True}),
        "192.168.250.0/24": _route("connected", {"interfaceName": "mgmt0"}),
    }
    system = FakeNode(
        daemons={"show ip route json": json.dumps(table)},
        answers={"ip -j -4": (0, "[]"), "ip -j link": (0, '[{"ifname": "wan1"}, {"ifname": "lan1"}]')},
    )
    text = show_path.routes(Daemons(system, lambda: daemons.plan))
    rows = {f"{row['network']}/{row['prefix_length']}": row for row in parsed("show ip route", text)}
    assert "Gateway of last resort is 198.51.100.9 to network 0.0.0.0" in text
    assert "192.168.250.0/24" not in text  # the lab's own network is no part of the router
    # IOS has peers in NHRP's cache only, and shortcuts to networks.
    assert "10.255.0.2/32" not in rows or is_hub(daemons)
    assert "10.13.0.10/32" not in rows
    assert (rows["10.0.0.0/9"]["protocol"], rows["10.0.0.0/9"]["nexthop_ip"]) == ("B", "10.255.0.2")
    assert (rows["10.255.0.0/22"]["protocol"], rows["10.255.0.0/22"]["nexthop_if"]) == ("C", "Tunnel10")
    assert rows["10.11.0.0/24"]["nexthop_if"] == "GigabitEthernet2"
    assert "is directly connected, Null0" in text
    assert "H        10.13.0.0/24 [250/0] via 10.255.0.13, 00:00:41, Tunnel10" in text


def test_a_tunnel_tells_key_source_and_protection(daemons: Daemons) -> None:
    (tunnel,) = daemons.plan.tunnels
    text = show_path.interface(daemons, tunnel, "to all of us")
    (row,) = parsed("show interfaces", text)
    assert (row["interface"], row["link_status"], row["description"]) == ("Tunnel10", "up", "to all of us")
    assert "    Key 0xA, sequencing disabled" in text
    assert '  Tunnel protection via IPSec (profile "LAB")' in text
    assert "  MTU is 1400 bytes" in show_path.ip_interface(daemons, tunnel)


def test_with_if_state_nhrp_the_protocol_follows_the_servers(
    daemons: Daemons, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tunnel,) = daemons.plan.tunnels
    assert show_path.state(daemons, tunnel) == ("up", "up")
    monkeypatch.setattr(vici, "sas", list)
    assert show_path.state(daemons, tunnel) == ("up", "up" if is_hub(daemons) else "down")


def answered(*numbers: int) -> str:
    return "".join(f"64 bytes from x: icmp_seq={number} ttl=64\n" for number in numbers)


def refused(*numbers: int) -> str:
    return "".join(f"From y icmp_seq={number} Destination Host Unreachable\n" for number in numbers)


TIMES = "rtt min/avg/max/mdev = 0.5/5.5/16.6/6.0 ms"
PINGS = {
    "!!!": (answered(1, 2, 3) + TIMES, "100 percent (3/3), round-trip min/avg/max = 1/6/17 ms"),
    ".!.": (answered(2) + TIMES, "33 percent (1/3), round-trip min/avg/max = 1/6/17 ms"),
    "...": ("", "0 percent (0/3)"),
    "UUU": (refused(1, 2, 3), "0 percent (0/3)"),
    "MMM": ("ping: local error: Message too long, mtu=1400", "0 percent (0/3)"),
}


@pytest.mark.parametrize("marks", PINGS)
def test_ping(marks: str) -> None:
    said, rate = PINGS[marks]
    system = FakeNode(answers={"ping": (0, said)})
    values = {"target": "10.255.0.2", "size": "1400", "repeat": "3", "timeout": "1"}
    text = show_path.ping(Daemons(system, Plan), values, unfragmented=True)
    assert text.splitlines()[-2:] == [marks, f"Success rate is {rate}"]
    assert "-s 1372" in system.ran[-1]  # IOS counts the headers
    assert "-M do " in system.ran[-1]


def test_complaints_of_charon_are_logged_in_the_words_of_ios() -> None:
    told = [
        "parsed IKE_AUTH response 1 [ N(AUTH_FAILED) ]",
        "received AUTHENTICATION_FAILED notify error",
        "received NO_PROPOSAL_CHOSEN notify error",
    ]
    rows = [json.dumps({"MESSAGE": text, "__REALTIME_TIMESTAMP": "1795404198092490"}) for text in told]
    text = show_log.log(FakeNode(answers={"journalctl": (0, "\n".join(rows))}))
    lines = [line for line in text.splitlines() if "%IKEV2" in line]
    assert len(lines) == 2
    assert lines[0].endswith("%IKEV2-3-NEG_ABORT: Negotiation aborted due to ERROR: Auth exchange failed")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(139, "00:02:19"), (86399, "23:59:59"), (93600, "1d02h"), (26 * 86400, "3w5d"), (435 * 86400, "1y10w")],
)
def test_times_are_told_as_ios_does(seconds: int, text: str) -> None:
    assert clock(seconds) == text
