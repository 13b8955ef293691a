# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Configuration text as a tree of lines, by their indent. All that this package knows of the SSH device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Line:
    """One line in words, and the lines of its sub-mode. The root has no words."""

    words: tuple[str, ...] = ()
    children: list[Line] = field(default_factory=list)

    def all(self, start: str) -> Iterator[Line]:
        """The lines of this mode that begin with these words."""
        wanted = tuple(start.split())
        return (child for child in self.children if child.words[: len(wanted)] == wanted)

    def first(self, start: str) -> Line | None:
        return next(self.all(start), None)

    def has(self, start: str) -> bool:
        return self.first(start) is not None

    def rest(self, start: str) -> tuple[str, ...]:
        """What follows these words on the first line that begins with them; empty if none does."""
        line = self.first(start)
        return line.words[len(start.split()) :] if line else ()

    def word(self, start: str, otherwise: str = "") -> str:
        """The word after these on the first line that begins with them."""
        return next(iter(self.rest(start)), otherwise)

    def number(self, start: str, otherwise: int) -> int:
        word = self.word(start)
        return int(word) if word.isdigit() else otherwise

    def after(self, word: str) -> str:
        """The word that follows `word` on this line; empty if it is not there."""
        where = self.words.index(word) + 1 if word in self.words else len(self.words)
        return self.words[where] if where < len(self.words) else ""


def parse(text: str) -> Line:
    """The tree of a running configuration. A `!` and a blank line say nothing."""
    root = Line()
    open_modes = [(-1, root)]
    for raw in text.splitlines():
        words = tuple(raw.split())
        if not words or words[0].startswith("!"):
            continue
        indent = len(raw) - len(raw.lstrip())
        while open_modes[-1][0] >= indent:
            open_modes.pop()
        line = Line(words)
        open_modes[-1][1].children.append(line)
        open_modes.append((indent, line))
    return root
