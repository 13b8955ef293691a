# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a change is asked to be, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .plan import Plan


class Refused(Exception):
    """Nothing was touched; each message is one obstacle."""

    def __init__(self, messages: list[str]) -> None:
        self.messages = messages
        super().__init__("; ".join(messages))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, or would do in check mode. ``reasons`` are changed files and drift.

    ``commit`` names the change; ``pending`` are the seconds after which the router undoes it, 0 if it stays;
    ``before`` is what was observed just before it; ``intent`` what an older release was rendered from.
    ``plan`` is what was compared; ``stale``: nothing differs but what the router keeps for later runs.
    """

    changed: bool
    reasons: list[str] = field(default_factory=list)
    diff: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    generation: int | None = None
    commit: str | None = None
    pending: int = 0
    before: dict[str, Any] | None = None
    intent: dict[str, Any] | None = None
    plan: Plan | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Of a change: for how many seconds it waits to be confirmed (0: it does not), who makes it and why.

    ``look`` observes the router just before it.
    """

    seconds: int = 0
    who: str = ""
    why: str = ""
    look: Callable[[], dict[str, Any]] | None = None


AT_ONCE = Terms()
"""Confirmed at once, by nobody that is known."""
