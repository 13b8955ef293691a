# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What routers share is rendered once; no router may get what belongs to another."""

from __future__ import annotations

from ipaddress import IPv4Address
from itertools import product
from typing import Any

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.linux import LinuxRenderer, render_linux
from ansible_collections.mgre.dmvpn.tests.unit.render.devices import make_cloud, make_device, make_transport


def test_a_router_is_the_same_alone_and_after_any_other() -> None:
    blue, green = make_cloud(), make_cloud("green", 20, routing_protocol="ospf")
    clouds = [((blue, "spoke"),), ((blue, "hub"),), ((blue, "spoke"), (green, "spoke")), ((green, "hub"),)]
    transports: list[dict[str, Any]] = [
        {},
        {"interface": "ppp0"},
        {"allow_gre": (IPv4Address("203.0.113.9"),)},
    ]
    devices = [
        make_device(
            *members,
            site=site,
            hubs=hubs,
            frr_version=frr,
            firewall=firewall,
            by_cloud={cloud.name: make_transport(**changed) for cloud, _role in members},
        )
        for site, (members, hubs, frr, firewall, changed) in enumerate(
            product(clouds, [(1, 2), (1,)], [(8, 4), (10, 3), (10, 4)], ["nftables", "iptables"], transports),
            start=1,
        )
    ]
    renderer = LinuxRenderer()
    for device in devices:
        assert renderer.render(device).contents() == render_linux(device).contents(), device
