# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change by candidate and confirmed commit where a commit lives no longer than its session (RFC 4741, 8.4:
``confirmed-commit:1.0``). It is looked at over a second session and confirmed in the first, and cannot wait.
"""

from __future__ import annotations

import time
from typing import NoReturn

from ..pending.errors import Failed, Lost
from .candidate import commit, write
from .client import Rejected, Unreachable, session
from .order import Order, locked, reached_again, reached_or_failed, taken_back
from .paths import Facts

BACK = 15.0  # seconds in which a router has taken back what the end of a session undid
PAUSE = 1.0


def change(order: Order) -> None:
    """Brings the router to what is wanted. Raises ``Refused``, ``Failed`` and ``NotOurs``."""
    before: Facts = {}
    deadline = time.monotonic() + order.seconds
    try:
        with session(order.opened) as client, locked(client, "candidate", "running"):
            before = order.held(client)
            done = order.difference(client)
            if not done:
                return
            write(client, done)
            deadline = time.monotonic() + order.seconds
            commit(client, order)
            why = _missing(order, deadline)
            if not why:
                client.confirm()
                return
    except Rejected as error:
        why = f"the router did not take the confirmation ({error})"
    except Lost as error:
        why = f"the connection broke before the confirmation ({error})"
    _taken_back(order, before, why, deadline)


def _missing(order: Order, deadline: float) -> str:
    """What speaks against the change, seen over a second session."""
    try:
        other = reached_again(order, deadline)
    except Unreachable as error:
        return f"the router was not reached again after the change ({error})"
    try:
        left = order.left(other)
    finally:
        other.close()
    return f"the router does not hold what was committed ({'; '.join(left.lines()[:3])})" if left else ""


def _taken_back(order: Order, before: Facts, why: str, deadline: float) -> NoReturn:
    """The end of the session was the order to take it back; a session that broke may end later."""
    then = f"it takes the change back by itself within {order.seconds} s"
    until = time.monotonic() + BACK
    while True:
        client = reached_or_failed(order, deadline, f"{why}, and the router was not reached", then)
        try:
            restored = order.held(client) == before
        except Lost as error:
            raise Failed(f"{why}, and again ({error}); {then}", restored=False) from None
        finally:
            client.close()
        if restored or time.monotonic() > until:
            raise taken_back(why, restored)
        time.sleep(PAUSE)
