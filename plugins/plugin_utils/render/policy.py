# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What BGP and the IGPs of a device choose prefixes with: prefix lists, route maps, a hub's own summaries.

Every name begins with ``MGRE-<cloud>-`` or ``MGRE-<protocol>-``, so that ours and the router's own never
meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from ..fleet.intent import Device, Membership


@dataclass(frozen=True, slots=True)
class PrefixList:
    """``rules`` are what follows ``seq N``."""

    name: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteMap:
    """One permit clause; what the prefix list does not permit is denied.

    ``drained``: what it lets out says that this router is about to go (RFC 8326).
    """

    name: str
    prefix_list: str
    local_preference: int | None
    drained: bool = False


def permits(prefixes: tuple[IPv4Network, ...], longer: bool = False) -> tuple[str, ...]:
    """Rules that permit these prefixes, with ``longer`` also what lies in them."""
    unique = dict.fromkeys(prefixes)
    rules = tuple(f"permit {within(prefix) if longer else prefix}" for prefix in unique)
    return rules or ("deny any",)


def within(prefix: IPv4Network) -> str:
    return f"{prefix} le 32" if prefix.prefixlen < 32 else str(prefix)


def own_summaries(device: Device, member: Membership) -> Iterator[IPv4Network]:
    """Summaries that begin at this hub: all that it does not learn as a spoke of another cloud."""
    learned = {
        summary
        for other in device.memberships
        if other.role == "spoke"
        for summary in other.cloud.routing.summaries
    }
    yield from (summary for summary in member.cloud.routing.summaries if summary not in learned)
