# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Topology files: what they mean, and what is said about wrong ones. Needs no root."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.host import LabError
from ansible_collections.mgre.dmvpn.tests.lab.topology import TOPOLOGIES, interface_name, load, parse


@pytest.mark.parametrize("name", sorted(file.stem for file in TOPOLOGIES.glob("*.yml")))
def test_every_committed_topology_is_accepted(name: str) -> None:
    assert load(name).nodes


def test_a_site_number_gives_lan_client_and_management_address() -> None:
    node = load("fleet").node("spoke2")
    assert (str(node.lan), str(node.client.ip), str(node.management)) == (
        "10.12.0.1/24",
        "10.12.0.10",
        "192.168.250.22",
    )


def test_a_wan_behind_nat_has_the_box_as_gateway() -> None:
    wan = load("fleet").node("spoke2").wans[0]
    assert (wan.via, str(wan.gateway)) == ("home", "192.168.12.1")


def test_mac_addresses_of_a_fleet_are_all_different() -> None:
    nodes = load("fleet").nodes.values()
    macs = [node.mac(name) for node in nodes for name in ("mgmt0", "lan1", "wan1")]
    assert len(set(macs)) == len(macs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nodes: {}", "x.yml: nodes: there is none; write at least one router"),
        ("- a", "x.yml: nodes: there is none; write at least one router"),
        ("nodes: [", "x.yml: not YAML"),
        ("node: {}", "x.yml: topology: unknown key node; write one of nats, nodes, providers"),
        ("nodes: {a: {site: 1}}", "x.yml: nodes.a: no WAN; write wan1"),
        ("nodes: {a: {wan1: 192.0.2.2/30}}", "x.yml: nodes.a.site: None: write a number from 1 to 240"),
        ("nodes: {A_b: {site: 1}}", "x.yml: nodes.A_b: a node's name is at most 10 of"),
        (
            "nodes: {a: {site: 1, wan1: here}}",
            "x.yml: nodes.a.wan1: here is no IPv4 address with prefix length",
        ),
        ("nodes: {a: {site: 1, wan1: 192.0.2.1/30}}", "192.0.2.1 is the provider's own address"),
        (
            "nodes: {a: {site: 1, wan1: {via: x, dhcp: 192.0.2.2/30}}}",
            "x.yml: nodes.a.wan1.via: x: write one of",
        ),
        ("nodes: {a: {site: 1, wan1: {}}}", "write either address (static) or dhcp"),
        ("nodes: {a: {site: 1, debian: 11, wan1: 192.0.2.2/30}}", "nodes.a.debian: 11: write 12 or 13"),
        (
            "nodes: {a: {site: 1, memory: 8, wan1: 192.0.2.2/30}}",
            "nodes.a.memory: 8: write MiB, at least 192",
        ),
        (
            "nodes: {a: {site: 1, wan1: 192.0.2.2/30}, b: {site: 1, wan1: 192.0.2.6/30}}",
            "nodes.b.site: 1 is also a's; write another number",
        ),
        (
            "{nodes: {a: {site: 1, wan1: {via: n, address: 192.0.2.2/30}}},"
            " nats: {n: {public: 203.0.113.2/30, inside: 192.168.1.1/24}}}",
            "192.0.2.2/30 is not inside n; write an address of 192.168.1.0/24",
        ),
        (
            "{nodes: {a: {site: 1, wan1: 192.0.2.2/30}},"
            " nats: {n: {public: 203.0.113.1/30, inside: 192.168.1.1/24, kind: x, firewall: y}}}",
            "nats.n.kind: x: write masquerade or static",
        ),
    ],
)
def test_a_wrong_topology_is_refused_with_where_and_what_to_write(text: str, message: str) -> None:
    with pytest.raises(LabError) as caught:
        parse(text, "x.yml")
    assert message in str(caught.value)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(LabError) as caught:
        parse("nodes: {a: {site: 1}, b: {site: 0, wan1: 192.0.2.2/30}}", "x.yml")
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("link", "node", "interface"),
    [("hub1", "hub1", "wan1"), ("hub1:wan1", "hub1", "wan1"), ("spoke1:lan1", "spoke1", "lan1")],
)
def test_a_link_is_a_node_or_a_node_and_an_interface(link: str, node: str, interface: str) -> None:
    found, name = load("fleet").link(link)
    assert (found.name, name) == (node, interface)


@pytest.mark.parametrize(
    ("link", "message"), [("hub9", "no node hub9"), ("hub1:wan2", "hub1 has no link wan2")]
)
def test_an_unknown_link_is_refused(link: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        load("fleet").link(link)


def test_a_stand_in_has_a_release_and_keeps_port_22_for_the_cisco_router() -> None:
    node = load("ios-alive").node("hub2")
    assert (node.platform, node.release, node.ssh_port) == ("ios", "17.15", 2222)
    assert load("ios-alive").node("hub1").ssh_port == 22


def test_interfaces_have_the_names_of_their_platform() -> None:
    text = 'nodes: {a: {site: 1, platform: ios, release: "15.9", wan1: 192.0.2.2/30, wan2: 192.0.2.6/30}}'
    node = parse(text, "x.yml").node("a")
    names = [interface_name(node, interface) for interface in ("wan1", "lan1", "wan2")]
    assert names == ["GigabitEthernet1", "GigabitEthernet2", "GigabitEthernet3"]
    assert interface_name(load("fleet").node("hub1"), "wan1") == "wan1"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("platform: nxos", "nodes.a.platform: nxos: write linux or ios"),
        ("platform: ios, wan2: {address: 192.0.2.6/30, vrf: mpls}", "nodes.a: an ios node has no VRF"),
        ("wan2: {address: 192.0.2.6/30, vrf: MPLS}", "nodes.a.wan2.vrf: MPLS: write at most 10 of a-z"),
        ("platform: ios, debian: 12", "nodes.a.debian: 12: an ios node runs on 13 only"),
        ('release: "15.9"', "nodes.a.release: only an ios node has one"),
        ("platform: ios, release: new", "nodes.a.release: new: write such as"),
    ],
)
def test_a_wrong_platform_is_refused(spec: str, message: str) -> None:
    with pytest.raises(LabError) as caught:
        parse(f"nodes: {{a: {{site: 1, wan1: 192.0.2.2/30, {spec}}}}}", "x.yml")
    assert message in str(caught.value)


def test_a_wan_in_a_vrf_keeps_its_gateway_there() -> None:
    node = load("front-door-vrf").node("hub1")
    assert [(wan.vrf, str(wan.gateway)) for wan in node.wans] == [
        ("inet", "198.51.100.1"),
        ("mpls", "192.0.2.1"),
    ]
    assert load("front-door-vrf").node("spoke3").wans[0].vrf is None
