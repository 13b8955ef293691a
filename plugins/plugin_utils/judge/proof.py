# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a change of one router may stay: it is as intended itself, lost nobody, and reaches a hub.

Less than green is enough: a hub that is down, or a branch that is not there yet, is no reason to take back a
change of another router.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..fleet.intent import Device, Membership, Peer
from .present import described
from .result import Result
from .sight import Sight
from .verdict import Judgement, parse_state

# What the router has to be by itself, whatever its peers do.
OWN = ("services", "kernel", "guard", "tunnel", "rules", "nhrp_settings")
# A hub that says nothing at all may not be there yet; one that refuses is.
SILENT = ("no_answer", "no_sa")

Reach = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Proof:
    """``missing`` is what speaks against the change, ``warnings`` what does not but should be known.

    ``unsent`` says that only packets are missing, which are sent last.
    """

    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unsent: bool = False


def reach(sight: Sight) -> Reach:
    """The peers, by cloud and name, with which the router has an SA and, where there is one, a neighbour."""
    return frozenset(
        (member.cloud.name, peer.name)
        for member in sight.device.memberships
        for peer in (*member.hubs, *member.spokes)
        if sight.children(peer) and (sight.routed(member, peer) or member.cloud.routing.protocol == "static")
    )


def reached(device: Device | None, before: Any) -> list[list[str]]:
    """As ``prove`` takes it, from what a router observed of itself just before its change."""
    there = reach(Sight(device, parse_state(before))) if device and before else ()
    return [list(peer) for peer in sorted(there)]


def prove(sight: Sight, judgement: Judgement, before: Reach) -> Proof:
    """Judges a changed router. ``before`` is whom it reached before the change."""
    own = [r for r in judgement.results if r.check in OWN and r.outcome == "fail" and not r.peers]
    missing = [_told(result) for result in own]
    warnings: list[str] = []
    lost = sorted(before & _members(sight) - reach(sight))
    for cloud, name in lost:
        roots = [r for r in judgement.roots if r.outcome == "fail" and name in r.peers and r.cloud == cloud]
        told = "; ".join(_told(result) for result in roots) or "no SA or no routing neighbour"
        missing.append(f"{name} is lost in cloud {cloud}, which was there before: {told}")
    unsent = False
    for member in sight.device.memberships:
        if member.role == "hub" or not member.hubs:
            continue
        grades = [_grade(judgement, member, hub) for hub in member.hubs]
        unsent |= "proven" not in grades and "unsent" in grades
        if "proven" in grades or "unsent" in grades:
            continue
        hubs = ", ".join(hub.name for hub in member.hubs)
        silent = all(_silent(judgement, member, hub) for hub in member.hubs)
        if silent and not any(cloud == member.cloud.name for cloud, _name in before):
            warnings.append(f"no hub of cloud {member.cloud.name} answers ({hubs}), and none did before")
            continue
        roots = [
            r for r in judgement.roots if r.cloud == member.cloud.name and r.peers and r.outcome != "pass"
        ]
        told = "; ".join(_told(result) for result in roots)
        missing.append(f"no hub of cloud {member.cloud.name} is proven ({hubs}): {told}")
    return Proof(tuple(missing), tuple(warnings), unsent and not missing)


def _members(sight: Sight) -> Reach:
    """Whom the router shall reach; who left the cloud is not lost."""
    return frozenset(
        (member.cloud.name, peer.name)
        for member in sight.device.memberships
        for peer in (*member.hubs, *member.spokes)
    )


def _of(judgement: Judgement, member: Membership, hub: Peer) -> Iterator[Result]:
    for result in judgement.results:
        if result.cloud == member.cloud.name and hub.name in result.peers:
            yield result


def _grade(judgement: Judgement, member: Membership, hub: Peer) -> str:
    """proven; unsent, if only packets are missing; or open."""
    open_ones = [result for result in _of(judgement, member, hub) if result.outcome != "pass"]
    if not open_ones:
        return "proven"
    return "unsent" if all(r.check == "path_mtu" and r.outcome == "unknown" for r in open_ones) else "open"


def _silent(judgement: Judgement, member: Membership, hub: Peer) -> bool:
    return any(
        result.check == "sa" and (result.cause or "").startswith(SILENT)
        for result in _of(judgement, member, hub)
    )


def _told(result: Result) -> str:
    """One line: what, and the likely cause."""
    lines = described(result)
    return " ".join(" ".join(lines).split())
