# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Counters that no daemon keeps: what changed between two looks, and how often it did.

A look sees a moment. That a session fell and came back between two looks shows in its age: one that was up
at the last look and is younger than that look was begun anew. SAs are told apart by their SPIs and by when
their IKE SA was established.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1
# Daemons round ages to seconds, and a look takes a while, on a busy router more than a moment. IKE SAs with
# one peer are hardly ever younger than this.
SLACK, SAME = 3.0, 15.0


@dataclass(frozen=True, slots=True)
class Watched:
    """Something that is up, down or not known (None). ``since``: when it came up, if it tells, since 1970.

    ``ike`` and ``esp`` are for SAs: when each IKE SA was established, and the SPIs of each ESP SA.
    """

    kind: str
    cloud: str
    peer: str
    up: bool | None
    since: float | None = None
    ike: tuple[float, ...] = ()
    esp: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind} {self.cloud} {self.peer}"


@dataclass(slots=True)
class Remembered:
    """``changed`` is when it was last seen to go up or down, or first seen; ``seen`` the last look at it."""

    up: bool
    changed: float
    seen: float
    flaps: int = 0
    ike_rekeys: int = 0
    esp_rekeys: int = 0
    ike: list[float] = field(default_factory=list)
    esp: list[str] = field(default_factory=list)


Memory = dict[str, Remembered]


def advance(memory: Memory, watched: Iterable[Watched], now: float) -> Memory:
    """The memory after a look. What is no longer watched is forgotten, what is not known now is kept."""
    after: Memory = {}
    for item in watched:
        before = memory.get(item.key)
        if item.up is None:
            if before is not None:
                after[item.key] = before
        elif before is None:
            changed = item.since if item.up and item.since is not None else now
            after[item.key] = Remembered(item.up, changed, now, ike=[*item.ike], esp=[*item.esp])
        else:
            after[item.key] = _after(before, item, item.up, now)
    return after


def _after(before: Remembered, item: Watched, up: bool, now: float) -> Remembered:
    held = Remembered(**asdict(before))
    held.up, held.seen = up, now
    if before.up and not up:
        held.changed = now
        held.flaps += 1
    elif up and not before.up:
        held.changed = now if item.since is None else max(item.since, before.seen)
    elif up and item.since is not None and item.since > before.seen + SLACK and not item.ike:
        held.changed = item.since
        held.flaps += 1
    elif up and item.ike:
        _compare_sas(held, before, item)
    if up:
        held.ike, held.esp = [*item.ike], [*item.esp]
    return held


def _compare_sas(held: Remembered, before: Remembered, item: Watched) -> None:
    """Rekeying replaces one of the two; an SA that was set up anew has both new."""
    same_ike = any(abs(one - other) <= SAME for one in item.ike for other in before.ike)
    kept, new = set(item.esp) & set(before.esp), set(item.esp) - set(before.esp)
    if same_ike and new:
        held.esp_rekeys += 1
    elif not same_ike and kept:
        held.ike_rekeys += 1
    elif not same_ike:
        held.flaps += 1
        held.changed = max(item.ike)


def dump(memory: Memory) -> str:
    """As JSON."""
    held = {key: asdict(entry) for key, entry in memory.items()}
    return json.dumps({"format": FORMAT, "memory": held}, indent=1) + "\n"


def load(text: str | None) -> Memory:
    """What :func:`dump` gave; empty if it is missing, torn or of another release: counters start again."""
    try:
        document: dict[str, Any] = json.loads(text or "")
        if document["format"] != FORMAT:
            return {}
        return {key: Remembered(**entry) for key, entry in document["memory"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
