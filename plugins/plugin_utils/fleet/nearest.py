# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nearest known name to one that is misspelt."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from functools import lru_cache


def nearest(name: object, known: Collection[str]) -> str | None:
    """The known name that was probably meant, or None."""
    return _nearest(name, tuple(known)) if isinstance(name, str) else None


# A variable that is misspelt in a group is misspelt for each of its hosts.
@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    folded = {entry.lower(): entry for entry in known}
    found = get_close_matches(name.lower()[:64], folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else None


def or_one_of(name: str | None, known: Collection[str], what: str = "") -> str:
    """A remedy: the nearest name if there is one, else all of them."""
    if name is not None:
        return f"did you mean {name!r}?"
    return f"write one of {what + ' ' if what else ''}{', '.join(sorted(known))}" if known else "remove it"
