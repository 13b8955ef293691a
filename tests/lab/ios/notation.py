# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the notation of Cisco's command references and matches lines against it.

    ip nhrp nhs nhs:A.B.C.D nbma nbma:A.B.C.D = [multicast] [priority <0-255>] [cluster <0-10>]

`[x]` may be left out, `{x | y}` is a choice, `{x}+` may be repeated, `name:KIND` names a value (kinds:
words.py).
`=` divides what tells one line from another from what it says: a second line with the same words before `=`
replaces the first, and `no` needs only those. Without `=` the whole line tells it apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .words import EXACT, KINDS, SHORT, Fit, Keyword, Token, Value

_PIECES = re.compile(r"\{|\}\+|\}|\[|\]|\||\S+?(?=[\[\]{}|\s]|$)")


class NotationError(ValueError):
    """A rule of our grammar is written wrong."""


@dataclass(slots=True)
class Syntax:
    """One command as a small graph; states are numbers."""

    text: str
    edges: list[list[tuple[Token, int]]] = field(default_factory=list)
    free: list[list[int]] = field(default_factory=list)
    final: int = 0
    divider: int | None = None

    def __post_init__(self) -> None:
        pieces = _PIECES.findall(self.text)
        start = self._state()
        self.final, rest = self._choice(pieces, start, top=True)
        if rest:
            raise NotationError(f"{self.text}: {rest[0]} closes nothing")

    def _state(self) -> int:
        self.edges.append([])
        self.free.append([])
        return len(self.edges) - 1

    def _choice(self, pieces: list[str], start: int, top: bool = False) -> tuple[int, list[str]]:
        ends = []
        while True:
            end, pieces = self._sequence(pieces, start, top)
            ends.append(end)
            if not pieces or pieces[0] != "|":
                break
            pieces = pieces[1:]
        if len(ends) == 1:
            return ends[0], pieces
        meeting = self._state()
        for end in ends:
            self.free[end].append(meeting)
        return meeting, pieces

    def _sequence(self, pieces: list[str], at: int, top: bool) -> tuple[int, list[str]]:
        while pieces and pieces[0] not in ("|", "]", "}", "}+"):
            piece, pieces = pieces[0], pieces[1:]
            if piece in ("[", "{"):
                begin = self._state()
                self.free[at].append(begin)
                end, pieces = self._choice(pieces, begin)
                if not pieces or pieces[0] not in ("]", "}", "}+"):
                    raise NotationError(f"{self.text}: {piece} is not closed")
                if pieces[0] == "}+":
                    self.free[end].append(begin)
                after = self._state()
                self.free[end].append(after)
                if piece == "[":
                    self.free[begin].append(after)
                at, pieces = after, pieces[1:]
            elif piece == "=":
                if not top:
                    raise NotationError(f"{self.text}: = inside brackets")
                self.divider = self._state()
                self.free[at].append(self.divider)
                at = self.divider
            else:
                at = self._word(piece, at)
        return at, pieces

    def _word(self, piece: str, at: int) -> int:
        after = self._state()
        name, colon, kind = piece.partition(":")
        if not colon:
            name, kind = "", piece
        if kind == "INTERFACE":
            middle = self._state()
            self.edges[at].append((Value("INTERFACE", name), after))
            self.edges[at].append((Value("INTERFACE-TYPE", ""), middle))
            self.edges[middle].append((Value("INTERFACE-NUMBER", name), after))
        elif found := re.fullmatch(r"<(\d+)-(\d+)>", kind):
            self.edges[at].append((Value("range", name, int(found[1]), int(found[2])), after))
        elif kind in KINDS:
            self.edges[at].append((Value(kind, name), after))
        elif colon:
            raise NotationError(f"{self.text}: {kind} is no kind of word")
        else:
            self.edges[at].append((Keyword(piece), after))
        return after

    def keywords(self) -> set[str]:
        """The fixed words in it."""
        return {token.text for edges in self.edges for token, _unused in edges if isinstance(token, Keyword)}

    def reach(self, state: int) -> list[int]:
        """The states that are reached from one without a word, itself included."""
        seen = [state]
        for at in seen:
            seen.extend(nxt for nxt in self.free[at] if nxt not in seen)
        return seen


