# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One router's configuration of ours, brought to what was rendered, over NETCONF."""

from __future__ import annotations

from xml.etree import ElementTree

from ..pending.errors import Lost, Refused
from . import candidate, checkpoint, one_session
from .abilities import CannotDo, way
from .client import Rejected, session
from .commits import refuse_waiting
from .console import Commands
from .delta import described_all
from .order import Held, Order, Outcome
from .owned import NotOurs
from .paths import Facts
from .places import read
from .saving import save as saved

CONFIRMED = (
    "the router's commits end with their session (confirmed-commit 1.0), so the change could not wait: it "
    "was confirmed as soon as it was seen over a new session"
)


def wanted_facts(text: str) -> Facts:
    """The facts of a rendered ``config.xml``, secrets in their places. Raises ``ElementTree.ParseError``."""
    return read(ElementTree.fromstring(text))


def apply(order: Order, *, check: bool = False, save: bool = True) -> Outcome:
    """The whole run. Raises ``Refused``, ``Failed`` and ``Unreachable``."""
    console = Commands(order.target)
    try:
        with session(order.opened) as client:
            how = way(client)
            # First: what waits may be a change of ours, and leave nothing to do.
            if how == "candidate":
                refuse_waiting(client)
            else:
                checkpoint.refuse_waiting(console)
            holds = how == "checkpoint" or client.can("confirmed-commit", "1.1")
            planned = order.difference(client)
    except (CannotDo, NotOurs) as error:
        raise Refused(str(error)) from None
    except (Rejected, Lost) as error:
        raise Refused(f"the router's configuration could not be read: {error}") from None
    if not planned:
        return Outcome(changed=False, way=how)
    lines, before, after = planned.lines(), described_all(planned.before), described_all(planned.after())
    if check:
        return Outcome(True, lines, before, after, how)
    try:
        held = Held()
        if how == "checkpoint":
            held = checkpoint.change(order, console)
        elif holds:
            held = candidate.change(order)
        else:
            one_session.change(order)
    except NotOurs as error:
        raise Refused(str(error)) from None
    if held:
        return Outcome(True, lines, before, after, how, held=held)
    stored, warnings = saved(order.opened) if save else (False, [])
    if order.hold:
        warnings = [CONFIRMED, *warnings]
    return Outcome(True, lines, before, after, how, stored, warnings)
