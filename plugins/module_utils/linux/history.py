# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What became of each change of a router: who, when, why, the diff as it was shown, and the verdict."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .host import Host
from .journal import Journal
from .store import HISTORY, now

KEPT = 200


def note(host: Host, journal: Journal, verdict: str, because: str = "") -> None:
    """Add a line (confirmed or undone), before the journal goes: of two for a change, the last holds."""
    entry = {
        "commit": journal.commit,
        "generation": journal.generation,
        "begun": journal.since,
        "ended": now(),
        "who": journal.who,
        "why": journal.why,
        "verdict": verdict,
        "because": because,
        "diff": journal.diff,
    }
    lines = (host.read(HISTORY) or "").splitlines()[1 - KEPT :]
    host.write(HISTORY, "".join(f"{line}\n" for line in (*lines, json.dumps(entry))), 0o600)


def entries(host: Host) -> list[dict[str, Any]]:
    """One entry for each change, oldest first."""
    found: dict[str, dict[str, Any]] = {}
    for line in (host.read(HISTORY) or "").splitlines():
        entry = json.loads(line)
        found.pop(entry["commit"], None)
        found[entry["commit"]] = entry
    return list(found.values())


def unified(diff: Iterable[Mapping[str, str]]) -> str:
    """Ansible's diff entries as one text of lines that come and go."""
    return "".join(
        line
        for entry in diff
        for line in difflib.unified_diff(
            entry["before"].splitlines(keepends=True),
            entry["after"].splitlines(keepends=True),
            entry["before_header"],
            entry["after_header"],
            n=0,
        )
    )
