# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Routers that are configured as Cisco's form a DMVPN with each other and with Linux routers. Needs root.

The Cisco lines are written here by hand, the Linux router by the collection. hub1 runs Linux, hub2 and spoke1
stand in for Cisco routers; each of hub1 and hub2 is the hub of a fleet once.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.mgre.dmvpn.tests.lab import Lab, load
from ansible_collections.mgre.dmvpn.tests.lab.console import Console
from ansible_collections.mgre.dmvpn.tests.lab.fleet import ROOT, Fleet, until
from ansible_collections.mgre.dmvpn.tests.lab.inventory import inventory

pytestmark = pytest.mark.lab

CISCO = ("hub2", "spoke1")
SITES = {"hub1": (1, "198.51.100.2"), "hub2": (2, "198.51.100.6"), "spoke1": (11, "198.51.100.10")}
KEY, NHRP_KEY = "a-key-for-the-lab-and-nothing-else", "nhrpkey"

IPSEC = """
crypto ikev2 proposal LAB
 encryption aes-gcm-256
 prf sha384
 group 20
crypto ikev2 policy LAB
 match fvrf any
 proposal LAB
crypto ikev2 keyring LAB
 peer ANY
  address 0.0.0.0 0.0.0.0
  pre-shared-key {key}
crypto ikev2 profile LAB
 match identity remote fqdn domain blue.mgre-dmvpn
 identity local fqdn {name}.blue.mgre-dmvpn
 authentication remote pre-share
 authentication local pre-share
 keyring local LAB
 dpd 10 2 on-demand
crypto ipsec transform-set LAB esp-gcm 256
 mode transport
crypto ipsec profile LAB
 set transform-set LAB
 set ikev2-profile LAB
interface Tunnel10
 ip address 10.255.0.{site} 255.255.252.0
 no ip redirects
 ip mtu 1400
 ip nhrp authentication {nhrp}
 ip nhrp network-id 10
 ip nhrp holdtime 60
 ip tcp adjust-mss 1360
 tunnel source GigabitEthernet1
 tunnel mode gre multipoint
 tunnel key 10
 tunnel protection ipsec profile LAB
ip route 10.0.0.0 255.128.0.0 Null0 250
ip route 10.255.0.0 255.255.252.0 Null0 250
"""
SPOKE = """
interface Tunnel10
 ip nhrp nhs 10.255.0.{hub} nbma {nbma} multicast
 ip nhrp registration no-unique
 ip nhrp shortcut
router bgp 65000
 neighbor 10.255.0.{hub} remote-as 65000
 neighbor 10.255.0.{hub} update-source Tunnel10
 neighbor 10.255.0.{hub} timers 3 10
 address-family ipv4
  network 10.{site}.0.0 mask 255.255.255.0
  neighbor 10.255.0.{hub} activate
"""
HUB = """
interface Tunnel10
 no ip nhrp nhs 10.255.0.1 nbma 198.51.100.2 multicast
 ip nhrp map multicast dynamic
 ip nhrp redirect
no router bgp 65000
router bgp 65000
 bgp listen range 10.255.0.0/22 peer-group SPOKES
 neighbor SPOKES peer-group
 neighbor SPOKES remote-as 65000
 neighbor SPOKES update-source Tunnel10
 neighbor SPOKES timers 3 10
 address-family ipv4
  network 10.{site}.0.0 mask 255.255.255.0
  network 10.0.0.0 mask 255.128.0.0
  network 10.255.0.0 mask 255.255.252.0
  neighbor SPOKES activate
  neighbor SPOKES route-reflector-client
  neighbor SPOKES next-hop-self all
"""


