# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has become of a change that waits no more, told from the configuration that runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from .errors import Failed, Refused
from .mark import Mark

LATE = "the change was not confirmed in time, and the router undid it by itself"
CONFIRMED = "the change is confirmed"
CONFIRMED_ALREADY = "the change is confirmed already"
UNDONE = "the change was undone"


@dataclass(frozen=True, slots=True)
class Ended:
    """``told`` is what happened, in one sentence."""

    changed: bool
    told: str
    warnings: list[str] = field(default_factory=list)


class Router(Protocol):
    """A router with a change that is known by a mark, and the words in which it is to be mended by hand."""

    @property
    def back(self) -> str:
        """How to go back to what was before a change that somebody confirmed."""

    def running(self) -> Iterable[str]:
        """The rows of the configuration that runs."""

    def differs(self, who: str) -> NoReturn:
        """Tells of a configuration that is neither as before nor as after."""


def still_there(router: Router, mark: Mark | None) -> None:
    """Nothing waits: all is well only if the change is there nevertheless. Raises :class:`Refused` and
    :class:`Failed`."""
    if mark is None:
        raise Refused(
            "no change waits to be confirmed: there was none, or its time was over and the router undid it "
            "by itself"
        )
    running = list(router.running())
    if mark.is_after(running):
        return
    if mark.is_before(running):
        raise Failed(
            f"{LATE}: the running configuration is as before. Run this again, with more time "
            "(dmvpn_confirm_within, ios_revert_timer)",
            "confirm",
            restored=True,
        )
    router.differs("the change waits no more, and the router")


def extended_by_nobody(router: Router, mark: Mark | None) -> NoReturn:
    """Nothing waits that could be given more time."""
    still_there(router, mark)
    raise Refused(f"{CONFIRMED_ALREADY}, somebody at the router did that; nothing waits")


def of_another() -> NoReturn:
    """What waits is not this change, which is gone."""
    raise Failed(
        f"{LATE}; what waits to be confirmed now is not this change, and was left alone",
        "confirm",
        restored=True,
    )


def left_alone() -> Ended:
    """An undo of a change that is gone, where another one waits."""
    return Ended(False, "the change is undone already; what waits now is not this change, and was left")


def gone(router: Router, mark: Mark | None) -> Ended:
    """Nothing waits: fine if the configuration is as before, as far as that is known. Raises
    :class:`Failed`."""
    if mark is None:
        return Ended(False, "no change is pending")
    running = list(router.running())
    if mark.is_before(running):
        return Ended(False, "the change is undone already: the running configuration is as before")
    if mark.is_after(running):
        raise Failed(
            f"the change was confirmed at the router by somebody, so it cannot be undone: it stays. "
            f"{router.back}",
            "undo",
            restored=False,
        )
    router.differs("the change waits no more, and the router")
