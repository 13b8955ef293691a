# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a change that waits: confirmed and saved, given more time, or taken back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NoReturn

from ..pending.ended import (
    CONFIRMED,
    CONFIRMED_ALREADY,
    UNDONE,
    Ended,
    extended_by_nobody,
    gone,
    left_alone,
    of_another,
    still_there,
)
from ..pending.errors import Failed, Lost
from ..pending.mark import Mark
from . import answers
from .asked import LONGEST, TIMER, privileged, waiting, whole
from .blocks import rows
from .wish import Cli

SHORTEST = 2  # minutes; one is warned of at once, and gone before anything is proven
_SAVED = re.compile(r"\[OK\]|bytes copied")


def minutes_for(seconds: int) -> int:
    """The router's timer for a time in seconds, never shorter but for its longest."""
    return max(SHORTEST, min(LONGEST, -(-seconds // 60)))


class Waiting:
    """A change that waits under a router's revert timer. Every method may raise :class:`Refused`,
    :class:`Failed` and :class:`Lost`. Without a mark it is whichever waits."""

    def __init__(self, cli: Cli, mark: Mark | None) -> None:
        self._cli = cli
        self._mark = mark

    def confirm(self, save: bool) -> Ended:
        if not self._waits():
            still_there(self, self._mark)
            return Ended(False, CONFIRMED_ALREADY, saved(self._cli) if save else [])
        self._of_this()
        return Ended(True, CONFIRMED, keep(self._cli, save))

    def extend(self, seconds: int) -> Ended:
        """In whole minutes."""
        if not self._waits():
            extended_by_nobody(self, self._mark)
        self._of_this()
        minutes = minutes_for(seconds)
        again(self._cli, minutes)
        return Ended(True, f"the change has {minutes} minutes from now")

    def undo(self) -> Ended:
        cli, mark = self._cli, self._mark
        minutes = self._waits()
        if not minutes:
            return gone(self, mark)
        if mark and mark.is_before(self.running()):
            return left_alone()
        try:
            said = cli.send("configure revert now")
            after = list(self.running())
            kept = bool(mark) and not (mark and mark.is_before(after))
            wrong = (answers.errors(said) or [line for line in said.splitlines() if "abort" in line.lower()])[
                :1
            ]
            if kept or (not mark and wrong):
                self._left("`configure revert now`", wrong)
        except Lost as lost:
            raise Failed(
                f"the connection broke while the change was undone ({lost}); the router goes back by itself "
                f"within {minutes} minutes. Wait for that (`{TIMER}`), and run this again",
                "undo",
                restored=False,
            ) from None
        seen = ": the running configuration is as before" if mark else ""
        return Ended(True, f"{UNDONE}{seen}")

    def status(self) -> dict[str, Any] | None:
        """The router tells how long its timer was set to, and in its own time when."""
        minutes = self._waits()
        return {"state": "pending", "left": 60 * minutes} if minutes else None

    @property
    def back(self) -> str:
        copy = self._mark.copy if self._mark and self._mark.copy else "the last file of `show archive`"
        return f"`configure replace {copy}` goes back to what was before it"

    def running(self) -> Iterable[str]:
        return rows(whole(self._cli)).elements()

    def differs(self, who: str) -> NoReturn:
        self._left(who, [])

    def _waits(self) -> int:
        privileged(self._cli)
        return waiting(self._cli)

    def _of_this(self) -> None:
        """Refuses to end another change for this one."""
        if self._mark and self._mark.is_before(self.running()):
            of_another()

    def _left(self, who: str, said: list[str]) -> NoReturn:
        """Tells of a router that is not as it was: how much is left, and how to see it. No line is shown,
        because any may hold a secret of somebody."""
        copy = self._mark.copy if self._mark else ""
        compare = f"show archive config differences {copy}".strip()
        left = ""
        if copy:
            shown = self._cli.send(compare)
            number = sum(line.lstrip().startswith(("+", "-")) for line in shown.splitlines())
            left = f"{number} lines" if number and not answers.errors(shown) else ""
        told = ", ".join(part for part in (left, *said) if part)
        raise Failed(
            f"{who} left a difference{f' ({told})' if told else ''}: look at `{compare}`"
            f"{'' if copy else ' with the last file of `show archive`'}, and mend it by hand",
            "undo",
            restored=False,
        )


def again(cli: Cli, minutes: int) -> None:
    """Begins the time of the change anew."""
    line = f"configure revert timer {minutes}"
    if said := answers.errors(cli.send(line)):
        raise Failed(
            f"`{line}`: {said[0]}; the change cannot be given more time. See `{TIMER}`, and run this again",
            "extend",
            restored=False,
        )


def keep(cli: Cli, save: bool) -> list[str]:
    """Confirms, and only then saves; the warnings. Raises :class:`Failed`."""
    try:
        if said := answers.errors(cli.send("configure confirm")):
            raise Failed(
                f"the router did not confirm the change: {said[0]}; what it runs is not saved. "
                f"See `{TIMER}`, and run this again",
                "confirm",
                restored=False,
            )
        return saved(cli) if save else []
    except Lost:
        raise Failed(
            "the connection broke while the change was confirmed or saved; run this again, which tells "
            "whether it holds",
            "confirm",
            restored=False,
        ) from None


def saved(cli: Cli) -> list[str]:
    """Saves what is confirmed. That it could not is a warning: the change holds."""
    said = cli.send("write memory")
    if _SAVED.search(said):
        return []
    told = (answers.errors(said) or ["no [OK] came"])[0]
    return [
        f"the change holds and is confirmed, but was not saved ({told}): run `write memory` before "
        f"the next reload"
    ]