class Mixed:
    """The three routers, and what is asked of them."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.fleet = Fleet(lab, folder)
        self.folder = folder
        self.consoles = {name: Console(lab, name) for name in CISCO}

    def show(self, name: str, command: str) -> str:
        return self.consoles[name].show(command)[0]

    def configure(self, name: str, text: str) -> None:
        site, nbma = SITES[name]
        self.consoles[name].configure(text.format(name=name, site=site, nbma=nbma, key=KEY, nhrp=NHRP_KEY))

    def spoke_of(self, name: str, hub: str) -> None:
        text = SPOKE.replace("{hub}", str(SITES[hub][0])).replace("{nbma}", SITES[hub][1])
        self.configure(name, text)

    def linux(self, hub: str) -> None:
        """Apply the collection to hub1, in a fleet with that hub."""
        found = yaml.safe_load(inventory(self.lab))["all"]
        hosts = found["hosts"]
        for name in CISCO:
            hosts[name] = {key: value for key, value in hosts[name].items() if key.startswith("dmvpn_")}
            hosts[name]["dmvpn_transports"]["internet"]["interface"] = "wan1"
        cloud = {
            "name": "blue",
            "number": 10,
            "prefix": "10.255.0.0/22",
            "transport": "internet",
            "hubs": [hub],
            "spokes": "branches",
            "routing": {"asn": 65000, "bfd": False, "summaries": ["10.0.0.0/9"]},
            "ipsec": {"auth": "psk"},
        }
        found["vars"] |= {
            "dmvpn_clouds": [cloud],
            "dmvpn_psks": {"blue": KEY},
            "dmvpn_nhrp_secrets": {"blue": NHRP_KEY},
        }
        found["children"] = {"branches": {"hosts": {name: {} for name in hosts if name != hub}}}
        file = self.folder / f"{hub}.yml"
        file.write_text(yaml.safe_dump({"all": found}))
        self.fleet.site("--limit", "hub1", inventory=file)

    def routed(self, name: str, hub: str) -> bool:
        """Whether a Cisco router has its BGP session with a hub."""
        told = self.show(name, "show ip bgp summary")
        row = re.search(rf"^\*?10\.255\.0\.{SITES[hub][0]} .* (\S+)$", told, re.M)
        return bool(row and row[1].isdigit())

    def wait_up(self, name: str, hub: str) -> None:
        until(lambda: self.routed(name, hub), f"{name} has BGP with {hub}", 120)

    def wait_down(self, name: str, hub: str) -> None:
        until(lambda: not self.routed(name, hub), f"{name} loses BGP with {hub}", 60)

    def state(self, name: str) -> str:
        """What `show dmvpn` says of the first peer: UP, NHRP, IKE."""
        row = re.search(r"^ +1 \S+ +\S+ +(\S+) ", self.show(name, "show dmvpn"), re.M)
        return row[1] if row else ""

    def assert_clean(self) -> None:
        seen = self.lab.captured()
        assert seen.esp > 0, seen
        assert (seen.gre, seen.site) == (0, 0), seen


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    """The routers, with IPsec and a tunnel on Cisco's. With MGRE_LAB that lab is used, and stays."""
    given = os.environ.get("MGRE_LAB")
    name = given or f"alive-{os.getpid()}"
    try:
        mixed = Mixed(Lab.up(load("ios-alive"), name), tmp_path_factory.mktemp("alive"))
        for router in CISCO:
            mixed.configure(router, IPSEC)
        yield mixed
    finally:
        if not given:
            Lab.remove(name)


@pytest.fixture(scope="module")
def linux_hub(booted: Mixed) -> Mixed:
    """hub1 is the hub, both Cisco routers are its spokes."""
    booted.lab.capture_start()
    booted.linux("hub1")
    for name in CISCO:
        booted.spoke_of(name, "hub1")
    for name in CISCO:
        booted.wait_up(name, "hub1")
    booted.assert_clean()
    return booted


# Packets, ten a second: a stand-in's shortcut may carry them before its SA stands. A Linux router's does not.
UNTIL_SA = 15


def test_cisco_spokes_register_with_a_linux_hub(linux_hub: Mixed) -> None:
    cache = linux_hub.fleet.vtysh("hub1", "show ip nhrp cache")
    for name in CISCO:
        site, nbma = SITES[name]
        assert re.search(rf"dynamic +10\.255\.0\.{site} +{re.escape(nbma)} ", cache), cache
        assert linux_hub.state(name) == "UP"
        told = linux_hub.show(name, "show crypto session detail")
        assert "Session status: UP-ACTIVE" in told, told
        assert "Phase1_id: hub1.blue.mgre-dmvpn" in told, told
        assert linux_hub.fleet.ping(name, "hub1") == 0


def test_two_cisco_spokes_of_a_linux_hub_find_the_short_way(linux_hub: Mixed) -> None:
    linux_hub.lab.capture_start()
    with linux_hub.fleet.traffic(("spoke1", "hub2")) as lost:
        until(
            lambda: "10.2.0.0/24 via 10.255.0.2" in linux_hub.show("spoke1", "show ip nhrp"),
            "spoke1 has a shortcut to the LAN of hub2",
        )
    assert lost[("spoke1", "hub2")] <= UNTIL_SA, lost
    assert "Peer: 198.51.100.6 port 500" in linux_hub.show("spoke1", "show crypto session detail")
    linux_hub.assert_clean()


FAULTS = {
    "tunnel key": (
        "interface Tunnel10\n tunnel key 11",
        "interface Tunnel10\n tunnel key 10",
        ("NHRP",),
    ),
    "NHRP string": (
        "interface Tunnel10\n ip nhrp authentication other",
        f"interface Tunnel10\n ip nhrp authentication {NHRP_KEY}",
        ("NHRP",),
    ),
    "IKE proposal": (
        "crypto ikev2 proposal LAB\n group 19",
        "crypto ikev2 proposal LAB\n group 20",
        ("IKE",),
    ),
    "pre-shared key": (
        "crypto ikev2 keyring LAB\n peer ANY\n  pre-shared-key some-other-key-than-that-of-the-lab",
        f"crypto ikev2 keyring LAB\n peer ANY\n  pre-shared-key {KEY}",
        ("IKE",),
    ),
}
BOUNCE = ("interface Tunnel10\n shutdown", "interface Tunnel10\n no shutdown")


