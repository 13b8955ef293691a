# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What module ``commit`` answers of a change over NETCONF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..pending.answer import answer as answer_of
from ..pending.errors import Lost
from .client import Target, Unreachable, connect, session
from .commits import Commit
from .token import Named


def answer(target: Target, arguments: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """The result of one task. Raises ``Lost``."""
    name = arguments.get("commit", "")
    try:
        named = Named.parse(name) if name else None
    except ValueError as error:
        return {"failed": True, "msg": str(error)}
    return answer_of(Commit(lambda: connect(target), named), arguments, check)


def commits(target: Target) -> bool:
    """Whether a change of this router waits as a commit; else it waits under the rollback timer, which the
    command line ends. Raises ``Lost``."""
    try:
        with session(lambda: connect(target)) as client:
            return client.can("confirmed-commit")
    except Unreachable as error:
        raise Lost(str(error)) from None
