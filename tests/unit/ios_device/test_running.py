# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running-config is printed as IOS prints it, and what is printed can be read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ios_lines import CRYPTO, EVERYTHING, PLAIN_HUB, ROUTING

if TYPE_CHECKING:
    from conftest import Cli, Make

RELEASES = ["15.5", "15.7", "15.9", "16.9", "17.15"]


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_printed_reads_as_itself(make: Make, release: str) -> None:
    cli = make(release=release)
    assert cli.device.configuration.load(EVERYTHING) == []
    printed = cli.running
    again = make(release=release, startup=printed)
    assert again.running == printed


KEYRING = """\
crypto ikev2 keyring K
 peer ANY
  address 0.0.0.0 0.0.0.0
  pre-shared-key S0mething-long
 !
!
"""
TUNNEL = """\
interface Tunnel10
 ip address 10.255.0.1 255.255.252.0
 no ip redirects
 ip mtu 1400
 ip nhrp authentication cisco
 ip nhrp network-id 10
 ip nhrp holdtime 300
 ip nhrp redirect
 ip tcp adjust-mss 1360
 tunnel source GigabitEthernet1
 tunnel mode gre multipoint
 tunnel key 10
 tunnel protection ipsec profile X shared
!
"""
BGP = """\
router bgp 65000
 bgp log-neighbor-changes
 bgp listen range 10.255.0.0/22 peer-group G
 bgp listen limit 4999
 neighbor G peer-group
 neighbor G remote-as 65000
 neighbor G timers 3 10
 neighbor G fall-over bfd
 neighbor 10.255.0.1 remote-as 65001
 !
 address-family ipv4
  network 10.1.0.0 mask 255.255.255.0
  neighbor G activate
  neighbor G next-hop-self all
  neighbor G route-reflector-client
  neighbor G prefix-list MGRE-blue out
  neighbor G route-map MGRE-blue-in in
  neighbor 10.255.0.1 activate
 exit-address-family
!
"""
EIGRP = """\
router eigrp MGRE-DMVPN
 !
 address-family ipv4 unicast autonomous-system 65000
  !
  af-interface Tunnel10
   summary-address 10.0.0.0 255.0.0.0
   hello-interval 3
   hold-time 12
   bfd
   no next-hop-self
   no split-horizon
  exit-af-interface
  !
  topology base
  exit-af-topology
  network 10.255.0.0 0.0.3.255
  eigrp router-id 10.255.0.1
 exit-address-family
!
"""


def test_the_shape_of_a_hub(make: Make) -> None:
    cli = make(release="17.15")
    assert cli.device.configuration.load(CRYPTO + PLAIN_HUB) == []
    text = cli.running
    assert KEYRING in text
    assert TUNNEL in text
    # Trailing blanks, as IOS leaves them.
    assert "crypto ipsec transform-set T esp-gcm 256 \n mode transport\n" in text
    assert "crypto ipsec profile X\n set transform-set T \n set ikev2-profile F\n" in text
    assert " match identity remote address 0.0.0.0 \n" in text
    order = [
        "crypto ikev2 profile",
        "crypto ipsec profile",
        "interface Tunnel10",
        "interface GigabitEthernet1",
    ]
    assert sorted(order, key=text.index) == order


def test_the_shape_of_routing(cli: Cli) -> None:
    assert cli.device.configuration.load(ROUTING) == []
    assert BGP in cli.running
    assert EIGRP in cli.running


def test_neighbours_are_active_for_ipv4_unless_told_otherwise(cli: Cli) -> None:
    cli.configure("router bgp 1", "neighbor 10.0.0.1 remote-as 1", "address-family ipv4 unicast")
    assert " address-family ipv4\n  neighbor 10.0.0.1 activate\n" in cli.running
    cli.configure("router bgp 1", "address-family ipv4", "no neighbor 10.0.0.1 activate")
    assert " address-family ipv4\n  no neighbor 10.0.0.1 activate\n" in cli.running
    cli.configure("router bgp 1", "no bgp default ipv4-unicast", "neighbor 10.0.0.2 remote-as 1")
    assert "neighbor 10.0.0.2 activate" not in cli.running


