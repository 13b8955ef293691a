# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a rollout is: what the controller keeps of it, and how a run that stopped goes on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from pydantic import TypeAdapter

from .waves import Kind, Router, Sizes, Wave, plan_waves

State = Literal["waiting", "begun", "done", "undone"]


@dataclass(slots=True)
class Stage:
    """One wave and what became of it. ``seconds`` is how long it took.

    ``causes`` says by router why it was not proven, ``left`` how routers of such a wave were left.
    """

    kind: Kind
    hosts: list[str]
    state: State = "waiting"
    seconds: float = 0.0
    causes: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """A rollout. ``files`` are fingerprints of what each router was to get, ``sites`` its site number.

    ``left_out`` are routers that could not be looked at, ``plan`` the fingerprint of a plan that is followed.
    """

    begun: str
    stages: list[Stage]
    files: dict[str, str]
    sites: dict[str, int]
    forks: int = 5
    left_out: list[str] = field(default_factory=list)
    resumed: bool = False
    plan: str = ""

    @property
    def finished(self) -> bool:
        return all(stage.state == "done" for stage in self.stages)

    def done(self) -> set[str]:
        return {host for stage in self.stages if stage.state == "done" for host in stage.hosts}

    def stage_of(self, hosts: Iterable[str]) -> int:
        """The number of the wave, from 0, that these routers are in. Raises ``KeyError``."""
        wanted = set(hosts)
        for number, stage in enumerate(self.stages):
            if wanted and wanted <= set(stage.hosts):
                return number
        raise KeyError(", ".join(sorted(wanted)))

    def count(self, *states: State) -> int:
        """How many sites have all of their routers in waves of these states."""
        others = {self.sites[host] for s in self.stages if s.state not in states for host in s.hosts}
        return len({self.sites[h] for s in self.stages if s.state in states for h in s.hosts} - others)

    def time_left(self) -> float | None:
        """Seconds until the end, from what the waves of this run took; None before the first."""
        measured = [stage for stage in self.stages if stage.seconds]
        rounds = sum(self._rounds(stage) for stage in measured)
        if not rounds:
            return None
        pace = sum(stage.seconds for stage in measured) / rounds
        return pace * sum(self._rounds(stage) for stage in self.stages if stage.state == "waiting")

    def _rounds(self, stage: Stage) -> int:
        """How often Ansible's forks are filled: so many routers change at the same time."""
        return math.ceil(len(stage.hosts) / self.forks)


_records = TypeAdapter(Record)


def dump(record: Record) -> dict[str, Any]:
    return asdict(record)


def parse(text: str | bytes) -> Record | None:
    """What :func:`dump` gave, as JSON; None for anything else."""
    try:
        return _records.validate_json(text)
    except ValueError:
        return None


def order(
    changing: Sequence[Router],
    standing: Iterable[Router],
    sizes: Sizes,
    files: Mapping[str, str],
    earlier: Record | None,
) -> list[Stage]:
    """The waves of this run. A rollout that stopped, of the same files, goes on where it was.

    What is done and needs nothing stays in the list as done, so that progress counts it.
    """
    if earlier is None or earlier.finished or not _same(changing, files, earlier):
        return [Stage(wave.kind, list(wave.hosts)) for wave in plan_waves(changing, standing, sizes)]
    left = {router.name for router in changing}
    done: list[Stage] = []
    waiting: list[Stage] = []
    for stage in earlier.stages:
        now = [host for host in stage.hosts if host in left]
        ready = [host for host in stage.hosts if host not in left]
        if ready:
            done.append(Stage(stage.kind, ready, "done"))
        if now:
            waiting.append(Stage(stage.kind, now))
            left.difference_update(now)
    # Routers that differ since: nobody is a canary for them again.
    added = [router for router in changing if router.name in left]
    waves: list[Wave] = plan_waves(added, standing, replace(sizes, canary=0))
    return [*done, *waiting, *(Stage(wave.kind, list(wave.hosts)) for wave in waves)]


def _same(changing: Sequence[Router], files: Mapping[str, str], earlier: Record) -> bool:
    known = [router.name for router in changing if router.name in earlier.files]
    return bool(known) and all(files[name] == earlier.files[name] for name in known)
