# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which routers a diagnosis looks at, and what it sends between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...module_utils.linux.hub_paths import lan_address
from ..fleet.intent import Device, Membership, Peer
from .sight import Sight

# So many bytes pass wherever an IPv4 host can be reached.
SMALL = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """``sites`` are those that were asked about, in their order; ``hosts`` also the hubs on the way."""

    sites: tuple[str, ...]
    hosts: tuple[str, ...]

    def toward(self, host: str) -> tuple[str, ...]:
        """The sites whose LANs a router has to reach."""
        return tuple(site for site in self.sites if site != host) if host in self.sites else ()


def scope(play: list[str], sites: list[str], device: Callable[[str], Device]) -> Scope:
    """The routers between two sites: themselves, and the hubs unless one of them is a hub.

    One site is looked at with all its hubs. Without a site it is all of the play, without pairs. ``device``
    loads a router's intent.
    """
    if not sites:
        return Scope((), tuple(play))
    hubs: list[str] = []
    for site in sites:
        for member in device(site).memberships:
            hubs += [hub.name for hub in member.hubs]
    if len(sites) == 1:
        return Scope((sites[0], *hubs), tuple(dict.fromkeys((sites[0], *hubs))))
    between = [] if set(sites) & set(hubs) else hubs
    return Scope(tuple(sites), tuple(dict.fromkeys((*sites, *between))))


def around(host: str, sites: list[str], device: Callable[[str], Device]) -> Scope:
    """The part of a scope that one router has to know of: without sites, itself and its peers.

    All of them for each router of a fleet would be quadratic.
    """
    if sites:
        return scope([], sites, device)
    peers = (peer.name for member in device(host).memberships for peer in (*member.hubs, *member.spokes))
    return Scope((), tuple(dict.fromkeys((host, *peers))))


def targets(sight: Sight, hosts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Targets of path_mtu: each peer's underlay and overlay address, and the LANs of the other sites."""
    found = []
    for member in sight.device.memberships:
        for peer in (peer for peer in (*member.hubs, *member.spokes) if peer.name in hosts):
            if nbma := underlay(sight, member, peer):
                found.append({"address": nbma, "size": SMALL, "source": None})
            found.append(
                {"address": str(peer.overlay), "size": member.cloud.mtu, "source": str(member.overlay)}
            )
    found += lans(sight)
    return list({(target["address"], target["source"]): target for target in found}.values())


def underlay(sight: Sight, member: Membership, peer: Peer) -> str | None:
    """Where a ping reaches the peer's WAN: not in another routing table, not through its NAT."""
    if member.transport.vrf or peer.nat:
        return None
    there = sight.there(peer)
    held = sorted(there.wan_addresses) if there else []
    return str(peer.nbma) if peer.nbma else held[0] if len(held) == 1 else sight.nbma(peer)


def lans(sight: Sight) -> Iterator[dict[str, Any]]:
    own = lan_address(sight.state, sight.device.lans)
    for name in sight.toward if own else ():
        other = sight.others.get(name)
        member = sight.shared(other) if other else None
        address = lan_address(other.state, other.device.lans) if other else None
        if member and address:
            yield {"address": address, "size": member.cloud.mtu, "source": own}
