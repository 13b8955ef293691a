# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router's IOS configuration as a NETCONF payload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from . import rules_crypto, rules_routing, rules_tunnel
from .config_xml import config_xml
from .exceptions import EXCEPTIONS
from .paths import Facts, Path, Step, shown
from .table import Rule, Table, expression, facts_of, lookup, section_of

AREAS = (rules_tunnel, rules_crypto, rules_routing)
ADDRESS = re.compile(r"(\d+\.\d+\.\d+\.\d+)")
NATIVE: Path = (Step("native", "native"),)


class Unmapped(ValueError):
    """An IOS line that is neither in the table nor among its exceptions."""


class Contradiction(ValueError):
    """Two lines that set one leaf to different values."""


@cache
def table() -> Table:
    """The rules of all areas, by section."""
    rules: dict[str, list[Rule]] = {}
    for area in AREAS:
        for section, held in area.RULES.items():
            rules.setdefault(section, []).extend(held)
    return rules


def netconf_payload(text: str) -> str:
    """``<config>`` with ``<native>``, from a whole IOS configuration of ours.

    Secrets may be references; they stay. Raises ``Unmapped`` and ``Contradiction``.

    Most routers of a fleet differ in their addresses alone, and no rule depends on what an address is. So
    the work is done once for all of these, with numbered addresses in the place of theirs.
    """
    # Text and addresses in turns, the first and the last of them text.
    pieces = ADDRESS.split(text)
    numbers: dict[str, int] = {}
    for address in pieces[1::2]:
        numbers.setdefault(address, len(numbers))
    addresses = list(numbers)
    pieces[1::2] = [_numbered(numbers[address]) for address in pieces[1::2]]
    try:
        payload, places = _shape_payload("".join(pieces))
    except ValueError:
        return config_xml(payload_facts(text))  # says the same of the line as it is
    filled = list(payload)
    filled[1::2] = [addresses[place] for place in places]
    return "".join(filled)


@lru_cache(maxsize=256)
def _shape_payload(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The payload as text and numbered addresses in turns, and the numbers of these."""
    pieces = ADDRESS.split(config_xml(payload_facts(text)))
    known = {_numbered(number): number for number in range(len(ADDRESS.findall(text)))}
    return tuple(pieces), tuple(known[address] for address in pieces[1::2])


@cache
def _numbered(number: int) -> str:
    """The number as an address. They sort as their numbers do."""
    return f"240.{100 + number // 10000}.{100 + number // 100 % 100}.{100 + number % 100}"


def payload_facts(text: str) -> Facts:
    """What a configuration says, by its places in the models."""
    facts: Facts = {}
    for line, found in mapped_lines(text):
        for path, value in found.items():
            if facts.get(path, value) != value:
                raise Contradiction(f"{shown(path)}: {line!r} says {value!r}, another line {facts[path]!r}")
            facts[path] = value
    return facts


def section_lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line of a configuration, exempt ones too, with the section of the table that it is in."""
    for section, line, _parents, _facts in _walked(text):
        yield section, line


def mapped_lines(text: str) -> Iterator[tuple[str, Facts]]:
    """Each line of a configuration, with its parents before it, and the facts it states."""
    for _section, line, parents, facts in _walked(text):
        if facts is not None:
            yield parents + line, facts


def _walked(text: str) -> Iterator[tuple[str, str, str, Facts | None]]:
    """Section, line, parents and facts of each line; an exempt line has no facts. Raises ``Unmapped``."""
    # Of every open section: its indent, the line, the section of its lines and their place.
    open_sections: list[tuple[int, str, str, Path]] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("!") or line == "exit" or line.startswith("exit-"):
            continue
        indent = len(raw) - len(raw.lstrip())
        while open_sections and open_sections[-1][0] >= indent:
            open_sections.pop()
        parents = "".join(f"{above} / " for _indent, above, _section, _base in open_sections)
        section, base = open_sections[-1][2:] if open_sections else ("", NATIVE)
        if exempt(section, line):
            yield section, line, parents, None
            continue
        found = mapped(section, line, base)
        if found is None:
            raise Unmapped(f"{parents}{line}: there is no place for this line in the table of NETCONF paths")
        yield section, line, parents, found.facts
        open_sections.append((indent, line, found.section, found.inside))


class Mapped(NamedTuple):
    """One line's facts, and the section and place of the lines below it."""

    facts: Facts
    section: str
    inside: Path


@lru_cache(maxsize=8192)
def mapped(section: str, line: str, base: Path) -> Mapped | None:
    """A line by the table, None if it is not there. Most lines of a fleet are on many of its routers."""
    found = lookup(table().get(section, ()), line)
    if found is None:
        return None
    matched, values = found
    if not matched.section:
        # Lines below a line that opens no section are in no section that has rules.
        return Mapped(facts_of(matched, values, base), "none", base)
    return Mapped(facts_of(matched, values, base), matched.section, section_of(matched, values, base))


def exempt(section: str, line: str) -> bool:
    return any(each.section == section and expression(each.pattern).fullmatch(line) for each in EXCEPTIONS)
