# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a change that waits: confirmed and saved, given more time, or taken back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from . import answers
from .asked import LONGEST, TIMER, privileged, waiting, whole
from .mark import Mark
from .wish import Cli, Failed, Lost, Refused

SHORTEST = 2  # minutes; one is warned of at once, and gone before anything is proven
_SAVED = re.compile(r"\[OK\]|bytes copied")


@dataclass(frozen=True, slots=True)
class Ended:
    """``told`` is what happened, in one sentence."""

    changed: bool
    told: str
    warnings: list[str] = field(default_factory=list)


def minutes_for(seconds: int) -> int:
    """The router's timer for a time in seconds, never shorter but for its longest."""
    return max(SHORTEST, min(LONGEST, -(-seconds // 60)))


def confirm(cli: Cli, mark: Mark | None, save: bool) -> Ended:
    """Keeps the change. Raises :class:`Refused`, :class:`Failed`, :class:`Lost`."""
    privileged(cli)
    if not waiting(cli):
        _still_there(cli, mark)
        return Ended(False, "the change is confirmed already", saved(cli) if save else [])
    _of_this(cli, mark)
    return Ended(True, "the change is confirmed", keep(cli, save))


def extend(cli: Cli, mark: Mark | None, seconds: int) -> Ended:
    """Gives the change so many seconds from now, in whole minutes."""
    privileged(cli)
    if not waiting(cli):
        _still_there(cli, mark)
        raise Refused("the change is confirmed already, somebody at the router did that; nothing waits")
    _of_this(cli, mark)
    minutes = minutes_for(seconds)
    again(cli, minutes)
    return Ended(True, f"the change has {minutes} minutes from now")


def again(cli: Cli, minutes: int) -> None:
    """Begins the time of the change anew."""
    line = f"configure revert timer {minutes}"
    if said := answers.errors(cli.send(line)):
        raise Failed(
            f"`{line}`: {said[0]}; the change cannot be given more time. See `{TIMER}`, and run this again",
            "extend",
            restored=False,
        )


def undo(cli: Cli, mark: Mark | None) -> Ended:
    """Takes the change back at once, and sees that it is gone."""
    privileged(cli)
    minutes = waiting(cli)
    if not minutes:
        return _gone(cli, mark)
    if mark and mark.is_before(whole(cli)):
        return Ended(False, "the change is undone already; what waits now is not this change, and was left")
    try:
        said = cli.send("configure revert now")
        after = whole(cli)
        kept = bool(mark) and not (mark and mark.is_before(after))
        wrong = (answers.errors(said) or [line for line in said.splitlines() if "abort" in line.lower()])[:1]
        if kept or (not mark and wrong):
            _differs(cli, mark, "`configure revert now`", wrong)
    except Lost as lost:
        raise Failed(
            f"the connection broke while the change was undone ({lost}); the router goes back by itself "
            f"within {minutes} minutes. Wait for that (`{TIMER}`), and run this again",
            "undo",
            restored=False,
        ) from None
    seen = ": the running configuration is as before" if mark else ""
    return Ended(True, f"the change was undone{seen}")


def status(cli: Cli) -> int:
    """Minutes of the timer under which a change waits, 0 where none does."""
    privileged(cli)
    return waiting(cli)


def keep(cli: Cli, save: bool) -> list[str]:
    """Confirms, and only then saves; the warnings. Raises :class:`Failed`."""
    try:
        if said := answers.errors(cli.send("configure confirm")):
            raise Failed(
                f"the router did not confirm the change: {said[0]}; what it runs is not saved. See "
                f"`show archive config "
                "rollback timer`, and run this again",
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


def _of_this(cli: Cli, mark: Mark | None) -> None:
    """Refuses to end another change for this one."""
    if mark and mark.is_before(whole(cli)):
        raise Failed(
            "the change was not confirmed in time, and the router undid it by itself; what waits to be "
            "confirmed now is not this change, and was left alone",
            "confirm",
            restored=True,
        )


def _still_there(cli: Cli, mark: Mark | None) -> None:
    """Nothing waits: all is well only if the change is there nevertheless."""
    if mark is None:
        raise Refused(
            "no change waits to be confirmed: there was none, or its time was over and the router undid it "
            "by itself"
        )
    text = whole(cli)
    if mark.is_after(text):
        return
    if mark.is_before(text):
        raise Failed(
            "the change was not confirmed in time, and the router undid it by itself: the running "
            "configuration is as before. Run this again, with more time (dmvpn_confirm_within, "
            "ios_revert_timer)",
            "confirm",
            restored=True,
        )
    _differs(cli, mark, "the change waits no more, and the router", [])


def _gone(cli: Cli, mark: Mark | None) -> Ended:
    """Nothing waits: fine if the configuration is as before, as far as that is known."""
    if mark is None:
        return Ended(False, "no change is pending")
    text = whole(cli)
    if mark.is_before(text):
        return Ended(False, "the change is undone already: the running configuration is as before")
    if mark.is_after(text):
        copy = mark.copy or "the last file of `show archive`"
        raise Failed(
            "the change was confirmed at the router by somebody, so it cannot be undone: it stays. "
            f"`configure replace {copy}` goes back to what was before it",
            "undo",
            restored=False,
        )
    _differs(cli, mark, "the change waits no more, and the router", [])


def _differs(cli: Cli, mark: Mark | None, who: str, said: list[str]) -> NoReturn:
    """Tells of a router that is not as it was: how much is left, and how to see it. No line is shown, because
    any may hold a secret of somebody."""
    copy = mark.copy if mark else ""
    compare = f"show archive config differences {copy}".strip()
    left = ""
    if copy:
        shown = cli.send(compare)
        number = sum(line.lstrip().startswith(("+", "-")) for line in shown.splitlines())
        left = f"{number} lines" if number and not answers.errors(shown) else ""
    told = ", ".join(part for part in (left, *said) if part)
    raise Failed(
        f"{who} left a difference{f' ({told})' if told else ''}: look at `{compare}`"
        f"{'' if copy else ' with the last file of `show archive`'}, and mend it by hand",
        "undo",
        restored=False,
    )
