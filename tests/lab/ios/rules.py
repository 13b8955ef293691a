# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the grammar is written in: modes and rules, both plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .notation import Match, Syntax
from .tree import Node

if TYPE_CHECKING:
    from .configuration import Configuration


@dataclass(slots=True)
class Change:
    """A line that is about to be, or just was, committed below `parent`.

    `node` is what stands for it: for an effect the new line, or with `negated` the one that was taken away.
    `created` tells that there was no such line, `before` are the words of the one that was replaced.
    """

    config: Configuration
    parent: Node
    match: Match
    negated: bool = False
    node: Node | None = None
    created: bool = False
    before: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, str]:
        return self.match.values

    @property
    def root(self) -> Node:
        return self.config.root


class Caret(str):
    """A refusal that points at a named value, or with an empty name at the first word."""


# A check returns the text with which IOS refuses, an effect the text that it prints (None: nothing).
Check = Callable[[Change], str | None]


@dataclass(frozen=True, slots=True)
class Mode:
    """A configuration mode.

    prompt    what stands in the brackets of the prompt
    falls_to  where a command that the mode does not know is looked up: "global" or "parent"
    leave     the word that leaves it, beside `exit`; running-config prints it after the mode's last line
    leave_pad what stands before that word, instead of the indent
    bang      where running-config prints a `!` around the mode: "before", "after" or nowhere
    """

    name: str
    prompt: str
    falls_to: str = "global"
    leave: str = ""
    leave_pad: str | None = None
    bang: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One command of one mode.

    syntax    in the notation of notation.py
    no        further forms that exist with `no` only; they take away every line that begins so
    enters    the mode that the command enters
    default   the value (what follows `=`) that is never shown
    on        the plain form is the default and hidden, the `no` form is shown
    on_since  the release since which that is so, (15, 7)
    since     the release that has the command first, `until` the first that does not
    show_no   the `no` form is shown as long as there is no value (`no ip address`)
    checks    run before the commit; effects after it (both also for `no`: see Change.negated)
    secret    names of values that no log may hold
    blank     a trailing blank is printed
    sort      children print in the order of their keys instead of that of their entry
    ranks     beginnings of the line that print first, in this order
    drops     words that may be typed but are never shown
    group     the value whose lines print together, whatever their place (`peer`)
    order     place among its siblings; by default that of the rule in its file
    """

    mode: str
    syntax: str
    no: tuple[str, ...] = ()
    enters: str = ""
    default: str | None = None
    on: bool = False
    on_since: tuple[int, int] | None = None
    since: tuple[int, int] = (0, 0)
    until: tuple[int, int] = (99, 0)
    show_no: bool = False
    checks: tuple[Check, ...] = ()
    effects: tuple[Check, ...] = ()
    secret: tuple[str, ...] = ()
    blank: bool = False
    sort: bool = False
    ranks: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    group: str = ""
    order: int = 0

    def is_on(self, release: tuple[int, int]) -> bool:
        """Whether the plain form is the default in a release."""
        return self.on or (self.on_since is not None and release >= self.on_since)


class Grammar:
    """Every mode and rule of one release."""

    def __init__(self, modes: tuple[Mode, ...], rules: tuple[Rule, ...], release: tuple[int, int]) -> None:
        self.release = release
        self.modes = {mode.name: mode for mode in modes}
        self._rules: dict[int, tuple[Rule, int]] = {}
        self._plain: dict[str, list[Syntax]] = {name: [] for name in self.modes}
        self._negative: dict[str, list[Syntax]] = {name: [] for name in self.modes}
        self.place: dict[int, int] = {}
        self._all: list[Rule] = []
        self.groups: dict[tuple[str, str], int] = {}
        self._wiping: set[int] = set()
        self.leaves = {mode.name: [Syntax(word) for word in ("exit", mode.leave) if word] for mode in modes}
        for place, rule in enumerate(rules):
            self.place[id(rule)] = rule.order * 10000 + place
            self._all.append(rule)
            if rule.group:
                self.groups.setdefault((rule.mode, rule.group), self.place[id(rule)])
            if not rule.since <= release < rule.until:
                continue
            syntax = Syntax(rule.syntax)
            self._keep(rule, syntax)
            self._plain[rule.mode].append(syntax)
            for text in rule.no:
                negative = Syntax(text)
                self._keep(rule, negative)
                self._negative[rule.mode].append(negative)
                self._wiping.add(id(negative))

    def _keep(self, rule: Rule, syntax: Syntax) -> None:
        self._rules[id(syntax)] = (rule, len(self._rules))

    def syntaxes(self, mode: str, negated: bool) -> list[Syntax]:
        return self._negative[mode] + self._plain[mode] if negated else self._plain[mode]

    def keywords(self) -> frozenset[str]:
        """Every fixed word of the language."""
        syntaxes = [one for mode in self.modes for one in self.syntaxes(mode, negated=True)]
        return frozenset(word.lower() for one in syntaxes for word in one.keywords())

    def rule(self, match: Match) -> Rule:
        return self._rules[id(match.syntax)][0]

    def of(self, mode: str) -> list[Rule]:
        """Every rule of a mode."""
        return [rule for rule in self._all if rule.mode == mode and rule.since <= self.release < rule.until]

    def shown_when_absent(self, mode: str) -> list[tuple[Rule, tuple[str, ...]]]:
        """The rules of a mode whose `no` form is printed, with their keys."""
        return [
            (rule, tuple(rule.syntax.partition("=")[0].split()))
            for rule in self._all
            if rule.mode == mode and rule.show_no
        ]

    def wipes(self, match: Match) -> bool:
        """Whether a match is one of the further `no` forms."""
        return id(match.syntax) in self._wiping
