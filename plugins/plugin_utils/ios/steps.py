# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lines of a change in the order in which a router gets them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .driver import leave_word, mode_of


@dataclass(frozen=True, slots=True)
class Step:
    """``line`` in the mode that the lines of ``path`` lead to, one below the other."""

    path: tuple[str, ...]
    line: str


def text(steps: Iterable[Step]) -> str:
    """As a configuration is written, for people and for golden files."""
    out: list[str] = []
    at: tuple[str, ...] = ()
    for step in steps:
        shared = _shared(at, step.path)
        out += [" " * depth + step.path[depth] for depth in range(shared, len(step.path))]
        out.append(" " * len(step.path) + step.line)
        at = (*step.path, step.line)
    return "\n".join(out) + "\n" if out else ""


def commands(steps: Iterable[Step]) -> Iterator[str]:
    """As the router gets them in configuration mode: every mode is left before another one is entered."""
    at: tuple[str, ...] = ()
    for step in steps:
        shared = _shared(at, step.path)
        for depth in range(len(at), shared, -1):
            yield leave_word(at[:depth])
        yield from step.path[shared:]
        yield step.line
        below = (*step.path, step.line)
        at = below if mode_of(below) and not step.line.startswith("no ") else step.path
    for depth in range(len(at), 0, -1):
        yield leave_word(at[:depth])


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many lines the two paths begin with alike."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
