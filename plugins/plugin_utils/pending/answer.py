# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What module ``commit`` answers for a Linux router, of a change on a router that runs no code of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from .ended import Ended
from .errors import Failed, Refused


class Change(Protocol):
    """A change that may wait on a router. Each method raises ``Refused``, ``Failed`` and ``Lost``."""

    def confirm(self, save: bool) -> Ended:
        """Keeps it, and only then saves it."""

    def extend(self, seconds: int) -> Ended:
        """Gives it so many seconds from now."""

    def undo(self) -> Ended:
        """Takes it back at once, and sees that it is gone."""

    def status(self) -> dict[str, Any] | None:
        """What is known of what waits, None where nothing does."""


def answer(change: Change, arguments: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """The result of one task. Raises ``Lost``."""
    state = arguments["state"]
    try:
        if state == "status" or check:
            return _told(change.status(), state)
        ended = _ended(change, state, arguments)
    except Refused as refused:
        return {"failed": True, "msg": str(refused)}
    except Failed as failed:
        return {"failed": True, "msg": str(failed), "step": failed.step, "restored": failed.restored}
    result: dict[str, Any] = {"changed": ended.changed, "told": ended.told}
    if ended.warnings:
        result["warnings"] = ended.warnings
    return result


def _ended(change: Change, state: str, arguments: Mapping[str, Any]) -> Ended:
    if state == "confirmed":
        return change.confirm(bool(arguments.get("save", True)))
    if state == "extended":
        return change.extend(int(arguments.get("seconds", 300)))
    return change.undo()


def _told(pending: dict[str, Any] | None, state: str) -> dict[str, Any]:
    if state != "status":
        return {"changed": pending is not None, "told": "nothing was done"}
    # Such a router keeps no history.
    return {"changed": False, "pending": pending, "history": []}
