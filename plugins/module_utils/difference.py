# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One difference between inventory and router, and who could have made it; the same for all platforms."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

OURS, THEIRS, DEFAULT = "ours", "theirs", "default"
DRIFT, NOTE, UNKNOWN = "drift", "note", "unknown"
LINES = 12  # of configuration that one difference shows


@dataclass(frozen=True, slots=True)
class Difference:
    """``area`` is the part of the audit that saw it, ``subject`` what differs.

    ``owner``: ``ours`` is a file, line, unit or setting of the collection, ``theirs`` configuration of
    somebody else, ``default`` what a daemon, kernel or router does when nobody says otherwise. ``by`` says
    who could have made it, ``since`` when at the latest (seconds since 1970), if that is known. ``lines`` are
    configuration, ``+`` what the router lacks and ``-`` what it has too much; secrets are not in them.
    ``severity`` ``note`` leaves a router clean, ``unknown`` could not be read.
    """

    area: str
    subject: str
    owner: str
    what: str
    by: str = ""
    remedy: str = ""
    since: float | None = None
    severity: str = DRIFT
    lines: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def shortened(lines: list[str]) -> list[str]:
    """At most ``LINES`` lines, and how many more there are."""
    more = len(lines) - LINES
    return lines if more <= 0 else [*lines[:LINES], f"... and {more} more lines"]
