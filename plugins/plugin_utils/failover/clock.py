# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two clocks: a router's uptime and the controller's, from readings before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """The router's uptime ``there`` when our clock was ``here``, to ``error`` seconds either way."""

    here: float
    there: float
    error: float


def best(readings: Sequence[Reading]) -> Reading:
    return min(readings, key=lambda reading: reading.error)


class Clock:
    """Turns a router's uptime into the controller's time; between two readings clocks drift evenly."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        """``readings`` are at least one, in the order of time."""
        self.first, self.last = readings[0], readings[-1]
        self.error = max(reading.error for reading in readings)

    @property
    def rate(self) -> float:
        """Seconds of the controller for one of the router."""
        there = self.last.there - self.first.there
        return (self.last.here - self.first.here) / there if there > 10 else 1.0

    def here(self, there: float) -> float:
        return self.first.here + (there - self.first.there) * self.rate
