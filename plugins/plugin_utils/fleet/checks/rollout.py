# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of the order in which routers change."""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding
from ..declared import FLEET, Declared, Site
from ..nearest import nearest, or_one_of

SUBJECT = "dmvpn_rollout"


def members(declared: Declared) -> list[Site]:
    """All routers whose ``dmvpn_rollout`` can be read, each once."""
    held = {member.site.name: member.site for members in declared.members.values() for member in members}
    return [site for site in held.values() if SUBJECT not in site.broken]


def rollout_is_one(declared: Declared) -> Iterator[Finding]:
    """One run changes the whole fleet, so there is one order."""
    sites = members(declared)
    for site in sites[1:]:
        if site.vars.dmvpn_rollout != sites[0].vars.dmvpn_rollout:
            problem = f"is not that of {sites[0].name}"
            yield Finding(site.name, SUBJECT, problem, "write it once, for a group of all routers")


def canaries_are_there(declared: Declared) -> Iterator[Finding]:
    """A canary that no cloud has would silently be replaced by another router."""
    sites = members(declared)
    canary = sites[0].vars.dmvpn_rollout.canary if sites else 0
    names = {member.site.name for held in declared.members.values() for member in held}
    for name in canary if isinstance(canary, tuple) else ():
        if name not in names:
            remedy = or_one_of(nearest(name, names), ()) if nearest(name, names) else "name a router"
            yield Finding(FLEET, f"{SUBJECT}.canary", f"{name!r} is in no cloud", remedy)
