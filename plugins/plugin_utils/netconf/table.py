# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the table of lines is written, and how a line is looked up in it.

A pattern is an IOS line with placeholders: ``{mtu}`` is one word, ``{text*}`` the rest of the line,
``{suites+}`` one or more words of which each makes a path of its own, ``{kind:in|out}`` one of these
words, ``{peer:ip}`` an IPv4 address, ``{group:name}`` anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from .paths import Facts, Path, Step, parse

_PLACEHOLDER = re.compile(r"\{(?P<name>[a-z_]+)(?:(?P<many>[*+])|:(?P<form>[^}]*))?\}")
_FORMS = {
    "ip": r"\d+\.\d+\.\d+\.\d+",
    "name": r"(?!\d+\.\d+\.\d+\.\d+(?:\s|$))\S+",
    "int": r"\d+",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Lines of one form. ``paths`` are relative to the section that the line stands in.

    ``section`` names the rules of the lines below this one; their paths are relative to ``inside``,
    or to the first of ``paths``. ``words`` translates a placeholder's value.
    """

    pattern: str
    paths: tuple[str, ...] = ()
    section: str = ""
    inside: str = ""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def below(self) -> str:
        """Where the lines of the section stand."""
        return self.inside or (self.paths[0] if self.paths else "")


def rule(
    pattern: str,
    *paths: str,
    section: str = "",
    inside: str = "",
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> Rule:
    return Rule(pattern, paths, section, inside, words or {})


Table = Mapping[str, Sequence[Rule]]


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern of the table as a regular expression of the whole line."""
    out, at = "", 0
    for found in _PLACEHOLDER.finditer(pattern):
        out += re.escape(pattern[at : found.start()])
        form = found["form"] or ""
        if found["many"] == "*":
            inner = r".+"
        elif found["many"] == "+":
            inner = r"\S+(?: \S+)*"
        else:
            inner = _FORMS.get(form, form or r"\S+")
        out += f"(?P<{found['name']}>{inner})"
        at = found.end()
    return re.compile(out + re.escape(pattern[at:]))


@cache
def many(pattern: str) -> str | None:
    """The placeholder that stands for several words, if there is one."""
    return next((found["name"] for found in _PLACEHOLDER.finditer(pattern) if found["many"] == "+"), None)


def lookup(rules: Sequence[Rule], line: str) -> tuple[Rule, dict[str, str]] | None:
    """The first rule that the line fits, and the values of its placeholders."""
    for candidate in rules:
        if found := expression(candidate.pattern).fullmatch(line):
            return candidate, found.groupdict()
    return None


def filled(found: Rule, values: Mapping[str, str], template: str, base: Path) -> Iterator[tuple[Path, str]]:
    """The path of one template, or one per word where the pattern stands for several."""
    several = many(found.pattern)
    words = values[several].split() if several and f"{{{several}}}" in template else [""]
    for word in words:
        current = dict(values)
        if several:
            current[several] = word
        for name, translated in found.words.items():
            current[name] = translated.get(current[name], current[name])
        path, value = parse(template, base[-1].module if base else "native")
        yield base + tuple(_step(step, current) for step in path), value.format(**current)


def _step(step: Step, values: Mapping[str, str]) -> Step:
    keys = tuple((key, value.format(**values)) for key, value in step.keys)
    return Step(step.module, step.name.format(**values), keys)


def facts_of(found: Rule, values: Mapping[str, str], base: Path) -> Facts:
    """All that one line sets."""
    return {path: value for each in found.paths for path, value in filled(found, values, each, base)}


def section_of(found: Rule, values: Mapping[str, str], base: Path) -> Path:
    """Where the lines below this one stand."""
    return next(filled(found, values, found.below, base))[0]
