# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A set of prefixes that answers in logarithmic time what holds a prefix and what overlaps it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network


def span(prefix: IPv4Network) -> tuple[int, int]:
    """First and last address as numbers."""
    first = int(prefix.network_address)
    return first, first | (0xFFFFFFFF >> prefix.prefixlen)


class PrefixSet:
    """Only the outermost prefixes are kept: two prefixes are nested or disjoint."""

    def __init__(self, prefixes: Iterable[IPv4Network]) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        self._prefix: list[IPv4Network] = []
        for prefix in sorted(set(prefixes), key=lambda p: (int(p.network_address), p.prefixlen)):
            first, last = span(prefix)
            if not self._last or first > self._last[-1]:
                self._first.append(first)
                self._last.append(last)
                self._prefix.append(prefix)

    def holding(self, first: int, last: int) -> IPv4Network | None:
        """The prefix in which this range lies."""
        place = bisect_right(self._first, first) - 1
        return self._prefix[place] if place >= 0 and self._last[place] >= last else None

    def overlapping(self, first: int, last: int) -> IPv4Network | None:
        """The last prefix that shares an address with this range."""
        place = bisect_right(self._first, last) - 1
        return self._prefix[place] if place >= 0 and self._last[place] >= first else None

    def holding_address(self, address: IPv4Address) -> IPv4Network | None:
        return self.holding(int(address), int(address))
