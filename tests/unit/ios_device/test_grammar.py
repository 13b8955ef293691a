# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The grammar takes what IOS takes and refuses the rest, where IOS refuses it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ios_lines import CRYPTO, EVERYTHING, HUB, QOS

if TYPE_CHECKING:
    from conftest import Cli, Make


@pytest.mark.parametrize("release", ["15.5", "15.9", "17.15"])
def test_reference_lines_are_taken(make: Make, release: str) -> None:
    cli = make(release=release)
    assert cli.device.configuration.load(EVERYTHING) == []


@pytest.mark.parametrize(
    ("mode", "line", "column"),
    [
        # A misspelling is pointed at where it departs from what could stand there.
        ((), "crypto ikev2 propsal P", 17),
        ((), "interfoce Tunnel10", 6),
        (("interface Tunnel10",), "ip nhrp netwrk-id 10", 12),
        (("interface Tunnel10",), "tunnel mode gre multpoint", 20),
        # A value out of its range, at the value.
        (("interface Tunnel10",), "ip nhrp network-id 0", 19),
        (("interface Tunnel10",), "ip nhrp network-id 4294967296", 19),
        (("interface Tunnel10",), "ip mtu 67", 7),
        (("interface Tunnel10",), "ip tcp adjust-mss 1500", 18),
        (("interface Tunnel10",), "ip nhrp holdtime 65536", 17),
        (("interface Tunnel10",), "bfd interval 49 min_rx 300 multiplier 3", 13),
        (("interface Tunnel10",), "tunnel key 4294967296", 11),
        (("interface Tunnel10",), "ip address 10.0.0.1 255.0.255.0", 20),
        (("interface Tunnel10",), "ip address 10.0.0.256 255.0.0.0", 11),
        (("crypto ikev2 profile F",), "lifetime 119", 9),
        (("crypto ikev2 profile F",), "dpd 5 2 on-demand", 4),
        (("crypto ikev2 proposal P",), "group 17", 7),
        (("crypto ikev2 proposal P",), "encryption aes-gcm-192", 20),
        # No ESN in IKEv2 proposals.
        (("crypto ikev2 proposal P",), "esn", 1),
        (("router bgp 65000",), "bgp listen limit 10001", 17),
        (("router bgp 65000",), "neighbor 10.0.0.1 remote-as 0", 28),
        # A command of another mode.
        ((), "tunnel key 10", 0),
        (("router bgp 65000",), "ip nhrp network-id 10", 4),
        (("interface GigabitEthernet1",), "tunnel key 10", 0),
        (("router bgp 65000", "address-family ipv4"), "neighbor 10.0.0.1 remote-as 65000", 22),
        # Interfaces that the router does not have.
        ((), "interface GigabitEthernet9", 10),
        (("interface Tunnel10",), "tunnel source GigabitEthernet9", 14),
        ((), "ip route 10.0.0.0 255.0.0.0 GigabitEthernet9", 28),
        # Too many words.
        (("interface Tunnel10",), "no shutdown now", 12),
        (("interface Tunnel10",), "ip nhrp network-id 10 20", 22),
    ],
)
def test_refuses_with_the_caret_where_ios_puts_it(
    cli: Cli, mode: tuple[str, ...], line: str, column: int
) -> None:
    cli.run("configure terminal", *mode)
    before = cli.running
    prompt = cli.session.prompt
    said = cli.run(line)
    assert said == f"{' ' * (len(prompt) + column)}^\n% Invalid input detected at '^' marker.\n\n"
    assert cli.running == before
    assert cli.session.prompt == prompt


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("interface", "% Incomplete command."),
        ("ip route 10.0.0.0 255.0.0.0", "% Incomplete command."),
        ("no ip route", "% Incomplete command."),
        ("no", "% Incomplete command."),
        ("router", "% Incomplete command."),
        ("crypto ip", "% Incomplete command."),
        ("ip a", '% Ambiguous command:  "ip a"'),
        ("i", '% Ambiguous command:  "i"'),
    ],
)
def test_incomplete_and_ambiguous(cli: Cli, line: str, said: str) -> None:
    cli.run("configure terminal")
    assert cli.run(line).strip() == said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("router bgp 65000", "router bgp 65001"), "BGP is already running; AS is 65000"),
        (("router bgp 1", "neighbor G remote-as 1"), "% Create the peer-group first"),
        (
            ("router bgp 1", "neighbor 10.0.0.1 timers 3 10"),
            "% Specify remote-as or peer-group commands first",
        ),
        (
            ("router bgp 1", "address-family ipv4", "neighbor 10.0.0.1 activate"),
            "% Specify remote-as or peer-group commands first",
        ),
        (
            ("router bgp 1", "neighbor G peer-group", "neighbor 10.0.0.1 peer-group G"),
            "% Specify remote-as or peer-group remote AS first",
        ),
        (
            ("crypto ipsec profile X", "set transform-set T"),
            'ERROR: transform set with tag "T" does not exist.',
        ),
        (("crypto ipsec profile X", "set ikev2-profile F"), "% IKEv2 profile F does not exist"),
        (("interface Tunnel10", "tunnel protection ipsec profile X"), "% IPsec profile X does not exist"),
        (("crypto ikev2 profile F", "keyring local K"), "% IKEv2 keyring K does not exist"),
        (("crypto ikev2 profile F", "pki trustpoint T"), "% Trustpoint T does not exist"),
        (("crypto ikev2 profile F", "match certificate M"), "% Certificate map M does not exist"),
        (("crypto ikev2 policy P", "proposal P"), "% IKEv2 proposal P does not exist"),
        (("interface Tunnel10", "vrf forwarding V"), "% VRF V not configured."),
        (("interface Tunnel10", "tunnel vrf V"), "% VRF V not configured."),
        (("ip route vrf V 0.0.0.0 0.0.0.0 198.51.100.1",), "% IP routing table V does not exist"),
        (("ip route 10.0.0.1 255.0.0.0 Null0",), "%Inconsistent address and mask"),
        (("no ip route 10.0.0.0 255.0.0.0 Null0",), "%No matching route to delete"),
        (("interface Tunnel10", "ip address 10.0.0.0 255.255.255.0"), "Bad mask /24 for address 10.0.0.0"),
        (
            (
                "interface Tunnel10",
                "ip address 10.0.0.1 255.255.255.0",
                "interface Tunnel11",
                "ip address 10.0.0.9 255.255.255.0",
            ),
            "% 10.0.0.0 overlaps with Tunnel10",
        ),
        (
            ("interface Tunnel10", "tunnel destination 192.0.2.1", "tunnel mode gre multipoint"),
            "Tunnel set mode failed. p2mp tunnels cannot have a tunnel destination.",
        ),
        (
            ("interface Tunnel10", "tunnel mode gre multipoint", "tunnel destination 192.0.2.1"),
            "Tunnel destination cannot be configured under existing mode",
        ),
        (
            ("interface Tunnel10", "ip nhrp authentication ninechars"),
            "% NHRP: authentication string is longer",
        ),
        (
            (
                "interface Tunnel11",
                "tunnel source GigabitEthernet1",
                "tunnel protection ipsec profile X shared",
                "interface Tunnel12",
                "tunnel source GigabitEthernet1",
                "tunnel protection ipsec profile X",
            ),
            "% Tunnel11 has the same tunnel source",
        ),
        (("crypto ikev2 profile F", "match fvrf V"), "% VRF V not configured."),
        (("crypto ikev2 profile F", "ivrf V"), "% VRF V not configured."),
        (("no interface GigabitEthernet1",), "% Deletion of physical interfaces is not permitted"),
        (("policy-map P", "class C"), "class map C not configured"),
        (("interface GigabitEthernet1", "service-policy output P"), "policy map P not configured"),
        (
            ("ip prefix-list L seq 5 permit 10.0.0.0/8 ge 8",),
            "% Invalid prefix range for 10.0.0.0/8, make sure: len < ge-value <= le-value",
        ),
    ],
)
def test_refuses_what_does_not_fit_the_rest(cli: Cli, lines: tuple[str, ...], said: str) -> None:
    if "Tunnel11" in lines[0]:
        assert cli.device.configuration.load(CRYPTO) == []
    cli.run("configure terminal")
    for line in lines[:-1]:
        cli.run(line)
    before = cli.running
    assert said in cli.run(lines[-1])
    assert cli.running == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no crypto ipsec transform-set T", "% Cannot remove transform-set T: it is in use"),
        ("no crypto ipsec profile X", "% Cannot remove IPsec profile X: it is in use by an interface"),
        ("no crypto ikev2 profile F", "% Cannot remove IKEv2 profile F: it is in use by an IPsec profile"),
        ("no crypto ikev2 keyring K", "% Cannot remove IKEv2 keyring K: it is in use by a profile"),
        ("no crypto ikev2 proposal P", "% Cannot remove IKEv2 proposal P: it is in use by a policy"),
        ("no policy-map child", "% Policy-map child is being used"),
    ],
)
def test_what_is_in_use_stays(cli: Cli, line: str, said: str) -> None:
    assert cli.device.configuration.load(CRYPTO + QOS + HUB) == []
    before = cli.running
    cli.run("configure terminal")
    assert said in cli.run(line)
    assert cli.running == before


