# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One row of the table of causes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..evidence import Case, seen

Evidence = Callable[[Case], str | None]


@dataclass(frozen=True, slots=True)
class Cause:
    """One row. ``subject`` is a pattern that the result's subject must match; {peer}, {nbma}, {interface},
    {wan}, {subject}, {daemon}, {cloud}, {mtu} in texts are filled in.

    ``check`` is the check that failed; ``also`` are others that the same cause may make fail. ``ios`` is the
    remedy on an IOS router where it is not the same; ``at`` says which router the remedy is about: this one,
    the peer, or both ends, which may run different systems.
    """

    name: str
    check: str
    says: str
    remedy: str
    evidence: Evidence = seen
    subject: str = ""
    ios: str = ""
    at: Literal["here", "peer", "both"] = "here"
    also: tuple[str, ...] = ()

    @property
    def checks(self) -> tuple[str, ...]:
        return (self.check, *self.also)
