# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change of the running configuration where there is no candidate: Cisco's checkpoint, its rollback timer,
and ``configure confirm``.

``rollback`` to a checkpoint made a moment ago changes nothing and starts the timer (``configure replace ...
revert trigger timer``): from then on the router returns to that checkpoint by itself. That it runs is seen
before anything is written. There is no NETCONF request that stops it and keeps the change; ``configure
confirm`` at the command line does.
"""

from __future__ import annotations

import re
import time
from typing import NoReturn

from ..pending.errors import Failed, Lost, Refused
from .client import Client, Rejected, session
from .console import Console, NoConsole
from .delta import Difference
from .order import Order, locked, reached_or_failed, taken_back
from .paths import Facts

TIMER = "show archive config rollback timer"
NEWEST = re.compile(r"^\s*\d+\s+(\S+)\s+<- Most Recent", re.MULTILINE)
QUIET = "No Rollback Confirmed Change pending"


def minutes(order: Order) -> int:
    """The router counts in minutes, 1 to 120; less than 2 is too short for anyone."""
    return max(2, min(120, -(-order.seconds // 60)))


def change(order: Order, console: Console) -> Difference:
    """Brings the router to what is wanted. Raises ``Refused``, ``Failed`` and ``NotOurs``."""
    try:
        pending = console(TIMER)
    except NoConsole as error:
        raise Refused(str(error)) from None
    if QUIET not in pending:
        raise Refused(
            "a change on the router waits for its confirmation already; end it there with configure confirm "
            "or configure revert now, and run again"
        )
    deadline = time.monotonic() + 60 * minutes(order)
    before: Facts = {}
    try:
        with session(order.opened) as client:
            before = order.held(client)
            done = order.difference(client)
            if not done:
                return done
            _arm(client, order, console)
            deadline = time.monotonic() + 60 * minutes(order)
            _write(client, order, done, before)
    except Lost as error:
        _revert(order, before, f"the connection broke during the change ({error})", deadline)
    _prove_and_confirm(order, console, before, deadline)
    return done


def _arm(client: Client, order: Order, console: Console) -> None:
    """Makes the checkpoint and starts the timer; refuses unless both are seen to be there."""
    try:
        client.agent("checkpoint")
        found = NEWEST.search(console("show archive"))
        if found is None:
            raise Refused(
                "the router kept no checkpoint; write on it: archive, and below it: path flash:mgre-dmvpn"
            )
        timer = f"<revert-timer>{minutes(order)}</revert-timer>"
        client.agent("rollback", f"<target-url>{found[1]}</target-url>{timer}")
        if QUIET in console(TIMER):
            raise Refused(
                "the router did not start its rollback timer, so a change could not be taken back; apply "
                "over the command line, or write: netconf-yang feature candidate-datastore"
            )
    except Rejected as error:
        raise Refused(
            f"the router makes no checkpoint: {error}; see that it has: archive, and below it: path "
            "flash:mgre-dmvpn"
        ) from None
    except NoConsole as error:
        raise Refused(f"{error}; the router's timer may run, and changes nothing") from None


def _write(client: Client, order: Order, done: Difference, before: Facts) -> None:
    try:
        with locked(client, "running"):
            client.edit("running", done.edit())
    except Rejected as error:
        _take_back(client, order, before, f"the router refuses the configuration: {error}")
    except Refused as error:
        _take_back(client, order, before, str(error))


def _prove_and_confirm(order: Order, console: Console, before: Facts, deadline: float) -> None:
    why = ""
    client = reached_or_failed(
        order,
        deadline,
        "the router was not reached again after the change",
        f"it takes the change back by itself within {minutes(order)} min",
    )
    try:
        left = order.left(client)
        if left:
            places = "; ".join(left.lines()[:3])
            _take_back(client, order, before, f"the router does not hold what was written ({places})")
        try:
            console("configure confirm")
            if QUIET not in console(TIMER):
                why = "the router did not take 'configure confirm'; see the user's privilege (15)"
        except NoConsole as error:
            why = str(error)
        if why:
            _take_back(client, order, before, why)
    except Lost as error:
        _revert(order, before, f"the connection broke before the confirmation ({error})", deadline)
    finally:
        client.close()


def _revert(order: Order, before: Facts, why: str, deadline: float) -> NoReturn:
    """Over a new session. Always raises ``Failed``."""
    client = reached_or_failed(
        order,
        deadline,
        f"{why}, and the router was not reached again",
        f"it takes the change back by itself within {minutes(order)} min",
    )
    try:
        _take_back(client, order, before, why)
    finally:
        client.close()


def _take_back(client: Client, order: Order, before: Facts, why: str) -> NoReturn:
    """Rolls back now and looks whether all is as before. Always raises ``Failed``."""
    try:
        client.agent("revert", "<now/>")
        restored = order.held(client) == before
    except (Rejected, Lost) as error:
        raise Failed(
            f"{why}; the router did not roll back at once ({error}), it does so by itself within "
            f"{minutes(order)} min",
            restored=False,
        ) from None
    raise taken_back(why, restored)