ROOT = Path(__file__).resolve().parents[3]


def test_rendered_configurations_are_taken(make: Make) -> None:
    """The golden files of the renderer, on a router that has what is the user's own."""
    files = sorted(ROOT.glob("tests/golden/render/bundles/*/*/config.ios"))
    assert files or not (ROOT / "roles/render/templates/ios").exists()
    refused = {}
    for file in files:
        text = re.sub("@@secret:psk/[^@]*@@", "a-long-enough-secret", file.read_text())
        text = re.sub("@@secret:nhrp/[^@]*@@", "secret12", text)
        interfaces = {*re.findall(r"tunnel source (\D+[0-9/]+)", text), "GigabitEthernet1"}
        theirs = [
            f"vrf definition {name}\n address-family ipv4" for name in re.findall("tunnel vrf (.+)", text)
        ]
        theirs += [f"crypto pki trustpoint {name}" for name in re.findall("pki trustpoint (.+)", text)]
        theirs += [f"interface {name}" for name in re.findall(r"tunnel source (\S+\.[0-9]+)", text)]
        cli = make(interfaces=tuple(sorted(interfaces)))
        assert cli.device.configuration.load("\n".join(theirs)) == []
        refused[str(file.relative_to(ROOT))] = cli.device.configuration.load(text)
    assert {name: lines for name, lines in refused.items() if lines} == {}


