# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router with two WANs in two VRFs, and one hub at another address on each."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from ansible_collections.mgre.dmvpn.plugins.module_utils.state import (
    ChildSa,
    Drop,
    Guard,
    IkeSa,
    State,
    Suite,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Cloud, Device, Peer
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Suite as Wanted
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.crypto import Sa, SaSuite
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.services import Guard as GuardCheck
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.sight import Sight
from ansible_collections.mgre.dmvpn.tests.unit.render.devices import make_cloud, make_device, make_transport

ADDRESSES = {"blue": "198.51.100.1", "green": "192.0.2.1"}
KEYS = {"blue": 256, "green": 128}


def spoke() -> Device:
    blue, green = make_cloud(), make_cloud("green", 20, transport="mpls")
    small = Wanted("aes-gcm-128", "aes128gcm16-prfsha256-ecp256", "aes128gcm16-ecp256")
    green = replace(green, ipsec=replace(green.ipsec, suite=small))
    device = make_device(
        (blue, "spoke"),
        (green, "spoke"),
        hubs=(1,),
        by_cloud={
            "blue": make_transport(vrf="inet"),
            "green": make_transport("mpls", "wan2", "192.0.2.11", vrf="mpls"),
        },
    )
    members = tuple(
        replace(m, hubs=tuple(replace(hub, nbma=IPv4Address(ADDRESSES[m.cloud.name])) for hub in m.hubs))
        for m in device.memberships
    )
    return replace(device, memberships=members)


def sa(hub: Peer, cloud: Cloud) -> IkeSa:
    child = ChildSa("gre", "INSTALLED", "TRANSPORT", "ESP", False, "c1", "c2")
    child.suite = Suite("AES_GCM_16", KEYS[cloud.name])
    identity = f"O=mgre-dmvpn, OU=10.254.0.1 10.255.0.1, CN={hub.name}"
    return IkeSa(
        f"mgre-{cloud.transport}",
        "ESTABLISHED",
        remote=str(hub.nbma),
        remote_identity=identity,
        children=[child],
    )


def sas() -> list[IkeSa]:
    return [sa(hub, member.cloud) for member in spoke().memberships for hub in member.hubs]


def test_each_cloud_is_judged_by_the_sa_of_its_own_transport() -> None:
    sight = Sight(spoke(), State(sas=sas()))
    assert [result.outcome for result in SaSuite().judge(sight)] == ["pass", "pass"]


def test_the_sa_of_the_other_transport_does_not_stand_in_for_one_that_is_missing() -> None:
    sight = Sight(spoke(), State(sas=sas()[:1]))
    assert [result.outcome for result in Sa().judge(sight)] == ["pass", "fail"]


def test_an_sa_from_an_address_that_nobody_knows_counts_by_its_identity() -> None:
    moved = sas()
    moved[0].remote = "203.0.113.77"
    sight = Sight(spoke(), State(sas=moved))
    assert [result.outcome for result in Sa().judge(sight)] == ["pass", "pass"]


def test_the_guard_must_stand_on_the_vrfs_too() -> None:
    drops = [Drop(hook, what, 0) for hook in ("output", "input", "forward") for what in ("gre", "site")]
    for interfaces, outcome in (
        (["wan1", "wan2", "inet", "mpls"], "pass"),
        (["wan1", "wan2", "mpls"], "fail"),
    ):
        sight = Sight(spoke(), State(guard=Guard("nftables", True, interfaces, drops)))
        (result,) = GuardCheck().judge(sight)
        assert result.outcome == outcome
    assert result.got == "no rule for inet"
