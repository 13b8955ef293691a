# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One router's configuration of ours, brought to what was rendered, over NETCONF."""

from __future__ import annotations

from xml.etree import ElementTree

from ..pending.errors import Lost, Refused
from . import candidate, checkpoint
from .abilities import CannotDo, modules, way
from .client import Client, Rejected, session
from .console import console
from .delta import described_all
from .order import Order, Outcome
from .owned import NotOurs
from .paths import Facts
from .places import read


def wanted_facts(text: str) -> Facts:
    """The facts of a rendered ``config.xml``, secrets in their places. Raises ``ElementTree.ParseError``."""
    return read(ElementTree.fromstring(text))


def apply(order: Order, *, check: bool = False, save: bool = True) -> Outcome:
    """The whole run. Raises ``Refused``, ``Failed`` and ``Unreachable``."""
    try:
        with session(order.opened) as client:
            how = way(client)
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
        if how == "candidate":
            candidate.change(order)
        else:
            checkpoint.change(order, console(order.target))
    except NotOurs as error:
        raise Refused(str(error)) from None
    saved, warnings = _save(order) if save else (False, [])
    return Outcome(True, lines, before, after, how, saved, warnings)


def _save(order: Order) -> tuple[bool, list[str]]:
    """Writes the confirmed configuration to the startup configuration. A failure is a warning: it runs."""
    try:
        with session(order.opened) as client:
            return _saved(client)
    except Exception as error:  # the change is confirmed, whatever happens to its saving
        return False, [
            f"the configuration runs and is not saved ({error}); write on the router: write memory"
        ]


def _saved(client: Client) -> tuple[bool, list[str]]:
    if "cisco-ia" not in modules(client):
        return False, ["the router offers no request to save (cisco-ia:save-config); write: write memory"]
    client.agent("save-config")
    return True, []