def test_everything_goes_in_the_right_order(cli: Cli) -> None:
    before = cli.running
    assert cli.device.configuration.load(EVERYTHING) == []
    cli.configure(
        "no interface Tunnel10",
        "no crypto ipsec profile X",
        "no crypto ipsec transform-set T",
        "no crypto ikev2 profile F",
        "no crypto ikev2 keyring K",
        "no crypto ikev2 policy P",
        "no crypto ikev2 proposal P",
        "no crypto ipsec security-association replay window-size",
        "no crypto pki certificate map MAP 10",
        "no crypto pki trustpoint T",
        "no policy-map P",
        "no policy-map child",
        "no ip route 10.0.0.0 255.0.0.0 Null0",
        "no ip route vrf V 0.0.0.0 0.0.0.0 198.51.100.1",
        "no vrf definition V",
        "no router bgp 65000",
        "no router eigrp MGRE-DMVPN",
        "no router ospf 10",
        "no route-map MGRE-blue-in",
        "no ip prefix-list MGRE-blue",
    )
    assert cli.running == before


def test_commands_may_be_shortened(cli: Cli) -> None:
    cli.run("conf t")
    cli.run("int tu10")
    assert cli.session.prompt == "R1(config-if)#"
    cli.run("tunn mo gre mul")
    cli.run("ip nh net 5")
    cli.run("do term len 0")
    cli.run("int gi 1")
    cli.run("desc To the   provider")
    cli.run("end")
    assert " ip nhrp network-id 5\n tunnel mode gre multipoint" in cli.running
    assert " description To the   provider\n" in cli.running


@pytest.mark.parametrize(
    ("lines", "prompt"),
    [
        (("interface Tunnel10",), "R1(config-if)#"),
        (("crypto ikev2 proposal P",), "R1(config-ikev2-proposal)#"),
        (("crypto ikev2 policy P",), "R1(config-ikev2-policy)#"),
        (("crypto ikev2 keyring K",), "R1(config-ikev2-keyring)#"),
        (("crypto ikev2 keyring K", "peer A"), "R1(config-ikev2-keyring-peer)#"),
        (("crypto ikev2 keyring K", "peer A", "peer B"), "R1(config-ikev2-keyring-peer)#"),
        (("crypto ikev2 profile F",), "R1(config-ikev2-profile)#"),
        (("crypto ipsec transform-set T esp-gcm 256",), "R1(cfg-crypto-trans)#"),
        (("crypto ipsec profile X",), "R1(ipsec-profile)#"),
        (("crypto pki trustpoint T",), "R1(ca-trustpoint)#"),
        (("router bgp 1",), "R1(config-router)#"),
        (("router bgp 1", "address-family ipv4"), "R1(config-router-af)#"),
        (("router bgp 1", "address-family ipv4", "exit-address-family"), "R1(config-router)#"),
        (("router bgp 1", "address-family ipv4", "interface Tunnel10"), "R1(config-if)#"),
        (("router ospf 1", "exit"), "R1(config)#"),
        (("vrf definition V",), "R1(config-vrf)#"),
        (("vrf definition V", "address-family ipv4"), "R1(config-vrf-af)#"),
        (("archive",), "R1(config-archive)#"),
        (("line vty 0 4",), "R1(config-line)#"),
        (("route-map M",), "R1(config-route-map)#"),
        (("policy-map P", "class class-default"), "R1(config-pmap-c)#"),
        (("hostname other",), "other(config)#"),
        (("interface Tunnel10", "end"), "R1#"),
        (("interface Tunnel10", "no interface Tunnel10"), "R1(config)#"),
    ],
)
def test_prompts(cli: Cli, lines: tuple[str, ...], prompt: str) -> None:
    cli.run("configure terminal", *lines)
    assert cli.session.prompt == prompt
