# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The difference between what a router holds and what it shall hold, and the edit that closes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .config_xml import config_xml
from .owned import Owned
from .paths import Facts, Path, settled, shown, sorted_paths, under
from .places import is_default, is_secret

HIDDEN = "(a secret)"
# The form in which a router keeps a key: 0 as it was entered, 6 encrypted by its own master key.
FORM = "encryption"


@dataclass(frozen=True, slots=True)
class Difference:
    """``put`` is missing or differs, ``drop`` is ours and no longer wanted."""

    put: Facts = field(default_factory=dict)
    drop: tuple[Path, ...] = ()
    before: Facts = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.put or self.drop)

    def edit(self) -> str:
        """``<config>`` for edit-config with the default operation merge."""
        return config_xml(self.put, {path: "remove" for path in self.drop})

    def after(self) -> Facts:
        """What of ours the router holds once the edit is done."""
        kept = {
            path: value
            for path, value in self.before.items()
            if not any(under(path, dropped) for dropped in self.drop)
        }
        return settled({**kept, **self.put})

    def lines(self) -> list[str]:
        """``+ place = value`` and ``- place = value``, without secrets."""
        gone = [
            f"- {described(path, value)}"
            for path, value in _in_order(self.before)
            if path in self.put or any(under(path, dropped) for dropped in self.drop)
        ]
        return gone + [f"+ {described(path, value)}" for path, value in _in_order(self.put)]


def difference(have: Facts, wanted: Facts, *, send_secrets: bool = False) -> Difference:
    """What to change. ``send_secrets``: also keys that the router keeps in a form that cannot be compared.

    Raises ``NotOurs``.
    """
    have, wanted = settled(have), settled(wanted)
    owned = Owned(have, wanted)
    owned.refuse()
    have = have if send_secrets else readable(have, wanted)
    ours = {path: value for path, value in have.items() if owned.root(path) is not None}
    present = {path: value for path, value in have.items() if path in ours or path in wanted}
    put = {
        path: value
        for path, value in wanted.items()
        if not _says(have, path, value) and not (is_default(path, value) and path not in have)
    }
    stale = [
        path
        for path, value in ours.items()
        if not is_default(path, value)
        and path not in wanted
        and not any(under(other, path) for other in wanted)
    ]
    drop = {_highest(path, owned.root(path) or path, wanted) for path in stale}
    for shell in owned.left_empty(set(stale)):
        drop = {path for path in drop if not under(path, shell)} | {shell}
    return Difference(put, tuple(sorted_paths(drop)), present)


def _says(have: Facts, path: Path, value: str) -> bool:
    """Whether the router has it; what holds something else says that it is there."""
    if path in have:
        return have[path] == value
    return not value and any(under(other, path) for other in have)


def _highest(path: Path, root: Path, wanted: Facts) -> Path:
    """The largest list entry around a stale place that holds nothing wanted, else the place itself."""
    for length in range(len(root), len(path)):
        part = path[:length]
        if part[-1].keys and not any(under(other, part) for other in wanted):
            return part
    return path


def readable(have: Facts, wanted: Facts) -> Facts:
    """A router's facts, with keys that it keeps encrypted taken for the wanted ones."""
    facts = dict(have)
    for path, value in have.items():
        if path[-1].name != FORM:
            continue
        del facts[path]
        for other in have:
            if value == "6" and other[:-1] == path[:-1] and is_secret(other) and other in wanted:
                facts[other] = wanted[other]
    return facts


def described(path: Path, value: str) -> str:
    """One fact for people. A secret is never shown."""
    if not value:
        return shown(path[1:])
    return f"{shown(path[1:])} = {HIDDEN if is_secret(path) else value}"


def described_all(facts: Mapping[Path, str]) -> str:
    return "".join(f"{described(path, value)}\n" for path, value in _in_order(facts))


def _in_order(facts: Mapping[Path, str]) -> list[tuple[Path, str]]:
    return [(path, facts[path]) for path in sorted_paths(facts)]
