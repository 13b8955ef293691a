# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of clouds, alone and against each other."""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding
from ..declared import CLOUDS, FLEET, Declared
from ..paced import neighbour_timers, pace_of
from .prefixes import span


def numbers_differ(declared: Declared) -> Iterator[Finding]:
    """Tunnel number, GRE key and NHRP network-id tell clouds apart on a router."""
    values = {
        "number": {name: cloud.number for name, cloud in declared.clouds.items()},
        "key": {name: cloud.key or cloud.number for name, cloud in declared.clouds.items()},
        "network_id": {name: cloud.network_id or cloud.number for name, cloud in declared.clouds.items()},
    }
    same_number: set[str] = set()
    for what, held in values.items():
        owner: dict[int, str] = {}
        for name, value in held.items():
            other = owner.setdefault(value, name)
            # Keys that follow from equal numbers are right again with the numbers.
            if other == name or name in same_number:
                continue
            if what == "number":
                same_number.add(name)
            problem = f"{value} is also that of cloud {other!r}"
            yield Finding(FLEET, f"{CLOUDS}[{name}].{what}", problem, "give each cloud its own")


def prefixes_do_not_overlap(declared: Declared) -> Iterator[Finding]:
    """A tunnel address belongs to one cloud."""
    before, last = None, -1
    for cloud in sorted(declared.clouds.values(), key=lambda c: span(c.prefix)):
        first, end = span(cloud.prefix)
        if before is not None and first <= last:
            problem = f"{cloud.prefix} overlaps {before.prefix} of cloud {before.name!r}"
            yield Finding(FLEET, f"{CLOUDS}[{cloud.name}].prefix", problem, "write a prefix of its own")
        if end > last:
            before, last = cloud, end


def timers_fit(declared: Declared) -> Iterator[Finding]:
    """A neighbour may not be gone before three keepalives were due (RFC 4271, 4.4)."""
    for name, cloud in declared.clouds.items():
        keepalive, holdtime = neighbour_timers(cloud, pace_of(declared, cloud))
        if declared.sound(cloud, "routing") and keepalive * 3 > holdtime:
            problem = f"{holdtime} is less than three times the keepalive of {keepalive} seconds"
            remedy = f"write {keepalive * 3} or more"
            yield Finding(FLEET, f"{CLOUDS}[{name}].routing.holdtime", problem, remedy)


def convergence_is_one(declared: Declared) -> Iterator[Finding]:
    """All members of a cloud have the same timers: each end of a session counts on the other's."""
    told: set[str] = set()
    for name, members in declared.members.items():
        sound = [m.site for m in members if "dmvpn_convergence" not in m.site.broken]
        for site in sound[1:]:
            word, first = site.vars.dmvpn_convergence, sound[0].vars.dmvpn_convergence
            if word != first and site.name not in told:
                told.add(site.name)
                problem = f"{word!r} is not that of {sound[0].name} in cloud {name!r}, which is {first!r}"
                remedy = "write it once, for a group of all routers"
                yield Finding(site.name, "dmvpn_convergence", problem, remedy)


def summaries_are_there(declared: Declared) -> Iterator[Finding]:
    """Every cloud has summaries: they are what spokes learn, and what never falls through to the provider."""
    for name, cloud in declared.clouds.items():
        if declared.sound(cloud, "routing") and not cloud.routing.summaries:
            remedy = "write the prefixes that hold all LANs, such as [10.0.0.0/8]"
            yield Finding(FLEET, f"{CLOUDS}[{name}].routing.summaries", "is missing", remedy)
