# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a failover check asks of a router, whatever runs on it."""

from __future__ import annotations

from typing import Protocol

from .clock import Reading
from .look import Look
from .plan import Plan

Times = dict[str, float]  # broken, line, restored: when the fault was there, when it went, when all was back


class Trouble(Exception):
    """A router could not do its part. The message is whole: what happened, how it stands now, what to do."""


class Router(Protocol):
    """One router, over the connection that Ansible holds to it."""

    def look(self) -> Look:
        """Changes nothing. Raises :class:`Trouble`."""

    def reading(self) -> Reading:
        """The clock that ``fault`` tells its times in, beside ours. Raises :class:`Trouble`."""

    def fault(self, plan: Plan) -> Times:
        """Breaks, waits, and returns when all is restored. Raises :class:`Trouble`."""
