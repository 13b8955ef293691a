# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Routing of one device, on every platform: what BGP and the IGPs announce, and the lists that say so."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ..fleet.intent import Device
from .bgp import Bgp, bgp
from .policy import PrefixList, RouteMap, own_summaries, permits


@dataclass(frozen=True, slots=True)
class Igp:
    """OSPF's or EIGRP's part that is ours; LANs and a hub's summaries enter as external routes."""

    router_id: IPv4Address
    route_map: str
    announced: tuple[IPv4Network, ...]


@dataclass(frozen=True, slots=True)
class Routing:
    """All of it, each kind sorted by name as FRR's ``show running-config`` does."""

    prefix_lists: tuple[PrefixList, ...]
    route_maps: tuple[RouteMap, ...]
    bgp: Bgp | None
    ospf: Igp | None
    eigrp: Igp | None

    @property
    def announced(self) -> tuple[IPv4Network, ...]:
        """Summaries that an IGP takes from the static routes."""
        return tuple(prefix for igp in (self.ospf, self.eigrp) if igp for prefix in igp.announced)


def routing(device: Device) -> Routing:
    """The routing of a device over all of its clouds."""
    ours, lists, maps = bgp(device)
    igps: dict[str, Igp] = {}
    for protocol in dict.fromkeys(m.cloud.routing.protocol for m in device.memberships):
        if protocol in ("ospf", "eigrp"):
            announced = igp_summaries(device, protocol)
            lists.append(PrefixList(f"MGRE-{protocol}-local", permits((*device.lans, *announced))))
            maps.append(RouteMap(f"MGRE-{protocol}-out", f"MGRE-{protocol}-local", None))
            igps[protocol] = Igp(device.memberships[0].overlay, f"MGRE-{protocol}-out", announced)
    return Routing(
        tuple(sorted(lists, key=lambda entry: entry.name)),
        tuple(sorted(maps, key=lambda entry: entry.name)),
        ours,
        igps.get("ospf"),
        igps.get("eigrp"),
    )


def igp_summaries(device: Device, protocol: str) -> tuple[IPv4Network, ...]:
    """What a hub announces by OSPF or EIGRP besides its LANs, so that spokes send it whatever has no
    better route.
    """
    return tuple(
        summary
        for member in device.memberships
        if member.role == "hub" and member.cloud.routing.protocol == protocol
        for summary in own_summaries(device, member)
    )
