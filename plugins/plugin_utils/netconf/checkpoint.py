# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change of the running configuration where there is no candidate: Cisco's checkpoint, its rollback timer,
and ``configure confirm``. A change that is held waits under that timer as one over the command line does, and
is ended as such (``ios.pending``).

``rollback`` to a checkpoint made a moment ago changes nothing and starts the timer (``configure replace ...
revert trigger timer``): from then on the router returns to that checkpoint by itself. That it runs is seen
before anything is written. There is no NETCONF request that stops it and keeps the change; ``configure
confirm`` at the command line does.
"""

from __future__ import annotations

import re
import time
from typing import NoReturn

from ..ios.asked import waiting, whole
from ..ios.blocks import rows
from ..ios.pending import again, minutes_for
from ..pending.errors import Failed, Lost, Refused
from ..pending.mark import Mark
from .client import Client, Rejected, session
from .console import Commands, NoConsole
from .delta import Difference
from .order import Held, Order, locked, reached_or_failed, taken_back
from .paths import Facts

NEWEST = re.compile(r"^\s*\d+\s+(\S+)\s+<- Most Recent", re.MULTILINE)


def minutes(order: Order) -> int:
    """The router counts in minutes."""
    return minutes_for(order.seconds)


def refuse_waiting(console: Commands) -> None:
    """Raises ``Refused`` if a change waits, whoever made it."""
    try:
        pending = waiting(console)
    except NoConsole as error:
        raise Refused(str(error)) from None
    if pending:
        raise Refused(
            "a change on the router waits for its confirmation already; end it there with configure confirm "
            "or configure revert now, and run again"
        )


def change(order: Order, console: Commands) -> Held:
    """Brings the router to what is wanted. Raises ``Refused``, ``Failed`` and ``NotOurs``."""
    shown = _shown(console) if order.hold else ""
    copy = ""
    deadline = time.monotonic() + 60 * minutes(order)
    before: Facts = {}
    try:
        with session(order.opened) as client:
            before = order.held(client)
            done = order.difference(client)
            if not done:
                return Held()
            copy = _arm(client, order, console)
            deadline = time.monotonic() + 60 * minutes(order)
            _write(client, order, done, before)
    except Lost as error:
        _revert(order, before, f"the connection broke during the change ({error})", deadline)
    return _prove_and_end(order, console, before, deadline, shown, copy)


def _shown(console: Commands) -> str:
    """The running configuration as the command line shows it, by which a held change is known there."""
    try:
        return whole(console)
    except (NoConsole, Lost) as error:
        raise Refused(str(error)) from None


def _arm(client: Client, order: Order, console: Commands) -> str:
    """Makes the checkpoint and starts the timer; refuses unless both are seen to be there. Its file."""
    try:
        client.agent("checkpoint")
        found = NEWEST.search(console.send("show archive"))
        if found is None:
            raise Refused(
                "the router kept no checkpoint; write on it: archive, and below it: path flash:mgre-dmvpn"
            )
        timer = f"<revert-timer>{minutes(order)}</revert-timer>"
        client.agent("rollback", f"<target-url>{found[1]}</target-url>{timer}")
        if not waiting(console):
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
    return found[1]


def _write(client: Client, order: Order, done: Difference, before: Facts) -> None:
    try:
        with locked(client, "running"):
            client.edit("running", done.edit())
    except Rejected as error:
        _take_back(client, order, before, f"the router refuses the configuration: {error}")
    except Refused as error:
        _take_back(client, order, before, str(error))


def _prove_and_end(
    order: Order, console: Commands, before: Facts, deadline: float, shown: str, copy: str
) -> Held:
    """Over a new session: the configuration reads as it was meant, then it is confirmed or held.

    ``shown`` is what the command line showed before, ``copy`` the file that the router goes back to.
    """
    held, why = Held(), ""
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
            if order.hold:
                held = _hold(order, console, shown, copy)
            else:
                console.send("configure confirm")
                if waiting(console):
                    why = "the router did not take 'configure confirm'; see the user's privilege (15)"
        except (NoConsole, Failed) as error:
            why = str(error)
        if why:
            _take_back(client, order, before, why)
    except Lost as error:
        _revert(order, before, f"the connection broke before the confirmation ({error})", deadline)
    finally:
        client.close()
    return held


def _hold(order: Order, console: Commands, shown: str, copy: str) -> Held:
    """Leaves the change waiting. Whoever is to end it gets the whole time."""
    after = whole(console)
    again(console, minutes(order))
    mark = Mark.of(rows(shown).elements(), rows(after).elements(), copy)
    return Held(str(mark), 60 * minutes(order))


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
