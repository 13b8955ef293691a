# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An IOS router: the controller shuts its WANs over the command line, and its own clock tells when."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ..ios.wish import Cli
from ..pending.errors import Lost
from . import ios_fault, ios_look
from .clock import Reading
from .look import Look
from .plan import Plan
from .router import Times, Trouble

T = TypeVar("T")


class IosRouter:
    """Times are the controller's; their error is how long the commands were under way."""

    def __init__(self, name: str, cli: Cli) -> None:
        self.name = name
        self._cli = cli
        self._error = 0.0

    def look(self) -> Look:
        return self._own(lambda: ios_look.look(self.name, self._cli))

    def reading(self) -> Reading:
        """Our clock is its own; as wrong as the slower of the commands that began and ended a fault."""
        now = time.monotonic()
        return Reading(now, now, self._error)

    def fault(self, plan: Plan) -> Times:
        held = self._own(lambda: ios_fault.hold(self._cli, plan.wans, plan.duration))
        self._error = max(held.broken.error, held.line.error)
        return {"broken": held.broken.when, "line": held.line.when, "restored": held.restored}

    def _own(self, step: Callable[[], T]) -> T:
        """What goes wrong is this router's."""
        try:
            return step()
        except Lost as lost:
            raise Trouble(f"{self.name} cannot be reached, nothing was broken: {lost}") from None
        except Trouble as trouble:
            raise Trouble(f"{self.name}: {trouble}") from None
