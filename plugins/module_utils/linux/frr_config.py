# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An FRR configuration as a tree of lines that keeps every byte which it does not have to change.

A context (``router bgp 65000``) holds lines and further contexts and ends with ``exit``,
``exit-address-family`` or, in indented text, where the indentation ends. Text without indentation has to
go through ``vtysh -m -f`` first, which marks where contexts end: see :func:`needs_marks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Path = tuple[str, ...]
"""A line with the contexts around it: ``("router bgp 65000", "bgp router-id 10.255.0.1")``."""

# Words that begin a context, and what begins one inside of it. Source: FRR's command reference.
_Openers = dict[str, Any]
OPENERS: _Openers = {
    "router ": {
        "address-family ": {"vni ": {}},
        "bmp targets ": {},
        "vrf-policy ": {},
        "vnc ": {},
        "segment-routing srv6": {"node-msd": {}},
    },
    "interface ": {"link-params": {}},
    "route-map ": {},
    "bfd": {"peer ": {}, "profile ": {}},
    "vrf ": {"rpki": {}},
    "key chain ": {"key ": {}},
    "line vty": {},
    "nexthop-group ": {},
    "pbr-map ": {},
    "rpki": {},
    "pseudowire ": {},
    "l2vpn ": {"member pseudowire ": {}},
    "mpls ldp": {"address-family ": {"interface ": {}}},
    "segment-routing": {
        "traffic-eng": {
            "segment-list ": {},
            "policy ": {"candidate-path ": {}},
            "pcep": {"pcc": {}, "pce ": {}, "pce-config ": {}},
        },
        "srv6": {
            "locators": {"locator ": {}},
            "static-sids": {},
            "encapsulation": {},
            "formats": {"format": {}},
        },
    },
}


@dataclass(slots=True)
class Node:
    """One line. ``key`` is its words, empty for a comment; ``close`` the line that ends its context."""

    raw: str = ""
    key: str = ""
    context: bool = False
    children: list[Node] = field(default_factory=list)
    close: str | None = None


def opens(openers: _Openers | None, key: str) -> _Openers | None:
    """What ``key`` opens where ``openers`` are known; None when it is a plain line."""
    for words, inner in (openers or {}).items():
        if key.startswith(words) if words.endswith(" ") else key == words:
            return dict(inner)
    return None


def is_comment(key: str) -> bool:
    return not key or key[0] in "!#"


def closes(key: str) -> bool:
    return key in ("exit", "quit") or key.startswith("exit-")


def indentation(raw: str) -> int:
    return len(raw) - len(raw.lstrip())


class _Parser:
    """``marked`` text comes from ``vtysh -m``: only its marks end a context."""

    def __init__(self, text: str, marked: bool) -> None:
        self.lines = [(raw, " ".join(raw.split())) for raw in text.splitlines()]
        self.marked = marked
        self.root = Node(context=True)
        self.stack: list[tuple[Node, int, _Openers | None]] = [(self.root, -1, OPENERS)]
        # A comment belongs to what follows it, so it waits for the next line.
        self.comments: list[Node] = []

    def parse(self) -> Node:
        for number, (raw, key) in enumerate(self.lines):
            if is_comment(key):
                self.comments.append(Node(raw))
            elif closes(key) and len(self.stack) > 1:
                self._close(raw, key)
            elif key == "end" and self.marked:
                while len(self.stack) > 1:
                    self._close(" " * self.stack[-1][1] + "exit", "exit")
            else:
                self._content(number, raw, key)
        del self.stack[1:]
        self._flush()
        return self.root

    def _flush(self) -> None:
        self.stack[-1][0].children += self.comments
        self.comments = []

    def _close(self, raw: str, key: str) -> None:
        if key == "exit-address-family":
            while len(self.stack) > 2 and not self.stack[-1][0].key.startswith("address-family"):
                self.stack.pop()
        self._flush()
        self.stack.pop()[0].close = raw

    def _content(self, number: int, raw: str, key: str) -> None:
        indent = indentation(raw)
        if not self.marked:
            while len(self.stack) > 1 and indent <= self.stack[-1][1]:
                self.stack.pop()
        self._flush()
        parent, _indent, openers = self.stack[-1]
        inner = opens(openers, key)
        node = Node(raw, key, context=inner is not None or (not self.marked and self._deeper(number, indent)))
        parent.children.append(node)
        if node.context:
            self.stack.append((node, indent, inner))

    def _deeper(self, number: int, indent: int) -> bool:
        following = next(((raw, key) for raw, key in self.lines[number + 1 :] if not is_comment(key)), None)
        return following is not None and indentation(following[0]) > indent and not closes(following[1])


def parse(text: str, *, marked: bool = False) -> Node:
    """The tree of a configuration; ``render(parse(text))`` is ``text`` (with a last line feed)."""
    return _Parser(text, marked).parse()


def render(root: Node) -> str:
    """The text of a tree."""
    return "".join(f"{line}\n" for line in _lines(root.children))


def _lines(nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        yield node.raw
        yield from _lines(node.children)
        if node.close is not None:
            yield node.close


def paths(root: Node) -> list[Path]:
    """Every line but comments, each once, in order."""
    found: dict[Path, None] = {}
    pending: list[tuple[Path, Node]] = [((), root)]
    while pending:
        above, node = pending.pop()
        path = (*above, node.key) if node is not root else ()
        if path:
            found.setdefault(path)
        pending += [(path, child) for child in reversed(node.children) if child.key]
    return list(found)


def needs_marks(text: str) -> bool:
    """Whether a context's lines are not indented, so that only FRR itself knows where it ends."""
    lines = [(raw, " ".join(raw.split())) for raw in text.splitlines()]
    content = [(raw, key) for raw, key in lines if not is_comment(key)]
    for (raw, key), (next_raw, next_key) in pairwise(content):
        begins = opens(OPENERS, key) is not None
        ends = closes(next_key) or next_key == "end" or opens(OPENERS, next_key) is not None
        if begins and not ends and indentation(next_raw) <= indentation(raw):
            return True
    return False
