# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Static routes of one device, for every platform: what never goes to the provider, and static routing."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from ..fleet.intent import Cloud, Device, Membership

BLACKHOLE = 250  # administrative distance, behind every routing protocol
# Before OSPF (110) and EIGRP (170): of two hubs, each would else take the other's summary for its own route
# and withdraw what it announces, and then announce it again.
ANNOUNCED = 100
STATIC = 20  # behind NHRP shortcuts (10 on Linux)


class StaticRoute(NamedTuple):
    """To a peer of the cloud, or to nowhere (``via`` is None)."""

    prefix: IPv4Network
    distance: int
    via: IPv4Address | None
    cloud: Cloud


def blackholes(device: Device, announced: tuple[IPv4Network, ...]) -> Iterator[StaticRoute]:
    """A route to nowhere for every site prefix, so that none falls through to the provider, whatever the
    tunnels do. Own LANs have one too: while a LAN is down its packets must not go round by the summary.

    ``announced`` are those that an IGP takes from here.
    """
    for lan in device.lans:
        yield StaticRoute(lan, BLACKHOLE, None, device.memberships[0].cloud)
    for member in device.memberships:
        for prefix in site_prefixes(member):
            distance = ANNOUNCED if prefix in announced else BLACKHOLE
            yield StaticRoute(prefix, distance, None, member.cloud)


def to_peers(device: Device) -> Iterator[StaticRoute]:
    """Where a cloud has no routing protocol: hubs know every LAN, a spoke's further hubs come later."""
    for member in device.memberships:
        if member.cloud.routing.protocol != "static":
            continue
        if member.role == "spoke":
            for order, hub in enumerate(member.hubs):
                for prefix in site_prefixes(member):
                    yield StaticRoute(prefix, STATIC + order, hub.overlay, member.cloud)
        else:
            for peer in (*member.hubs, *member.spokes):
                for lan in peer.lans:
                    yield StaticRoute(lan, STATIC, peer.overlay, member.cloud)


def site_prefixes(member: Membership) -> tuple[IPv4Network, ...]:
    return (member.cloud.prefix, *member.cloud.routing.summaries)
