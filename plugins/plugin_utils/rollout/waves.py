# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""In what order routers change: waves in which no cloud loses two hubs and no site two routers.

Three stages, each in waves. First the hubs of clouds that nobody runs yet: there is nothing to lose, and
spokes need them. Then what stands and changes, canaries first, hubs before spokes. Last the new spokes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["hubs", "canary", "wave"]
Share = int | str
"""A number of routers, or a percentage of all that change: ``10`` or ``"20%"``."""


@dataclass(frozen=True, slots=True)
class Router:
    """What the order depends on. ``new`` means that nothing of ours runs on it yet."""

    name: str
    site: int
    hub_of: tuple[str, ...] = ()
    spoke_of: tuple[str, ...] = ()
    new: bool = False

    @property
    def clouds(self) -> tuple[str, ...]:
        return (*self.hub_of, *self.spoke_of)


@dataclass(frozen=True, slots=True)
class Sizes:
    """``dmvpn_rollout``. ``canary`` is a number of routers, or their names.

    ``most`` is how many routers can be proven in the time that the first of them waits to be confirmed; 0 is
    no limit.
    """

    canary: int | tuple[str, ...] = 1
    waves: tuple[Share, ...] = (10, "10%", "30%")
    together: bool = False
    most: int = 0


@dataclass(frozen=True, slots=True)
class Wave:
    """Routers that change at once; all of them are proven before the next wave begins."""

    kind: Kind
    hosts: tuple[str, ...]


@dataclass(slots=True)
class _Room:
    """A wave that is being filled."""

    size: int
    hosts: list[str] = field(default_factory=list)
    sites: set[int] = field(default_factory=set)
    hub_of: set[str] = field(default_factory=set)

    def takes(self, router: Router, apart: bool) -> bool:
        """Whether the router fits in; ``apart`` keeps hubs of one cloud apart."""
        if len(self.hosts) >= self.size or router.site in self.sites:
            return False
        if apart and not self.hub_of.isdisjoint(router.hub_of):
            return False
        self.hosts.append(router.name)
        self.sites.add(router.site)
        self.hub_of.update(router.hub_of)
        return True


def plan_waves(changing: Sequence[Router], standing: Iterable[Router], sizes: Sizes) -> list[Wave]:
    """The waves for the routers that change; ``standing`` are the others of the fleet, changed or not.

    The same routers in the same order give the same waves. Takes time in proportion to the routers, whatever
    the sizes.
    """
    if not changing:
        return []
    if sizes.together:
        return [Wave("wave", tuple(router.name for router in changing))]
    lived_in = {cloud for router in (*changing, *standing) if not router.new for cloud in router.clouds}
    first = [r for r in changing if r.new and r.hub_of and lived_in.isdisjoint(r.clouds)]
    early = {router.name for router in first}
    last = [r for r in changing if r.new and not r.hub_of]
    late = {router.name for router in last}
    rest = [r for r in changing if r.name not in early and r.name not in late]
    canaries = choose(rest, sizes.canary)
    proven_first = {router.name for router in canaries}
    order = sorted(
        (router for router in rest if router.name not in proven_first), key=lambda router: not router.hub_of
    )
    steps = _steps(sizes.waves, len(changing), sizes.most)
    at_most = _steps((len(changing),), len(changing), sizes.most)
    made = list(_fill("hubs", first, at_most, apart=False))
    made += _fill("canary", canaries, at_most)
    made += _fill("wave", order, steps)
    made += _fill("wave", last, steps)
    return made


def choose(routers: Sequence[Router], wanted: int | tuple[str, ...]) -> list[Router]:
    """The canaries: those named that change, or else as many spokes, of as many clouds as possible."""
    if not isinstance(wanted, int):
        by_name = {router.name: router for router in routers}
        named = [by_name[name] for name in dict.fromkeys(wanted) if name in by_name]
        if named:
            return named
        wanted = len(wanted)
    spokes = [router for router in routers if not router.hub_of]
    # As many as there are routers would be no canary.
    wanted = min(wanted, len(routers) - 1)
    chosen: list[Router] = []
    covered: set[str] = set()
    for router in spokes:
        if len(chosen) < wanted and not covered.issuperset(router.clouds):
            chosen.append(router)
            covered.update(router.clouds)
    taken = {router.name for router in chosen}
    more = (router for router in spokes if router.name not in taken)
    chosen += [router for router, _number in zip(more, range(wanted - len(chosen)), strict=False)]
    return chosen


def _steps(shares: Sequence[Share], total: int, most: int) -> Iterator[int]:
    """Sizes of waves, never shrinking; the last one again and again."""
    size = 1
    for share in shares:
        size = max(size, number_of(share, total))
        size = min(size, most) if most else size
        yield size
    while True:
        yield size


def number_of(share: Share, total: int) -> int:
    """How many routers a share of ``total`` is, at least one."""
    if isinstance(share, int):
        return share
    return max(1, math.ceil(total * float(share.rstrip("% ")) / 100))


def _fill(
    kind: Kind, routers: Sequence[Router], sizes: Iterator[int], *, apart: bool = True
) -> Iterator[Wave]:
    """Takes routers in their order; one that does not fit into a wave is the first to be in the next."""
    waiting: list[Router] = []
    coming = iter(routers)
    left = len(routers)
    while left:
        room = _Room(next(sizes, left))
        waiting = [router for router in waiting if not room.takes(router, apart)]
        while len(room.hosts) < room.size:
            router = next(coming, None)
            if router is None:
                break
            if not room.takes(router, apart):
                waiting.append(router)
        left -= len(room.hosts)
        yield Wave(kind, tuple(room.hosts))
