# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The configuration as a tree of lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .rules import Rule


@dataclass(slots=True)
class Node:
    """One line: its words in full, without indent, and the lines below it.

    `words` begins with "no" where the line says that a default is off. `values` are the named values of its
    rule. `key` is what tells it from its siblings: a line with the same key replaces it.
    """

    words: tuple[str, ...] = ()
    rule: Rule | None = None
    key: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    children: dict[tuple[str, ...], Node] = field(default_factory=dict)
    parent: Node | None = None

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def get(self, start: str) -> Node | None:
        """The first child whose line begins with these words."""
        return next(self.all(start), None)

    def all(self, start: str) -> Iterator[Node]:
        """The children whose lines begin with these words."""
        words = tuple(start.split())
        return (child for child in self.children.values() if child.words[: len(words)] == words)

    def value(self, start: str, name: str, otherwise: str = "") -> str:
        """A named value of the first child that begins with these words."""
        child = self.get(start)
        return child.values.get(name, otherwise) if child else otherwise

    def walk(self) -> Iterator[Node]:
        """Every line below this one, parents first."""
        for child in list(self.children.values()):
            yield child
            yield from child.walk()

    def path(self) -> tuple[tuple[str, ...], ...]:
        """The keys from the root to this line."""
        return (*self.parent.path(), self.key) if self.parent else ()

    def find(self, path: tuple[tuple[str, ...], ...]) -> Node | None:
        """The line at a path."""
        node: Node | None = self
        for key in path:
            node = node.children.get(key) if node else None
        return node

    def attach(self, child: Node) -> Node:
        child.parent = self
        self.children[child.key] = child
        return child

    def remove(self, key: tuple[str, ...]) -> Node | None:
        return self.children.pop(key, None)
