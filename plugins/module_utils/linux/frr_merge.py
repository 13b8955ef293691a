# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Our lines in somebody's FRR configuration: put in, changed, taken out, and no other line touched.

We own the lines of the last applied fragment. A line that was there before us is recorded as foreign: we
share it, and it stays when our fragment no longer has it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from .frr_config import Node, Path, parse, paths, render

# The router's own choice stays: it changes nothing for the tunnels.
YIELDING = ("bgp router-id ", "ospf router-id ")
# FRR keeps one of each; ours would silently replace the router's own.
SINGLE = ("nhrp event socket ", "nhrp nflog-group ", "nhrp multicast-nflog-group ", "bgp listen limit ")
# One AS number per VRF; other VRFs are no concern of ours.
_BGP = re.compile(r"router bgp \d+")


class FrrConflict(Exception):
    """The router's own configuration contradicts ours; each message is one line for the user."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = list(messages)
        super().__init__("; ".join(self.messages))


@dataclass(frozen=True, slots=True)
class Merged:
    """``text`` has our lines; ``foreign`` are those of them that were there before us."""

    text: str
    foreign: list[Path] = field(default_factory=list)
    added: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)


def merge(
    current: str, owned_old: str, fragment_new: str, foreign: Collection[Path] = (), *, marked: bool = False
) -> Merged:
    """Replace the lines of ``owned_old`` in ``current`` by those of ``fragment_new``.

    ``marked`` says that ``current`` comes from ``vtysh -m``. Raises :class:`FrrConflict`.
    """
    root = parse(current, marked=marked)
    fragment = parse(fragment_new)
    before = paths(root)
    owned = set(paths(parse(owned_old))) - set(foreign)
    others = [path for path in before if path not in owned]
    _refuse_conflicts(paths(fragment), others)
    _yield(fragment, (), others)
    wanted = paths(fragment)
    here, kept = set(before), set(wanted)
    shared = [path for path in wanted if path in here and path not in owned]
    _remove(root, (), {path for path in owned if path not in kept})
    _place(root, [root], fragment)
    after = paths(root)
    now = set(after)
    return Merged(
        text=render(root),
        foreign=shared,
        added=[path for path in after if path not in here],
        removed=[path for path in before if path not in now],
    )


def _remove(node: Node, path: Path, unwanted: set[Path]) -> None:
    """Take out unwanted lines; a context stays while it holds a line of somebody else."""
    kept = []
    for child in node.children:
        here = (*path, child.key)
        if child.context:
            _remove(child, here, unwanted)
        if not child.key or here not in unwanted or any(inner.key for inner in child.children):
            kept.append(child)
    node.children = kept


def _place(root: Node, parents: list[Node], wanted: Node) -> None:
    """Add what is missing under one context (which a text may open more than once), in our order."""
    last: tuple[Node, Node] | None = None
    for child in wanted.children:
        if not child.key:
            continue
        found = [(parent, node) for parent in parents for node in parent.children if node.key == child.key]
        if not found:
            new = replace(child, children=[])
            last = (_insert(root, parents[0], last, new), new)
            found = [last]
        last = found[0]
        if child.context:
            last[1].context = True
            _place(root, [node for _position, node in found], child)


def _insert(root: Node, first: Node, last: tuple[Node, Node] | None, new: Node) -> Node:
    """Put ``new`` behind our line before it, else at the end; returns where it went."""
    parent = last[0] if last else first
    siblings = parent.children
    if last:
        index = next(i for i, node in enumerate(siblings) if node is last[1]) + 1
    else:
        index = _end(siblings, contexts=new.context or parent is root)
    before = next((node for node in reversed(siblings[:index]) if node.key), None)
    if before is not None and before.context and before.close is None:
        before.close = " " * (len(before.raw) - len(before.raw.lstrip())) + "exit"
    siblings.insert(index, new)
    return parent


def _end(siblings: list[Node], contexts: bool) -> int:
    """Behind the last line, or before the first context where a plain line belongs there."""
    if not contexts:
        for index, node in enumerate(siblings):
            if node.context:
                while index and not siblings[index - 1].key:
                    index -= 1
                return index
    last = max((i for i, node in enumerate(siblings) if node.key and node.key != "end"), default=-1)
    while last + 1 < len(siblings) and siblings[last + 1].raw.strip() == "!":
        last += 1
    return last + 1 if last >= 0 else next((i for i, n in enumerate(siblings) if n.key), len(siblings))


def _yield(wanted: Node, path: Path, others: list[Path]) -> None:
    """Drop our lines for which the router has its own choice."""
    taken = {(*other[:-1], words) for other in others for words in YIELDING if other[-1].startswith(words)}
    exact = set(others)
    kept = []
    for child in wanted.children:
        here = (*path, child.key)
        words = next((words for words in YIELDING if child.key.startswith(words)), None)
        if words and (*path, words) in taken and here not in exact:
            continue
        _yield(child, here, others)
        kept.append(child)
    wanted.children = kept


def _refuse_conflicts(wanted: list[Path], others: list[Path]) -> None:
    by_context: dict[Path, list[str]] = {}
    for other in others:
        by_context.setdefault(other[:-1], []).append(other[-1])
    ours = set(wanted)
    messages = []
    for path in wanted:
        line = path[-1]
        for theirs in by_context.get(path[:-1], []):
            if (*path[:-1], theirs) not in ours and _contradict(line, theirs):
                where = f" in {' / '.join(path[:-1])}" if len(path) > 1 else ""
                messages.append(f"FRR has '{theirs}'{where}, the inventory needs '{line}'")
    if messages:
        raise FrrConflict(messages)


def _contradict(line: str, other: str) -> bool:
    if _BGP.fullmatch(line) and _BGP.fullmatch(other):
        return True
    if f"no {line}" == other or f"no {other}" == line:
        return True
    return any(line.startswith(words) and other.startswith(words) for words in SINGLE)
