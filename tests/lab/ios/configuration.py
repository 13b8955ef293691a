# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The running configuration: takes lines as IOS does and prints itself as IOS does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from .notation import Match, Refusal, read
from .rules import Caret, Change, Grammar, Rule
from .tree import Node

Path = tuple[tuple[str, ...], ...]
GLOBAL = "global"


@dataclass(slots=True)
class Result:
    """What a line did: what IOS prints, where the session is now, and whether it was taken."""

    taken: bool
    path: Path
    output: str = ""
    refusal: Refusal | None = None
    safe: str = ""


@dataclass(slots=True)
class Facts:
    """What the router has besides its configuration."""

    interfaces: list[str] = field(default_factory=lambda: [f"GigabitEthernet{n}" for n in range(1, 5)])
    licences: set[str] = field(default_factory=lambda: {"securityk9"})
    # Reported of real routers, but not known for sure; see faults.py.
    quirks: set[str] = field(default_factory=set)


class Configuration:
    """A tree of lines under a grammar.

    `on_change` are called with the configuration after every line that changed it.
    """

    def __init__(self, grammar: Grammar, facts: Facts | None = None) -> None:
        self.grammar = grammar
        self.facts = facts or Facts()
        self.root = Node()
        self.on_change: list[Callable[[Configuration], None]] = []
        self.config_key = ""

    def mode(self, node: Node) -> str:
        """The name of the mode that a line leads to."""
        return node.rule.enters if node.rule else GLOBAL

    def line(self, path: Path, line: str) -> Result:
        """Take one line in the mode of the line at `path`."""
        text = line.strip()
        if not text or text.startswith("!"):
            return Result(True, path)
        offset = len(line) - len(line.lstrip())
        at = self.root.find(path)
        if at is None:
            at, path = self.root, ()
        first, _unused, rest = text.partition(" ")
        if text.lower() in ("no", "default"):
            return Result(False, path, refusal=Refusal("incomplete", len(line)))
        negated = first.lower() in ("no", "default") and bool(rest.strip())
        body = rest if negated else text
        shift = offset + len(line.strip()) - len(body)
        body = body.lstrip()
        shift = line.index(body, offset + (len(first) if negated else 0))
        worst: Refusal | None = None
        for place in self._places(at):
            mode = self.mode(place)
            if not negated:
                left = read(body, self.grammar.leaves[mode])
                if isinstance(left, Match) and place.parent is not None:
                    return Result(True, place.parent.path(), safe=left.words[0])
            match = read(body, self.grammar.syntaxes(mode, negated), negated)
            if isinstance(match, Match):
                return self._commit(place, path, match, first.lower() if negated else "", shift)
            if worst is None or match.rank() > worst.rank():
                worst = match
        assert worst is not None
        return Result(False, path, refusal=Refusal(worst.kind, worst.column + shift))

    def _places(self, at: Node) -> Iterable[Node]:
        yield at
        while at.parent is not None:
            mode = self.grammar.modes[self.mode(at)]
            at = at.parent if mode.falls_to == "parent" else self.root
            yield at

    def _commit(self, parent: Node, path: Path, match: Match, negation: str, shift: int) -> Result:
        rule = self.grammar.rule(match)
        if rule.drops:
            words = tuple(word for word in match.words if word not in rule.drops)
            key = tuple(word for word in match.key if word not in rule.drops)
            match = replace(match, words=words, key=key)
        change = Change(self, parent, match, bool(negation))
        safe = f"{negation} {self._safe(rule, match)}".strip()
        if negation == "default":
            change.negated = not rule.is_on(self.grammar.release)
        for check in rule.checks:
            text = check(change)
            if isinstance(text, Caret):
                column = match.columns.get(text, 0) + shift
                return Result(False, path, refusal=Refusal("invalid", column), safe=safe)
            if text:
                return Result(False, path, text, safe=safe)
        if change.negated:
            self._take_away(rule, change)
        else:
            self._put(rule, change)
        said = [text for effect in rule.effects if (text := effect(change))]
        for listener in self.on_change:
            listener(self)
        gone = self.root.find(path) is None
        if rule.enters and not change.negated and change.node is not None:
            path = change.node.path()
        elif parent is self.root or gone:
            path = parent.path()
        return Result(True, path, "\n".join(said), safe=safe)

    def _put(self, rule: Rule, change: Change) -> None:
        parent, match = change.parent, change.match
        existing = parent.children.get(match.key)
        value = " ".join(match.words[len(match.key) :])
        if rule.is_on(self.grammar.release) or (rule.default is not None and value == rule.default):
            change.node = parent.remove(match.key)
            return
        if existing is not None:
            change.node, change.before = existing, existing.words
            existing.words, existing.values, existing.rule = match.words, dict(match.values), rule
            return
        change.created = True
        change.node = parent.attach(Node(match.words, rule, match.key, dict(match.values)))
        if rule.enters:
            for absent, key in self.grammar.shown_when_absent(rule.enters):
                change.node.attach(Node(("no", *key), absent, key))

    def _take_away(self, rule: Rule, change: Change) -> None:
        parent, match = change.parent, change.match
        if self.grammar.wipes(match):
            prefix = match.words
            for key in [key for key in parent.children if key[: len(prefix)] == prefix]:
                change.node = parent.remove(key)
            return
        change.node = parent.remove(match.key)
        if rule.is_on(self.grammar.release) or rule.show_no:
            parent.attach(Node(("no", *match.key), rule, match.key))

    def _safe(self, rule: Rule, match: Match) -> str:
        """A line as a log may hold it."""
        secrets = {match.values[name] for name in rule.secret if name in match.values}
        return " ".join("<removed>" if word in secrets else word for word in match.words)

    # Printing

    def text(self, node: Node | None = None, indent: int = 0) -> str:
        """The lines below a node, as running-config prints them."""
        return "\n".join(self.lines(self.root if node is None else node, indent))

    def ordered(self, node: Node) -> list[Node]:
        """The children of a node in the order in which IOS prints them."""

        def place(child: Node) -> tuple[int, int, list[tuple[int, str]], int]:
            rule = child.rule
            assert rule is not None
            mine = self.grammar.place[id(rule)]
            if rule.group and (name := child.values.get(rule.group, child.key[1])):
                # Named groups first, then addresses in the order of numbers.
                return self.grammar.groups[rule.mode, rule.group], int(name[0].isdigit()), natural(name), mine
            text = " ".join(child.key)
            ranks = [n for n, start in enumerate(rule.ranks) if text.startswith(start)]
            rank = ranks[0] if ranks else len(rule.ranks)
            return mine, rank, natural(text) if rule.sort else [], 0

        return sorted(node.children.values(), key=place)

    def lines(self, node: Node, indent: int = 0) -> list[str]:
        out: list[str] = []
        pad = " " * indent
        last = ""
        for child in self.ordered(node):
            rule = child.rule
            assert rule is not None
            mode = self.grammar.modes[rule.enters] if rule.enters else None
            section = child.text.split(" ")[0] if child.words[0] != "no" else child.words[1]
            if (
                indent == 0
                and (mode is not None or (last and section != last))
                and (not out or out[-1] != "!")
            ):
                out.append("!")
            elif mode is not None and mode.bang == "before":
                out.append(f"{pad}!")
            last = section
            out.append(f"{pad}{child.text}{' ' if rule.blank else ''}")
            if mode is not None:
                out.extend(self.lines(child, indent + 1))
                if mode.leave:
                    out.append(f"{pad if mode.leave_pad is None else mode.leave_pad}{mode.leave}")
                if mode.bang == "after":
                    out.append(f"{pad}!")
                if indent == 0:
                    out.append("!")
        return out

    # Whole configurations

    def load(self, text: str) -> list[tuple[str, str]]:
        """Take every line of a text; returns those that were refused, with the reason."""
        failed: list[tuple[str, str]] = []
        path: Path = ()
        for line in text.splitlines():
            if line.strip() in ("end", "") or line.startswith("!"):
                path = () if line.startswith("!") else path
                continue
            if not line.startswith(" "):
                path = ()
            result = self.line(path, line.rstrip())
            path = result.path
            if not result.taken:
                failed.append((line.strip(), result.output or describe(result)))
        return failed


def natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in a text as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"[0-9]+|[^0-9]+", text)]


def describe(result: Result) -> str:
    """The one line that IOS prints for a refusal."""
    kind = result.refusal.kind if result.refusal else ""
    return {
        "invalid": "% Invalid input detected at '^' marker.",
        "incomplete": "% Incomplete command.",
        "ambiguous": "% Ambiguous command:",
    }.get(kind, result.output)
