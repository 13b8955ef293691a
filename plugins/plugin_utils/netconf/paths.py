# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Places in a configuration as NETCONF carries it, and what stands there.

A path leads from ``native`` to a leaf, to an empty element or to a list entry. The module of a step is
written without what all of them share: ``nhrp`` for ``http://cisco.com/ns/yang/Cisco-IOS-XE-nhrp``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

NAMESPACE = "http://cisco.com/ns/yang/Cisco-IOS-XE-"
ROOT = "native"
VALUE = "."  # key of a leaf-list entry: its own value


class BadPath(ValueError):
    """A path template that cannot be read. A fault of the table, never of a user."""


class Step(NamedTuple):
    """One element: its module, its name and, of a list entry, its keys in the model's order."""

    module: str
    name: str
    keys: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> tuple[str, str]:
        """What all entries of a list share."""
        return self.module, self.name


Path = tuple[Step, ...]
# A leaf has its value; an empty element, a list entry and a leaf-list entry have "".
Facts = dict[Path, str]

_STEP = re.compile(r"(?:(?P<module>[a-z0-9-]+):)?(?P<name>[A-Za-z0-9_-]+|\{[^}]*\})(?P<keys>(?:\[[^\]]*\])*)")
_KEY = re.compile(r"\[([A-Za-z0-9_.-]+)=([^\]]*)\]")
_END = re.compile(r"[/=]|$")


@cache
def parse(text: str, module: str = ROOT) -> tuple[Path, str]:
    """A path and the value behind it, from ``ip/nhrp:nhrp-v4/nhrp/holdtime=60``.

    A step without a module has that of the step before it, ``module`` at first. ``[key=value]`` names a
    list entry, ``[.=value]`` one of a leaf-list. Raises ``BadPath``.
    """
    steps: list[Step] = []
    at = 0
    while True:
        found = _STEP.match(text, at)
        if found is None or not _END.match(text, found.end()):
            raise BadPath(f"{text!r} cannot be read from {text[at:]!r} on")
        module = found["module"] or module
        keys = tuple((key, value) for key, value in _KEY.findall(found["keys"]))
        steps.append(Step(module, found["name"], keys))
        at = found.end()
        if text[at : at + 1] != "/":
            return tuple(steps), text[at + 1 :]
        at += 1


def shown(path: Path) -> str:
    """A path as people read it: ``interface/Tunnel[name=10]/ip/mtu``."""
    return "/".join(step.name + "".join(f"[{key}={value}]" for key, value in step.keys) for step in path)


def kinds(path: Path) -> tuple[tuple[str, str], ...]:
    """A path without its keys: the place in the model."""
    return tuple(step.kind for step in path)


def under(path: Path, root: Path) -> bool:
    return path[: len(root)] == root


def ancestors(path: Path) -> Iterator[Path]:
    """Every path above this one, the longest first."""
    for length in range(len(path) - 1, 0, -1):
        yield path[:length]


def settled(facts: Mapping[Path, str]) -> Facts:
    """Facts without those that another one implies: what contains something is there."""
    implied = {above for path in facts for above in ancestors(path)}
    return {path: value for path, value in facts.items() if value or path not in implied}


def sorted_paths(paths: Iterable[Path]) -> list[Path]:
    """In an order that is the same in every run, entries of a list by number where they are numbers."""
    return sorted(paths, key=lambda path: [_rank(step) for step in path])


def _rank(step: Step) -> tuple[str, str, tuple[tuple[int, str], ...]]:
    values = tuple((int(value) if value.isdecimal() else -1, value) for _key, value in step.keys)
    return step.name, step.module, values