@dataclass(frozen=True, slots=True)
class Thread:
    """One reading of the words so far."""

    syntax: Syntax
    state: int
    words: tuple[str, ...] = ()
    values: tuple[tuple[str, str, int], ...] = ()
    key: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A line that was understood."""

    syntax: Syntax
    words: tuple[str, ...]
    values: dict[str, str]
    key: tuple[str, ...]
    columns: dict[str, int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not. `column` is that of the character to point at."""

    kind: str  # invalid, incomplete, ambiguous
    column: int = 0

    def rank(self) -> tuple[int, int]:
        """The refusal that came furthest is the one that IOS prints."""
        return (self.column, self.kind != "invalid")


def split(line: str) -> list[tuple[int, str]]:
    """The words of a line and their columns; a quoted string is one word."""
    return [(found.start(), found.group()) for found in re.finditer(r'"[^"]*"|\S+', line)]


def read(line: str, syntaxes: list[Syntax], negated: bool = False) -> Match | Refusal:
    """Find the one command that a line means."""
    threads = [Thread(syntax, 0) for syntax in syntaxes]
    for column, word in split(line):
        steps = [step for thread in threads for step in _steps(thread, word, line[column:], column)]
        if not steps:
            return Refusal("invalid", column + _common(threads, word))
        best = max(fit.strength for fit, _thread, _whole in steps)
        chosen = [step for step in steps if step[0].strength == best]
        if best == SHORT and len({fit.text for fit, _thread, _whole in chosen}) > 1:
            return Refusal("ambiguous", column)
        if ends := [thread for _fit, thread, whole in chosen if whole]:
            threads = ends
            break
        threads = [thread for _fit, thread, _whole in chosen]
    done = [thread for thread in threads if _complete(thread, negated)]
    if not done:
        return Refusal("incomplete", len(line))
    thread = done[0]
    return Match(
        thread.syntax,
        thread.words,
        {name: text for name, text, _unused in thread.values},
        thread.words if thread.key is None else thread.words[: thread.key],
        {name: column for name, _unused, column in thread.values},
    )


def _steps(thread: Thread, word: str, rest: str, column: int) -> list[tuple[Fit, Thread, bool]]:
    found: list[tuple[Fit, Thread, bool]] = []
    divider = thread.syntax.divider
    for state in thread.syntax.reach(thread.state):
        for token, after in thread.syntax.edges[state]:
            whole = isinstance(token, Value) and token.kind == "LINE"
            fit = token.fit(rest if whole else word)
            if fit is None:
                continue
            key = thread.key
            if key is None and divider is not None and state >= divider:
                key = len(thread.words)
            if fit.joins:
                joined = thread.words[-1] + fit.text
                if KINDS["INTERFACE"](joined) is None:
                    continue
                words = (*thread.words[:-1], joined)
                text = joined
            else:
                words, text = (*thread.words, fit.text), fit.text
            values = thread.values
            if isinstance(token, Value) and token.name:
                values = (*values, (token.name, text, column))
            found.append((fit, Thread(thread.syntax, after, words, values, key), whole))
    return found


def _common(threads: list[Thread], word: str) -> int:
    """How many characters of a wrong word a keyword shares: IOS points at the first that does not fit."""
    longest = 0
    for thread in threads:
        for state in thread.syntax.reach(thread.state):
            for token, _unused in thread.syntax.edges[state]:
                if isinstance(token, Keyword):
                    same = 0
                    for mine, theirs in zip(token.text.lower(), word.lower(), strict=False):
                        if mine != theirs:
                            break
                        same += 1
                    longest = max(longest, same)
    return min(longest, max(len(word) - 1, 0))


def _complete(thread: Thread, negated: bool) -> bool:
    syntax = thread.syntax
    reached = syntax.reach(thread.state)
    if syntax.final in reached:
        return True
    return negated and syntax.divider is not None and max(reached) >= syntax.divider


__all__ = ["EXACT", "Match", "NotationError", "Refusal", "Syntax", "read", "split"]
