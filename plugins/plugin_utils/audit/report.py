# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the audit found of each router, and the verdict over all of them; kept on disk, 0600."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ...module_utils.difference import DEFAULT, DRIFT, NOTE, OURS, THEIRS, UNKNOWN, Difference
from ..judge.store import path_of, write

OWNERS = (OURS, THEIRS, DEFAULT)
_differences = TypeAdapter(list[Difference])
NOT_REACHED = "the run ended for this router before it was audited (unreachable or failed)"


@dataclass(slots=True)
class Audit:
    """One router. ``applied`` is the end of the last run that changed it, seconds since 1970."""

    host: str
    site: int | None = None
    areas: tuple[str, ...] = ()
    applied: float | None = None
    differences: list[Difference] = field(default_factory=list)
    error: str | None = None

    def of(self, severity: str) -> list[Difference]:
        return [one for one in self.differences if one.severity == severity]

    def count(self, owner: str) -> int:
        """How many things of this owner have drifted."""
        return sum(one.owner == owner for one in self.of(DRIFT))

    @property
    def verdict(self) -> str:
        if self.error:
            return "NOT AUDITED"
        if self.of(DRIFT):
            return "DRIFT"
        return "NOT PROVEN" if self.of(UNKNOWN) else "clean"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "host": self.host,
            "site": self.site,
            "verdict": self.verdict,
            "areas": list(self.areas),
            "applied": self.applied,
            "drift": {owner: self.count(owner) for owner in OWNERS},
            "notes": len(self.of(NOTE)),
            "error": self.error,
            "differences": [one.to_dict() for one in self.differences],
        }


def save(directory: Path, audit: Audit) -> None:
    """Raises ``OSError``."""
    write(path_of(directory, audit.host), json.dumps(audit.to_dict(), indent=1) + "\n")


def load(directory: Path, host: str) -> Audit:
    """What this run wrote of a host; an error if it wrote nothing."""
    try:
        held = json.loads(path_of(directory, host).read_text(encoding="utf-8"))
        return Audit(
            host,
            held["site"],
            tuple(held["areas"]),
            held["applied"],
            parse_differences(held["differences"]),
            held["error"],
        )
    except FileNotFoundError:
        return Audit(host, error=NOT_REACHED)
    except (OSError, ValueError, KeyError) as error:
        return Audit(host, error=f"what was written of it cannot be read: {error}")


def parse_differences(value: list[dict[str, Any]]) -> list[Difference]:
    """What a router returned. Raises ValueError for another shape."""
    return _differences.validate_python(value)


def clean(audits: list[Audit]) -> bool:
    """Only if there is a router, and each was compared and is as the inventory says."""
    return bool(audits) and all(audit.verdict == "clean" for audit in audits)