@pytest.mark.parametrize("line", ["ip nhrp map multicast dynamic", "ip nhrp shortcut"])
@pytest.mark.parametrize(
    ("release", "shown"), [("15.5", True), ("15.7", False), ("15.9", False), ("17.15", False)]
)
def test_defaults_are_shown_or_hidden_by_release(make: Make, line: str, release: str, shown: bool) -> None:
    cli = make(release=release)
    cli.configure("interface Tunnel10", line)
    tunnel = cli.device.config.children[("interface", "Tunnel10")]
    assert (f" {line}\n" in cli.running) is shown
    assert cli.device.is_on(tunnel, line)
    cli.configure("interface Tunnel10", f"no {line}")
    assert (f" no {line}\n" in cli.running) is not shown
    assert not cli.device.is_on(tunnel, line)
    cli.configure("interface Tunnel10", f"default {line}")
    assert cli.device.is_on(tunnel, line) is not shown


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ("ip mtu 1400", "ip mtu 1360", " ip mtu 1360\n"),
        ("ip mtu 1400", "no ip mtu", None),
        ("ip nhrp holdtime 300", "no ip nhrp holdtime 300", None),
        ("ip redirects", "no ip redirects", " no ip redirects\n"),
        ("no ip redirects", "ip redirects", None),
        ("ip address 10.0.0.1 255.0.0.0", "no ip address", " no ip address\n"),
        ("no ip address", "ip address 10.0.0.1 255.0.0.0", " ip address 10.0.0.1 255.0.0.0\n"),
        ("ip nhrp holdtime 300", "ip nhrp holdtime 600", None),
        ("ip nhrp holdtime 600", "ip nhrp holdtime 7200", " ip nhrp holdtime 7200\n"),
        ("tunnel mode gre multipoint", "tunnel mode gre ip", None),
        ("ip nhrp nhs 10.0.0.2 nbma 192.0.2.1", "no ip nhrp nhs 10.0.0.2 nbma 192.0.2.1 multicast", None),
        ("shutdown", "no shutdown", None),
    ],
)
def test_a_second_line_replaces_and_no_takes_away(
    cli: Cli, first: str, second: str, left: str | None
) -> None:
    cli.configure("interface Tunnel10")
    bare = cli.running
    cli.configure("interface Tunnel10", first, second)
    assert cli.running == bare if left is None else left in cli.running
    tunnel = cli.device.config.children[("interface", "Tunnel10")]
    assert first == second or first not in [line.text for line in tunnel.children.values()]


def test_lists_keep_every_line(cli: Cli) -> None:
    cli.configure(
        "interface Tunnel10",
        "ip nhrp map multicast 192.0.2.1",
        "ip nhrp map multicast 192.0.2.2",
        "ip nhrp map 10.0.0.1 192.0.2.1",
        "no ip nhrp map multicast 192.0.2.1",
    )
    assert " ip nhrp map 10.0.0.1 192.0.2.1\n ip nhrp map multicast 192.0.2.2\n" in cli.running


def test_a_vrf_takes_the_address_away(cli: Cli) -> None:
    cli.configure(
        "vrf definition V", "address-family ipv4", "interface Tunnel10", "ip address 10.0.0.1 255.0.0.0"
    )
    cli.run("configure terminal", "interface Tunnel10")
    said = cli.run("vrf forwarding V")
    assert said == "% Interface Tunnel10 IPv4 disabled and address(es) removed due to enabling VRF V\n"
    assert "interface Tunnel10\n vrf forwarding V\n no ip address\n" in cli.running


def test_a_group_takes_its_lines_along(cli: Cli) -> None:
    assert cli.device.configuration.load(ROUTING) == []
    cli.run("configure terminal", "router bgp 65000")
    assert "is used by a listen range" in cli.run("no neighbor G peer-group")
    cli.run("no bgp listen range 10.255.0.0/22")
    cli.run("no neighbor G peer-group")
    assert "neighbor G " not in cli.running
    assert "neighbor 10.255.0.1 remote-as 65001" in cli.running


def test_prefix_lists_and_access_lists_are_numbered(cli: Cli) -> None:
    cli.configure(
        "ip prefix-list L permit 10.0.0.0/8",
        "ip prefix-list L permit 10.1.0.0/16 le 24",
        "ip prefix-list L seq 7 deny 0.0.0.0/0",
        "ip access-list extended A",
        "permit udp any eq isakmp any",
        "permit esp any host 192.0.2.1",
        "5 deny gre any any",
        "no 10",
    )
    assert (
        "ip prefix-list L seq 5 permit 10.0.0.0/8\nip prefix-list L seq 7 deny 0.0.0.0/0\n"
        "ip prefix-list L seq 10 permit 10.1.0.0/16 le 24\n" in cli.running
    )
    assert (
        "ip access-list extended A\n 5 deny gre any any\n 20 permit esp any host 192.0.2.1\n" in cli.running
    )


def test_certificates_are_printed_with_their_digits(make: Make) -> None:
    cli = make(certificates={"mgre-dmvpn": "r1"})
    text = cli.running
    assert "crypto pki certificate chain mgre-dmvpn\n certificate 02\n  308201" in text
    assert text.count("\n  \tquit\n") == 2
    assert make(startup=text).running == text
    shown = cli.run("show crypto pki certificates mgre-dmvpn")
    assert "Status: Available" in shown and "cn=r1" in shown
    assert cli.run("show crypto pki certificates other").strip() == ""


def test_pages_until_told_not_to(cli: Cli) -> None:
    cli.session.terminal.length = 12
    assert cli.run("show running-config", typing="q").count("\n") < 15
    whole = cli.run("show running-config", typing=" " * 9)
    assert whole.count(" --More-- ") > 2
    assert whole.rstrip().endswith("end")
    cli.run("terminal length 0")
    assert "--More--" not in cli.run("show running-config")


@pytest.mark.parametrize(
    ("pipe", "found"),
    [
        ("include hostname", "hostname R1\n"),
        ("i hostn", "hostname R1\n"),
        ("begin line vty", "line vty 0 4\n login local\n transport input ssh\n!\nend\n\n"),
        ("section interface Gig.*1$", "interface GigabitEthernet1\n no ip address\n"),
        ("count ^interface", "Number of lines which match regexp = 4\n"),
        ("exclude .", "\n\n"),
    ],
)
def test_pipes(cli: Cli, pipe: str, found: str) -> None:
    assert cli.run(f"show running-config | {pipe}") == found
