# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What module ``commit`` answers of a change over a Cisco router's command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..pending.answer import answer as answer_of
from ..pending.mark import Mark
from .pending import Waiting
from .wish import Cli


def answer(cli: Cli, arguments: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """The result of one task. Raises :class:`Lost`."""
    try:
        mark = Mark.parse(arguments["commit"]) if arguments.get("commit") else None
    except ValueError as error:
        return {"failed": True, "msg": str(error)}
    return answer_of(Waiting(cli, mark), arguments, check)