@pytest.mark.parametrize("what", FAULTS)
def test_what_does_not_fit_breaks_the_adjacency(linux_hub: Mixed, what: str) -> None:
    broken, mended, states = FAULTS[what]
    linux_hub.lab.capture_start()
    linux_hub.configure("spoke1", broken)
    for text in BOUNCE:
        linux_hub.configure("spoke1", text)
        linux_hub.wait_down("spoke1", "hub1")
    until(lambda: linux_hub.state("spoke1") in states, f"{' or '.join(states)} with another {what}")
    assert not linux_hub.routed("spoke1", "hub1")
    linux_hub.configure("spoke1", mended)
    for text in BOUNCE:
        linux_hub.configure("spoke1", text)
    linux_hub.wait_up("spoke1", "hub1")
    linux_hub.assert_clean()


def test_a_change_that_is_taken_back_leaves_the_adjacency_as_it_was(linux_hub: Mixed) -> None:
    console = linux_hub.consoles["spoke1"]
    console.show("configure terminal revert timer 5", "interface Tunnel10", "tunnel key 11", "end")
    linux_hub.wait_down("spoke1", "hub1")
    console.show("configure revert now")
    linux_hub.wait_up("spoke1", "hub1")


def test_without_protection_a_tunnel_sends_in_the_clear_as_ios_does(linux_hub: Mixed) -> None:
    """That is what the packet captures of all other tests would see."""
    linux_hub.lab.capture_start("spoke1")
    linux_hub.configure("spoke1", "interface Tunnel10\n no tunnel protection ipsec profile LAB")
    linux_hub.wait_down("spoke1", "hub1")
    until(lambda: int(_sent(linux_hub)) > 0, "spoke1 sends something through its tunnel")
    linux_hub.configure("spoke1", "interface Tunnel10\n tunnel protection ipsec profile LAB\n no shutdown")
    linux_hub.wait_up("spoke1", "hub1")
    assert linux_hub.lab.captured().gre > 0


def _sent(mixed: Mixed) -> str:
    found = re.search(r"(\d+) packets output", mixed.show("spoke1", "show interfaces Tunnel10"))
    return found[1] if found else "0"


def test_ansible_reaches_a_cisco_router_of_the_lab(linux_hub: Mixed, tmp_path: Path) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text(inventory(linux_hub.lab))
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible"),
            *("-i", str(file), "spoke1", "-m", "cisco.ios.ios_command", "-a"),
            '{"commands": ["show dmvpn"]}',
        ],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"198\.51\.100\.2 +10\.255\.0\.1 +UP", done.stdout), done.stdout


@pytest.mark.soak
def test_a_cisco_hub_takes_linux_and_cisco_spokes(linux_hub: Mixed) -> None:
    """The last one: it makes another fleet of the same routers."""
    mixed = linux_hub
    mixed.lab.capture_start()
    mixed.configure("hub2", HUB)
    mixed.configure("spoke1", "interface Tunnel10\n no ip nhrp nhs 10.255.0.1 nbma 198.51.100.2 multicast")
    mixed.configure("spoke1", "no router bgp 65000")
    mixed.spoke_of("spoke1", "hub2")
    mixed.linux("hub2")
    mixed.wait_up("spoke1", "hub2")
    mixed.wait_up("hub2", "hub1")
    rows = (r"198\.51\.100\.2 +10\.255\.0\.1 +UP +\S+ +D", r"198\.51\.100\.10 +10\.255\.0\.11 +UP +\S+ +D")
    until(
        lambda: all(re.search(row, mixed.show("hub2", "show dmvpn")) for row in rows),
        "both spokes are registered at hub2",
    )
    # A session that is up has told nothing yet: bgpd collects routes for a second.
    until(
        lambda: (
            "dev dmvpn10" in mixed.lab.ssh("hub1", "ip route get 10.2.0.10")
            and all(lan in mixed.show("hub2", "show ip route") for lan in ("10.1.0.0/24", "10.11.0.0/24"))
        ),
        "hub1 and hub2 have each other's routes",
    )
    with mixed.fleet.traffic(("spoke1", "hub1"), ("hub1", "hub2")) as lost:
        until(
            lambda: "10.1.0.0/24 via 10.255.0.1" in mixed.show("spoke1", "show ip nhrp"),
            "spoke1 has a shortcut to the LAN of hub1",
        )
    assert lost[("spoke1", "hub1")] <= UNTIL_SA and lost[("hub1", "hub2")] == 0, lost
    mixed.assert_clean()
