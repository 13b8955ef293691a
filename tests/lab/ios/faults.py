# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Faults on demand: given at the start, or written to the file `faults` in the state directory, one a line.

=======================  ===================================================================================
``slow=SECONDS``         every answer comes that much later
``drop=N``               the connection is cut after N configuration lines (of one session)
``invalid=REGEX``        lines that match are refused: `% Invalid input detected at '^' marker.`
``licence``              the security licence is missing: IPsec commands are refused
``archive-full``         there is no room on the flash
``lock``                 another session holds the configuration lock
``auth``                 every login fails
``enable``               the enable secret is never right
``hang=REGEX``           a line that matches is never answered
``reload-on=REGEX``      the power fails after a line that matches
``protection-shuts``     another `tunnel protection` leaves the tunnel shut down (reported, not confirmed)
=======================  ===================================================================================

The file is read before every line, so that a test can break and mend a device that runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

NAMES = (
    "slow",
    "drop",
    "invalid",
    "licence",
    "archive-full",
    "lock",
    "auth",
    "enable",
    "hang",
    "reload-on",
    "protection-shuts",
)


class Faults:
    """What is broken at the moment."""

    def __init__(self, given: Iterable[str] = (), file: Path | None = None) -> None:
        self._given = [parse(text) for text in given]
        self._file = file

    def _now(self) -> list[tuple[str, str]]:
        written: list[tuple[str, str]] = []
        if self._file is not None and self._file.exists():
            lines = self._file.read_text().splitlines()
            written = [parse(line.strip()) for line in lines if line.strip()]
        return [*self._given, *written]

    def on(self, name: str) -> bool:
        return any(found == name for found, _unused in self._now())

    def number(self, name: str) -> float | None:
        return next((float(value) for found, value in self._now() if found == name), None)

    def matches(self, name: str, line: str) -> bool:
        return any(found == name and re.search(value, line) for found, value in self._now())


def parse(text: str) -> tuple[str, str]:
    """`drop=3` as its name and value. Raises ValueError for a fault that there is not."""
    name, _unused, value = text.partition("=")
    if name not in NAMES:
        raise ValueError(f"no fault {name}; there are: {', '.join(NAMES)}")
    if name in ("slow", "drop"):
        float(value)
    elif name in ("invalid", "hang", "reload-on", "protection-shuts"):
        re.compile(value)
    return name, value
