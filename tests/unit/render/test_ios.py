# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IOS configuration: every name that is used is defined, and the rules that no golden file explains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.generate import sample_inventory
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Cloud, Device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.suites import IOS_SUITES, SUITES
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.fleet import render_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.ios import CONFIG, render_ios
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.ios_views import (
    bgp_network,
    eigrp_network,
    literals,
    prefix_rule,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.linux import render_linux
from ansible_collections.mgre.dmvpn.tests.unit.render.devices import make_cloud, make_device, make_transport

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "render" / "bundles"
CONFIGS = sorted(GOLDEN.glob("*/*/config.ios"))

# What defines a name, and what uses it. The user's own (VRF, trustpoint, WAN interface) are not among them.
DEFINED = {
    "ikev2 proposal": r"^crypto ikev2 proposal (\S+)$",
    "ikev2 keyring": r"^crypto ikev2 keyring (\S+)$",
    "ikev2 profile": r"^crypto ikev2 profile (\S+)$",
    "certificate map": r"^crypto pki certificate map (\S+) \d+$",
    "transform set": r"^crypto ipsec transform-set (\S+) ",
    "ipsec profile": r"^crypto ipsec profile (\S+)$",
    "peer group": r"^ neighbor (\S+) peer-group$",
    "prefix list": r"^ip prefix-list (\S+) ",
    "route map": r"^route-map (\S+) permit \d+$",
    "interface": r"^interface (\S+)$",
    "ospf process": r"^router ospf (\d+)$",
}
USED = {
    "ikev2 proposal": r"^ proposal (\S+)$",
    "ikev2 keyring": r"^ keyring local (\S+)$",
    "ikev2 profile": r"^ set ikev2-profile (\S+)$",
    "certificate map": r"^ match certificate (\S+)$",
    "transform set": r"^ set transform-set (\S+)$",
    "ipsec profile": r"^ tunnel protection ipsec profile (\S+)",
    "peer group": r"peer-group (\S+)$",
    "prefix list": r"^ match ip address prefix-list (\S+)$",
    "route map": r"route-map (\S+)(?: in| out)?$",
    "interface": r"(?:update-source|af-interface) (\S+)$|^ip route \S+ \S+ (Tunnel\d+) ",
    "ospf process": r"^ ip ospf (\d+) area ",
}


def named(patterns: dict[str, str], text: str) -> Iterator[tuple[str, str]]:
    for kind, pattern in patterns.items():
        for found in re.finditer(pattern, text, re.MULTILINE):
            yield from ((kind, name) for name in found.groups() if name)


def unresolved(text: str) -> set[tuple[str, str]]:
    return set(named(USED, text)) - set(named(DEFINED, text))


def unused(text: str) -> set[tuple[str, str]]:
    found = set(named(DEFINED, text)) - set(named(USED, text))
    return {(kind, name) for kind, name in found if kind not in ("interface", "route map")}


def test_there_are_configurations_to_walk() -> None:
    assert len(CONFIGS) > 15
    whole = "".join(path.read_text(encoding="utf-8") for path in CONFIGS)
    assert {kind for kind, name in named(DEFINED, whole)} == set(DEFINED)
    assert {kind for kind, name in named(USED, whole)} == set(USED)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parts[-3]}/{path.parts[-2]}")
def test_every_reference_resolves_and_nothing_is_left_over(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert unresolved(text) == set()
    assert unused(text) == set()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parts[-3]}/{path.parts[-2]}")
