# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node is told only what has changed, in an order in which nothing is ever unprotected."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive import bfd, bindings, swanctl
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.apply import CHANGES, FRR, RULES, SWANCTL, Applier
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.bfd import BfdWatch
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.bindings import Bindings
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.frr_delta import commands
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.plan import Plan, Tunnel
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.read import read
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.startup import configuration
from ansible_collections.mgre.dmvpn.tests.unit.ios_alive.node import DATA, FACTS, FakeNode

SPOKE = (DATA / "spoke.ios").read_text()
HUB = (DATA / "hub.ios").read_text()
LINKS = [{"ifname": "wan1"}, {"ifname": "lan1"}]
ADDRESSES = [{"ifname": "wan1", "addr_info": [{"family": "inet", "local": "198.51.100.10", "prefixlen": 30}]}]


@pytest.fixture
def node() -> FakeNode:
    return FakeNode(answers={"ip -j -4": (0, json.dumps(ADDRESSES)), "ip -j link": (0, json.dumps(LINKS))})


@pytest.fixture
def applier(node: FakeNode) -> Applier:
    complaints: list[str] = []
    made = Applier(node, complaints.append)
    made.prepare()
    made.apply("hostname spoke1\n")
    node.ran.clear()
    return made


def changes(node: FakeNode) -> list[str]:
    """What was done since the last look, without questions."""
    done = [
        line for line in node.ran if not line.startswith(("ip -j", "ls ", "sysctl", "chown", "ip link show"))
    ]
    node.ran.clear()
    return done


def test_a_tunnel_comes_up_after_its_guard_and_its_trap(node: FakeNode, applier: Applier) -> None:
    applier.apply(SPOKE)
    done = changes(node)
    order = [
        f"nft -f {RULES}",
        "swanctl --load-all --noprompt",
        "ip link add name Tunnel10 type gre key 10 ttl 255 local 198.51.100.10 dev wan1",
        "ip link set dev Tunnel10 up",
        f"vtysh -f {CHANGES}",
    ]
    assert [line for line in done if line in order] == order


def test_the_same_configuration_again_changes_nothing(node: FakeNode, applier: Applier) -> None:
    applier.apply(SPOKE)
    changes(node)
    applier.apply(SPOKE)
    assert changes(node) == []


@pytest.mark.parametrize(
    ("old", "new", "done"),
    [
        ("ip mtu 1400", "ip mtu 1300", ["ip link set dev Tunnel10 mtu 1300"]),
        ("nhrp holdtime 60", "nhrp holdtime 45", [f"vtysh -f {CHANGES}"]),
        ("group 20", "group 19", ["swanctl --load-all --noprompt"]),
        ("ip tcp adjust-mss 1360", "ip tcp adjust-mss 1300", [f"nft -f {RULES}"]),
        ("description hub2", "description other", [f"vtysh -f {CHANGES}"]),
        ("hostname", "description", []),
    ],
)
def test_a_change_reaches_those_whom_it_concerns(
    node: FakeNode, applier: Applier, old: str, new: str, done: list[str]
) -> None:
    applier.apply(SPOKE)
    changes(node)
    applier.apply(SPOKE.replace(old, new))
    assert changes(node) == done


def test_another_key_makes_the_tunnel_anew_and_guards_it_before(node: FakeNode, applier: Applier) -> None:
    applier.apply(SPOKE)
    changes(node)
    applier.apply(SPOKE.replace("tunnel key 10", "tunnel key 11"))
    done = [line for line in changes(node) if "Tunnel10" in line or line.startswith("nft")]
    assert done[0] == "ip link del dev Tunnel10"
    assert done[1] == f"nft -f {RULES}"
    assert done[2].startswith("ip link add name Tunnel10 type gre key 11")
    assert "@th,32,32 11" in node.files[RULES][0]


def test_nhrpd_is_told_anew_of_a_tunnel_that_is_made_anew(node: FakeNode, applier: Applier) -> None:
    applier.apply(SPOKE)
    told: list[str] = []
    run = node.run

    def watch(*argv: str) -> tuple[int, str]:
        told.append(node.files[CHANGES][0] if argv[0] == "vtysh" else " ".join(argv))
        return run(*argv)

    node.run = watch  # type: ignore[method-assign]
    applier.apply(SPOKE.replace("tunnel key 10", "tunnel key 11"))
    before = next(place for place, text in enumerate(told) if "no ip nhrp network-id 10" in text)
    deleted = told.index("ip link del dev Tunnel10")
    assert before < deleted
    assert "\nip nhrp network-id 10\n" in told[-1]
    assert "router bgp" not in told[before] + told[-1]


def test_a_tunnel_that_is_shut_takes_its_sas_along(node: FakeNode, applier: Applier) -> None:
    applier.apply(SPOKE)
    changes(node)
    applier.apply(SPOKE.replace("interface Tunnel10", "interface Tunnel10\n shutdown"))
    done = changes(node)
    assert done[:2] == [f"vtysh -f {CHANGES}", "ip link del dev Tunnel10"]
    assert "swanctl --terminate --ike LAB-wan1 --force" in done
    assert "rt ipsec missing" in node.files[RULES][0]


