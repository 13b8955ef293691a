# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which routers know of a revocation, and what each had with the one that was revoked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..judge.present import paragraph, table

HEADINGS = ("router", "list", "SAs ended", "bindings taken back")


@dataclass(slots=True)
class Told:
    """One router; ``error`` says why it does not know."""

    host: str
    sas: int = 0
    bindings: tuple[str, ...] = ()
    error: str | None = None


def outcome(host: str, listed: Any, evicted: Any) -> Told:
    """From what its tasks returned; None where they did not run."""
    skipped = isinstance(evicted, Mapping) and evicted.get("skipped")
    for result in (listed,) if skipped else (listed, evicted):
        if not isinstance(result, Mapping) or result.get("failed") or result.get("unreachable"):
            message = str(result.get("msg", "")) if isinstance(result, Mapping) else ""
            return Told(host, error=message.partition("\n")[0] or "it could not be reached")
    held = {} if skipped else evicted
    return Told(host, int(held.get("sas", 0)), tuple(held.get("bindings", ())))


def console(name: str, fleet: list[Told]) -> str:
    """A table, and a paragraph for each router that does not know."""
    rows = [
        (one.host, "no" if one.error else "yes", str(one.sas), ", ".join(one.bindings) or "-")
        for one in fleet
    ]
    lines = table(rows, HEADINGS)
    for one in fleet:
        if one.error:
            lines += ["", *paragraph(f"{one.host}: still lets {name} in", [("why", one.error)])]
    known = sum(one.error is None for one in fleet)
    return "\n".join([*lines, "", f"{name}: {known} of {len(fleet)} routers know"])
