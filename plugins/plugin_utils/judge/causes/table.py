# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a failed check to its likely cause: an ordered table, the first row that has evidence wins.

A row's ``evidence`` function looks across all layers, and at the other end where its state is known, and
returns what speaks for the cause, or None. The last row of a check needs no evidence: it says what is left.
The rows stand in a file for each layer; the order counts within a check only.
"""

from __future__ import annotations

from . import ipsec, nhrp, path, router, routing, tunnel
from .row import Cause

TABLE: tuple[Cause, ...] = (
    *router.ROWS,
    *tunnel.ROWS,
    *ipsec.ROWS,
    *nhrp.ROWS,
    *routing.ROWS,
    *path.ROWS,
)


def rows_of(check: str) -> list[Cause]:
    """The rows of a check, in the order in which they are tried."""
    return [cause for cause in TABLE if check in cause.checks]


def rows_named(name: str) -> list[Cause]:
    """The rows of a cause."""
    return [cause for cause in TABLE if cause.name == name]
