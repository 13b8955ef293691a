# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a change over the command line is given, what it needs of a session, and how it may end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Cli(Protocol):
    """A session in privileged mode."""

    def send(self, line: str) -> str:
        """What the router prints for a line, refusals included. Raises :class:`Lost`."""

    def renew(self) -> None:
        """Leave this session and log in again. Raises :class:`Lost`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be there.

    ``minutes``: of the revert timer. ``wait``: seconds that the tunnels may take to come up, 0 not to wait.
    ``hold``: neither confirm nor save, others do.
    """

    intended: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    minutes: int = 3
    wait: int = 0
    push_secrets: bool = False
    save: bool = True
    hold: bool = False


@dataclass(slots=True)
class Outcome:
    """``lines`` as shown to people: references in the place of secrets.

    Of a change that is held, ``mark`` is what it is known by, and ``pending`` the seconds that it waits.
    """

    changed: bool
    lines: str = ""
    warnings: list[str] = field(default_factory=list)
    mark: str = ""
    pending: int = 0