def test_secrets_are_in_files_for_root_alone(node: FakeNode, applier: Applier) -> None:
    applier.apply(SPOKE)
    holding = {
        path: mode
        for path, (text, mode) in node.files.items()
        if b"a-secret-of-twenty-letters".hex() in text or "nhrpkey" in text
    }
    assert set(holding) == {SWANCTL, CHANGES}
    assert set(holding.values()) == {0o600}
    assert not [line for line in node.ran if "nhrpkey" in line or "secret" in line]


def test_what_fails_is_logged_without_the_configuration(node: FakeNode) -> None:
    told: list[str] = []
    applier = Applier(node, told.append)
    node.answers["vtysh -f"] = (1, "line 3: % Unknown command[4]: x")
    applier.apply(SPOKE)
    assert told == [f"vtysh -f {CHANGES}: status 1: line 3: % Unknown command[4]: x"]


def test_a_service_that_starts_again_begins_with_a_clean_frr(node: FakeNode) -> None:
    node.answers["ip -o link show type gre"] = (0, "9: Tunnel10@wan1: <UP> mtu 1400\n4: gre0@NONE: <NOARP>\n")
    Applier(node, print).prepare()
    done = changes(node)
    assert "ip link del dev Tunnel10" in done
    assert not any("gre0" in line for line in done)
    assert done[-1] == "systemctl restart strongswan frr"
    assert "router bgp" not in node.files[FRR][0]


