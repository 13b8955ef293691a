# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What module ``commit`` answers for a Linux router, of a change over a Cisco router's command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .mark import Mark
from .pending import Ended, confirm, extend, status, undo
from .wish import Cli, Failed, Refused


def answer(cli: Cli, arguments: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """The result of one task. Raises :class:`Lost`."""
    try:
        mark = Mark.parse(arguments["commit"]) if arguments.get("commit") else None
        state = arguments["state"]
        if state == "status" or check:
            return _told(status(cli), state)
        ended = _ended(cli, mark, state, arguments)
    except ValueError as error:
        return {"failed": True, "msg": str(error)}
    except Refused as refused:
        return {"failed": True, "msg": str(refused)}
    except Failed as failed:
        return {"failed": True, "msg": str(failed), "step": failed.step, "restored": failed.restored}
    result: dict[str, Any] = {"changed": ended.changed, "told": ended.told}
    if ended.warnings:
        result["warnings"] = ended.warnings
    return result


def _ended(cli: Cli, mark: Mark | None, state: str, arguments: Mapping[str, Any]) -> Ended:
    if state == "confirmed":
        return confirm(cli, mark, bool(arguments.get("save", True)))
    if state == "extended":
        return extend(cli, mark, int(arguments.get("seconds", 300)))
    return undo(cli, mark)


def _told(minutes: int, state: str) -> dict[str, Any]:
    if state != "status":
        return {"changed": minutes > 0, "told": "nothing was done"}
    # The router tells how long its timer was set to, and in its own time when; it keeps no history.
    pending = {"state": "pending", "left": 60 * minutes} if minutes else None
    return {"changed": False, "pending": pending, "history": []}