def test_form_is_that_of_running_config(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(line == line.rstrip() and line for line in lines)
    assert not any(one == other == "!" for one, other in pairwise(lines))
    assert lines[-1] == "!"
    exits = {line.strip() for line in lines if line.strip().startswith("exit")}
    assert exits <= {"exit-address-family", "exit-af-interface", "exit-af-topology"}
    ours = re.compile(r"MGRE-[A-Za-z0-9_-]+")
    for kind, name in named(DEFINED, "\n".join(lines)):
        assert ours.fullmatch(name) or kind in ("interface", "ospf process"), (kind, name)


@pytest.mark.parametrize("kind", [kind for kind in DEFINED if kind != "interface"])
def test_a_missing_definition_is_seen(kind: str) -> None:
    """The walk can fail: without its definition a name is unresolved."""
    text = next(t for t in (p.read_text() for p in CONFIGS) if re.search(DEFINED[kind], t, re.MULTILINE))
    broken = re.sub(DEFINED[kind], "removed", text, flags=re.MULTILINE)
    assert {found for found, name in unresolved(broken)} == {kind}


STRONGSWAN = {
    "aes256gcm16": "aes-gcm-256",
    "aes128gcm16": "aes-gcm-128",
    "aes256": "aes-cbc-256",
    "prfsha384": "sha384",
    "prfsha256": "sha256",
    "sha256": "sha256",
    "ecp384": "20",
    "ecp256": "19",
}
ESP = {
    "aes256gcm16": "esp-gcm 256",
    "aes128gcm16": "esp-gcm",
    "aes256-sha256": "esp-aes 256 esp-sha256-hmac",
}


@pytest.mark.parametrize("name", SUITES)
def test_suites_are_the_same_algorithms_on_both_platforms(name: str) -> None:
    """No ESN and no PFS on either side, and a PRF that strongSwan and IOS agree on."""
    ours = [STRONGSWAN[word] for word in SUITES[name].ike.split("-")]
    assert [line.split()[1] for line in IOS_SUITES[name].proposal] == ours
    assert IOS_SUITES[name].transform == ESP[SUITES[name].esp]


def ios(device: Device) -> Device:
    members = tuple(replace(member, platform="ios") for member in device.memberships)
    return replace(device, platform="ios", memberships=members)


def config(device: Device) -> str:
    (file,) = (each for each in render_ios(ios(device)).files if each.path == CONFIG)
    return file.text


def test_two_clouds_on_one_wan_share_its_protection() -> None:
    one, other = make_cloud(), make_cloud("green", 5)
    text = config(make_device((one, "spoke"), (other, "spoke")))
    assert text.count("crypto ikev2 profile") == 1
    assert text.count(" tunnel protection ipsec profile MGRE-internet shared\n") == 2
    assert " shared" not in config(make_device((one, "spoke")))


def test_front_door_vrf_is_matched_and_not_any() -> None:
    inside = make_transport(interface="GigabitEthernet1", vrf="INET")
    text = config(make_device((make_cloud(), "spoke"), by_cloud={"blue": inside}))
    assert " tunnel vrf INET\n" in text
    assert text.count(" match fvrf INET\n") == 2
    assert "fvrf any" not in text


def spoke_of(cloud: Cloud, **hub: Any) -> Device:
    """A spoke whose only hub is like that."""
    device = make_device((cloud, "spoke"), hubs=(1,))
    (member,) = device.memberships
    changed = replace(member, hubs=(replace(member.hubs[0], **hub),))
    return replace(device, memberships=(changed,))


def test_bfd_is_left_out_where_it_cannot_work() -> None:
    ibgp, ebgp = make_cloud(), make_cloud(routing_spoke_asn=65001)
    assert " fall-over bfd" in config(spoke_of(ibgp, platform="ios"))
    assert "bfd" not in config(spoke_of(ibgp, platform="ios", ios_version=(15, 9)))
    assert "bfd" not in config(replace(spoke_of(ibgp, platform="ios"), ios_version=(15, 9)))
    # iBGP: multihop on Linux, single hop on IOS. eBGP: single hop on both, if the Linux hub can keep it.
    assert "bfd" not in config(spoke_of(ibgp, frr_version=(10, 4)))
    assert " fall-over bfd" in config(spoke_of(ebgp, frr_version=(10, 4)))
    assert "bfd" not in config(spoke_of(ebgp, frr_version=(10, 3)))


def test_linux_runs_bfd_with_its_own_kind_only() -> None:
    """FRR 10.3 does not begin BGP with a peer whose BFD is down."""
    device = make_device((make_cloud(), "hub"), site=1)
    (member,) = device.memberships
    linux, cisco = member.hubs[0], replace(member.hubs[0], platform="ios")
    assert member.offers_bfd(device, linux) and member.expects_bfd(linux, device)
    assert not member.offers_bfd(device, cisco) and not member.expects_bfd(cisco, device)
    mixed = replace(member, hubs=(linux, replace(cisco, name="hub3", overlay=member.cloud.prefix[3])))
    frr = {f.path: f.text for f in render_linux(replace(device, memberships=(mixed,))).files}
    lines = frr["/etc/mgre-dmvpn/frr.conf"]
    assert f" neighbor {linux.overlay} bfd\n" in lines
    assert f" neighbor {linux.overlay} bfd profile MGRE-blue\n" in lines
    assert " neighbor 10.255.0.3 bfd\n" not in lines
    assert " neighbor MGRE-blue-hubs bfd\n" not in lines


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("O=mgre-dmvpn, OU=*, CN=*", ("mgre-dmvpn",)),
        ("O=acme, CN=hub-*.example", ("acme", "hub-", ".example")),
        ("CN=*", ()),
        ("O=a, OU=a", ("a",)),
    ],
)
def test_literals_of_a_pattern(pattern: str, found: tuple[str, ...]) -> None:
    assert literals(pattern) == found


def test_masks_that_ios_hides_are_left_out() -> None:
    assert bgp_network(IPv4Network("10.0.0.0/8")) == "10.0.0.0"
    assert bgp_network(IPv4Network("172.16.0.0/16")) == "172.16.0.0"
    assert bgp_network(IPv4Network("192.168.1.0/24")) == "192.168.1.0"
    assert bgp_network(IPv4Network("10.0.0.0/9")) == "10.0.0.0 mask 255.128.0.0"
    assert eigrp_network(IPv4Network("10.0.0.0/8")) == "10.0.0.0"
    assert eigrp_network(IPv4Network("10.0.0.0/22")) == "10.0.0.0 0.0.3.255"
    assert prefix_rule("deny any") == "deny 0.0.0.0/0 le 32"
    assert prefix_rule("permit 10.0.0.0/9 le 32") == "permit 10.0.0.0/9 le 32"


def test_a_new_site_changes_no_other_router_of_a_mixed_fleet() -> None:
    fleets = [load_fleet(*sample_inventory(sites, half_cisco=True)) for sites in (9, 10)]
    before, after = ({b.host: b.contents() for b in render_fleet(fleet)} for fleet in fleets)
    for host, contents in before.items():
        changed = {path for path, text in contents.items() if after[host][path] != text}
        assert changed <= ({"intent.json"} if "hub" in host else set()), host


def test_shared_protection_is_rendered_once_and_is_the_same() -> None:
    """What routers share must not depend on which of them came first."""
    fleet = load_fleet(*sample_inventory(20, half_cisco=True))
    together = {b.host: b.contents() for b in render_fleet(fleet)}
    for device in fleet.devices.values():
        if device.platform == "ios":
            assert render_ios(device).contents() == together[device.name]