FIRST = """\
hostname x
interface Tunnel10
 ip nhrp holdtime 60
exit
router bgp 1
 neighbor G peer-group
 neighbor G remote-as 1
 neighbor G timers 3 10
 address-family ipv4 unicast
  network 10.0.0.0/8
 exit-address-family
exit
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("holdtime 60", "holdtime 45", "interface Tunnel10,no ip nhrp holdtime 60,ip nhrp holdtime 45,exit"),
        ("  network 10.0.0.0/8\n", "",
         "router bgp 1,address-family ipv4 unicast,no network 10.0.0.0/8,exit,exit"),
        ("timers 3 10", "timers 1 3", "router bgp 1,no neighbor G timers 3 10,neighbor G timers 1 3,exit"),
        ("hostname x\n", "hostname x\nno ip forwarding\n", "no ip forwarding"),
        ("remote-as 1", "remote-as 2",
         "no router bgp 1,router bgp 1,neighbor G peer-group,neighbor G remote-as 2,neighbor G timers 3 10,"
         "address-family ipv4 unicast,network 10.0.0.0/8,exit,exit"),
        ("nothing", "", ""),
    ],
)  # fmt: skip
def test_frr_is_told_the_difference(old: str, new: str, expected: str) -> None:
    found = commands(FIRST, FIRST.replace(old, new))
    assert found.splitlines() == [line for line in expected.split(",") if line]


def test_what_is_gone_takes_its_lines_along_but_an_interface_stays() -> None:
    assert commands(FIRST, "hostname x\n").splitlines() == [
        "no router bgp 1",
        "interface Tunnel10",
        "no ip nhrp holdtime 60",
        "exit",
    ]


def test_what_was_off_is_on_again() -> None:
    assert commands("no ip forwarding\n", "") == "ip forwarding\n"


# --- nhrpd's questions ---

SA = "src 198.51.100.10 dst 198.51.100.6\n\tproto esp spi {spi} reqid 2000000 mode transport\n"


class Asking:
    """nhrpd at the event socket."""

    def __init__(self, node: FakeNode, plan: Plan, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.node, self.plan, self.path = node, plan, str(folder / "events.sock")
        self.knocked: list[str] = []
        self.bound: list[str] = []
        monkeypatch.setattr(bindings, "knock", lambda _tunnel, nbma: self._knock(nbma))
        monkeypatch.setattr(bindings, "SECONDS", 0.5)
        monkeypatch.setattr(bindings, "LOOK_SECONDS", 0.01)
        self.comes_up = True

    def _knock(self, nbma: str) -> None:
        self.knocked.append(nbma)
        if self.comes_up:
            self.node.answers["ip xfrm state"] = (0, SA.format(spi="0xc1"))

    def ask(self, interface: str = "Tunnel10", nbma: str = "198.51.100.6") -> str:
        async def talk() -> str:
            server = Bindings(
                lambda: self.plan, self.node, lambda _text: None, lambda _t, a: self.bound.append(a)
            )
            await server.start(self.path)
            reader, writer = await asyncio.open_unix_connection(self.path)
            words = {"eventid": "7", "event": "authorize-binding", "interface": interface}
            words |= {"remote_addr": "10.255.0.2", "remote_nbma": nbma}
            writer.write("".join(f"{key}={value}\n" for key, value in words.items()).encode() + b"\n")
            said = await asyncio.wait_for(reader.readuntil(b"\n\n"), 10)
            await asyncio.sleep(0.05)
            writer.close()
            return said.decode()

        return asyncio.run(talk())


@pytest.fixture
def asking(node: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asking:
    return Asking(node, read(SPOKE, FACTS), tmp_path, monkeypatch)


def test_a_binding_waits_for_an_sa_and_asks_for_one(asking: Asking) -> None:
    asking.node.answers["ip xfrm state"] = (0, SA.format(spi="0x00000000"))
    assert asking.ask() == "eventid=7\nresult=accept\n\n"
    assert asking.knocked == ["198.51.100.6"]
    assert asking.bound == ["10.255.0.2"]


def test_without_an_sa_nobody_is_bound(asking: Asking) -> None:
    asking.comes_up = False
    assert asking.ask() == "eventid=7\nresult=deny\n\n"
    assert asking.bound == []


def test_an_unknown_tunnel_binds_nobody(asking: Asking) -> None:
    assert asking.ask(interface="Tunnel11") == "eventid=7\nresult=deny\n\n"


def test_an_unprotected_tunnel_binds_at_once(asking: Asking) -> None:
    asking.plan = read(SPOKE.replace(" tunnel protection ipsec profile LAB\n", ""), FACTS)
    assert asking.ask() == "eventid=7\nresult=accept\n\n"
    assert asking.knocked == []


def test_an_sa_that_is_gone_takes_its_shortcuts_along(node: FakeNode) -> None:
    server = Bindings(Plan, node, print, lambda _tunnel, _address: None)
    for state, cleared in (("0xc1", False), ("0xc2", False), ("0x0", True)):
        node.answers["ip xfrm state"] = (0, SA.format(spi=state))
        asyncio.run(server.look())
        assert ("nhrpd: clear ip nhrp shortcut" in node.ran) == cleared


# --- BFD ---


def test_a_spoke_watches_its_hubs_and_a_hub_who_registers() -> None:
    spoke, hub = read(SPOKE, FACTS), read(HUB, FACTS)
    assert [address for _tunnel, address in bfd.configured(spoke)] == ["10.255.0.2"]
    assert bfd.configured(hub) == []
    assert bfd.of_range(hub, hub.tunnels[0], "10.255.0.11")
    assert not bfd.of_range(hub, hub.tunnels[0], "10.99.0.11")
    quiet = read(HUB.replace(" neighbor SPOKES fall-over bfd\n", ""), FACTS)
    assert not bfd.of_range(quiet, quiet.tunnels[0], "10.255.0.11")


def test_bgp_falls_with_bfd_but_does_not_wait_for_it() -> None:
    def told(status: str) -> str:
        return json.dumps([{"peer": "10.255.0.2", "status": status, "type": "configured"}])

    node = FakeNode(daemons={"show bfd peers json": told("down")})
    watch = BfdWatch(Plan, node)
    watch.look()
    assert "bgpd: clear bgp 10.255.0.2" not in node.ran
    node.daemons["show bfd peers json"] = told("up")
    watch.look()
    assert "bgpd: clear bgp 10.255.0.2" not in node.ran
    node.daemons["show bfd peers json"] = told("down")
    watch.look()
    assert node.ran.count("bgpd: clear bgp 10.255.0.2") == 1


# --- the router as it is unpacked ---


def test_the_first_configuration_has_the_addresses_of_the_node_and_no_tunnel() -> None:
    text = configuration("spoke1", "17.15", FACTS.ports, 1)
    assert (
        "interface GigabitEthernet1\n description wan1 of the node\n ip address 198.51.100.10 255.255.255.252"
        in text
    )
    assert "interface GigabitEthernet3\n description wan2 of the node\n ip address dhcp" in text
    assert "Tunnel" not in text


def test_certificates_go_where_charon_looks_for_them() -> None:
    found = swanctl.trustpoints(read((DATA / "ospf.ios").read_text(), FACTS))
    assert found["/etc/swanctl/private/mgre-dmvpn.pem"] == "/etc/ios-alive/pki/mgre-dmvpn/key.pem"
    assert len(found) == 3


def test_a_tunnel_without_a_key_is_guarded_apart_from_one_with() -> None:
    text = SPOKE.replace(" tunnel key 10\n", "")
    (tunnel,) = read(text, FACTS).tunnels
    assert isinstance(tunnel, Tunnel)
    assert tunnel.key is None


def test_each_bfd_peer_is_entered_in_bfd_and_its_profile_in_the_peer() -> None:
    peers = "bfd\n peer 10.255.0.1\n  profile T\n exit\n peer 10.255.0.2\n  profile T\n exit\nexit\n"
    assert commands("", peers).split("\n") == [
        *("bfd", "peer 10.255.0.1", "profile T", "exit", "peer 10.255.0.2", "profile T", "exit", "exit", "")
    ]
