# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The paths from a router to its hubs: from which of its addresses, and whether packets may be sent yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from ..state import State
from .observe_path import COUNT, DEADLINE, TIMEOUT, Probe, Target, probe_all


def measure(
    state: State, paths: Sequence[Target], lans: Sequence[IPv4Network], *, if_up: bool
) -> list[Probe] | None:
    """Full-size packets along each path, and the same from a LAN address if the router has one.

    With ``if_up`` None, and no packet, unless all of them are up. Raises Unreadable.
    """
    if if_up and not all(is_up(state, path.address) for path in paths):
        return None
    own = lan_address(state, lans)
    return probe_all(from_lan_too(paths, own), COUNT, TIMEOUT, DEADLINE)


def is_up(state: State, hub: str) -> bool:
    """Whether NHRP, IPsec and BGP have a way to the hub.

    Packets along one that is not there would change what the next look sees: they start an SA, and the
    packets that an SA carried between two looks tell a registration that is refused from one that nobody
    answers. And each packet to a hub that is away takes its whole timeout.
    """
    cache = (state.nhrp.cache if state.nhrp else None) or []
    nbmas = {
        entry.nbma for entry in cache if entry.overlay == hub and entry.kind in ("nhs", "dynamic", "static")
    }
    return any(
        sa.remote in nbmas and any(child.standing for child in sa.children) for sa in state.sas or []
    ) and not any(peer.address == hub and peer.state != "Established" for peer in state.bgp or [])


def from_lan_too(paths: Iterable[Target], lan: str | None) -> list[Target]:
    """Each path, and once more from the LAN address, which proves the hub's route back to the LAN."""
    return [target for path in paths for target in ((path, replace(path, source=lan)) if lan else (path,))]


def lan_address(state: State, lans: Sequence[IPv4Network]) -> str | None:
    """An address that the router itself has in one of these LANs, on an interface that is up."""
    return next((str(a) for a in _addresses(state) if any(a in lan for lan in lans)), None)


def _addresses(state: State) -> Iterator[IPv4Address]:
    for interface in state.interfaces or []:
        for address in interface.addresses if interface.up else []:
            yield IPv4Address(address.split("/")[0])
