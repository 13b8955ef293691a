# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change by the candidate configuration and a confirmed commit (RFC 6241, 8.4): the router takes it back
by itself unless a new session confirms it. A change that is held is left to a later one (``commits``)."""

from __future__ import annotations

import contextlib
import time
from typing import NoReturn

from ..pending.errors import Failed, Lost, Refused
from .client import Client, Rejected, session
from .commits import EDITED, edited
from .delta import Difference
from .order import Held, Order, locked, reached_again, reached_or_failed, taken_back
from .paths import Facts
from .token import Named, fresh


def change(order: Order) -> Held:
    """Brings the router to what is wanted. Raises ``Refused``, ``Failed`` and ``NotOurs``."""
    token = fresh()
    before: Facts = {}
    deadline = time.monotonic() + order.seconds
    try:
        with session(order.opened) as client, locked(client, "candidate", "running"):
            before = order.held(client)
            done = order.difference(client)
            if not done:
                return Held()
            write(client, done)
            deadline = time.monotonic() + order.seconds
            commit(client, order, token)
    except Lost as error:
        # The commit may or may not have come through; if it did, it is taken back.
        _take_back(order, token, before, f"the connection broke during the change ({error})", deadline)
    return _prove_and_confirm(order, token, before, deadline)


def write(client: Client, done: Difference) -> None:
    try:
        client.edit("candidate", done.edit())
    except Rejected as error:
        _discard(client)
        raise Failed(f"the router refuses the configuration: {error}", restored=True) from None


def commit(client: Client, order: Order, token: str = "") -> None:
    try:
        client.commit_for(order.seconds, token)
    except Rejected as error:
        _discard(client)
        if error.tag == "in-use":
            raise Refused(
                f"the router does not commit: {error}; another change waits for its confirmation; wait for "
                "its end and run again"
            ) from None
        raise Failed(f"the router refuses the commit: {error}", restored=True) from None


def _discard(client: Client) -> None:
    """Empties the candidate; without it the next user of the router would find our edit there."""
    try:
        client.discard()
    except (Rejected, Lost):
        return


def _prove_and_confirm(order: Order, token: str, before: Facts, deadline: float) -> Held:
    """Over a new session: the configuration reads as it was meant, then it is confirmed or held."""
    client = reached_or_failed(
        order,
        deadline,
        "the router was not reached again after the change",
        f"it takes the change back by itself within {order.seconds} s of the commit",
    )
    try:
        left = order.left(client)
        if left:
            places = "; ".join(left.lines()[:3])
            _cancel(client, order, token, before, f"the router does not hold what was committed ({places})")
        if order.hold:
            return _hold(client, order, token, before)
        _confirm(client, order, token, deadline)
    except Lost as error:
        _take_back(order, token, before, f"the connection broke before the confirmation ({error})", deadline)
    finally:
        client.close()
    return Held()


def _hold(client: Client, order: Order, token: str, before: Facts) -> Held:
    """Leaves the commit waiting. Whoever is to end it gets the whole time; that this session may give it
    tells that another one may end it."""
    if edited(client):
        _cancel(client, order, token, before, EDITED)
    try:
        client.commit_for(order.seconds, token, again=True)
    except Rejected as error:
        why = f"the router lets no other session give the commit more time ({error})"
        _cancel(client, order, token, before, why)
    return Held(str(Named.of(token, before, order.held(client))), order.seconds)


def _confirm(client: Client, order: Order, token: str, deadline: float) -> None:
    try:
        client.confirm(token)
    except Rejected as error:
        raise Failed(
            f"the router did not take the confirmation ({error}): the {order.seconds} s were over, and it "
            "took the change back; give it more time (confirm_timeout) and run again",
            restored=False,
        ) from None
    except Lost:
        # Whether it arrived tells the second try: there is nothing left to confirm if it did.
        again = reached_again(order, deadline)
        try:
            again.confirm(token)
        except Rejected:
            if order.left(again) or time.monotonic() >= deadline:
                raise Lost("the confirmation was not taken") from None
        finally:
            again.close()


def _take_back(order: Order, token: str, before: Facts, why: str, deadline: float) -> NoReturn:
    """Cancels a commit of which nothing is known. Always raises ``Failed``."""
    client = reached_or_failed(
        order,
        deadline,
        f"{why}, and the router was not reached again",
        f"if it had committed, it takes the change back by itself within {order.seconds} s",
    )
    try:
        _cancel(client, order, token, before, why)
    except Lost:
        raise Failed(
            f"{why}, and again; the router takes an unconfirmed change back by itself within "
            f"{order.seconds} s",
            restored=False,
        ) from None
    finally:
        client.close()


def _cancel(client: Client, order: Order, token: str, before: Facts, why: str) -> NoReturn:
    """Takes the commit back and looks whether all is as before. Always raises ``Failed``."""
    with contextlib.suppress(Rejected):  # nothing to cancel: it never came through, or the time was over
        client.cancel(token)
    raise taken_back(why, restored=not before or order.held(client) == before)
