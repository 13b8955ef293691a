# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Devices for the tests of render, built without an inventory."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import (
    Bfd,
    Cloud,
    Device,
    Ipsec,
    Membership,
    Peer,
    Routing,
    Suite,
    Transport,
)

SUITE = Suite("aes-gcm-256", "aes256gcm16-prfsha384-ecp384", "aes256gcm16-ecp384")


def make_cloud(name: str = "blue", number: int = 10, **changed: Any) -> Cloud:
    """A cloud with certificates; ``routing_*`` and ``auth`` change what is below it."""
    rules: dict[str, Any] = {
        "protocol": "bgp",
        "asn": 65000,
        "spoke_asn": 65000,
        "keepalive": 3,
        "holdtime": 10,
        "area": "0.0.0.0",
        "bfd": Bfd(300, 3),
        "summaries": (IPv4Network("10.0.0.0/9"),),
    }
    rules.update({key[8:]: changed.pop(key) for key in list(changed) if key.startswith("routing_")})
    ipsec = Ipsec(changed.pop("auth", "certificate"), SUITE, 14400, 3600, 5, "O=mgre-dmvpn, OU=*, CN=*", True)
    values: dict[str, Any] = {
        "name": name,
        "number": number,
        "prefix": IPv4Network(f"10.{245 + number}.0.0/22") if number <= 10 else IPv4Network("10.254.0.0/22"),
        "key": number,
        "network_id": number,
        "phase": 3,
        "transport": "internet",
        "nhrp_holdtime": 60,
        "nhrp_authenticated": False,
        "path_mtu": 1500,
        "mtu": 1400,
        "mss": 1360,
        "routing": Routing(**rules),
        "ipsec": ipsec,
    }
    return Cloud(**(values | changed))


def make_transport(
    name: str = "internet", interface: str = "wan1", address: str | None = "198.51.100.1", **changed: Any
) -> Transport:
    own = IPv4Address(address) if address else None
    values: dict[str, Any] = {"nat": False, "nbma": own, "path_mtu": 1500, "allow_gre": ()}
    return Transport(name=name, interface=interface, address=own, **(values | changed))


def make_peer(cloud: Cloud, role: Any, site: int, nbma: str | None) -> Peer:
    return Peer(
        name=f"{role}{site}",
        role=role,
        site=site,
        frr_version=(10, 3),
        overlay=cloud.prefix[site],
        nbma=IPv4Address(nbma) if nbma else None,
        nat=nbma is None,
        lans=(IPv4Network(f"10.{site}.0.0/24"),),
    )


def make_device(
    *members: tuple[Cloud, str], site: int = 11, hubs: tuple[int, ...] = (1, 2), **changed: Any
) -> Device:
    """A router that holds these roles, one transport for each cloud."""
    transports: dict[str, Transport] = changed.pop("by_cloud", {})
    spokes = changed.pop("spokes", ())
    memberships = tuple(
        Membership(
            cloud=cloud,
            role=role,  # type: ignore[arg-type]
            overlay=cloud.prefix[site],
            transport=transports.get(cloud.name) or make_transport(address=f"198.51.100.{site}"),
            shortcut=cloud.phase == 3,
            hubs=tuple(make_peer(cloud, "hub", hub, f"198.51.100.{hub}") for hub in hubs if hub != site),
            spokes=spokes if role == "hub" else (),
        )
        for cloud, role in members
    )
    values: dict[str, Any] = {
        "name": f"site{site}",
        "platform": "linux",
        "site": site,
        "frr_version": (10, 3),
        "firewall": "nftables",
        "lans": (IPv4Network(f"10.{site}.0.0/24"),),
        "transports": tuple(dict.fromkeys(m.transport for m in memberships)),
    }
    return Device(memberships=memberships, **(values | changed))
