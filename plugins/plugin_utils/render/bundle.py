# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a device gets: its files and the manifest that lists them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Literal, TypeGuard

from ..fleet.dump import Recurring

Concern = Literal["firewall", "tunnel", "nhrp", "routing", "ipsec"]

FORMAT = 1  # of the manifest; a directory whose manifest has none is not ours


@dataclass(frozen=True, slots=True)
class File:
    """One file of a router. ``path`` is absolute there; ``secrets`` names the references in ``text``."""

    path: str
    mode: str
    concern: Concern
    text: str
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that one router gets, and what the judge has to know of it (``intent``, JSON)."""

    host: str
    platform: str
    files: tuple[File, ...]
    intent: str
    interfaces: tuple[str, ...]
    units: tuple[str, ...]
    daemons: tuple[str, ...]
    firewall: str

    def manifest(self) -> str:
        """The manifest as JSON text."""
        entries = tuple((file.path, file.mode, file.concern, file.secrets) for file in self.files)
        rest = _manifest(self.platform, self.firewall, self.interfaces, self.units, self.daemons, entries)
        return f'{{\n "bundle": {FORMAT},\n "host": {_compact(self.host)},\n{rest}'

    def contents(self) -> dict[str, str]:
        """Relative path in the bundle to text, the manifest and the intent included."""
        held = {"manifest.json": self.manifest(), "intent.json": self.intent}
        held.update((file.path.lstrip("/"), file.text) for file in self.files)
        return held


CONSTANTS = {None: "null", True: "true", False: "false"}
_compact = json.JSONEncoder(ensure_ascii=False).encode


def as_json(value: object) -> str:
    """JSON in the one form that all files of a bundle have: one line per entry where a table is in it.

    Ten times faster than ``json.dumps(indent=...)``, which leaves C for that, and easier to compare.
    """
    return _laid_out(value, "\n") + "\n"


def _laid_out(value: object, newline: str) -> str:
    # The encoder is set up anew for every call: scalars go without it.
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or value is True or value is False:
        return CONSTANTS[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Recurring):
        value.text = value.text or _compact(value)
        return value.text
    deeper = newline + " "
    if isinstance(value, dict) and (newline == "\n" or any(map(_is_table, value.values()))):
        rows = [f"{encode_basestring(key)}: {_laid_out(item, deeper)}" for key, item in value.items()]
        return "{" + deeper + f",{deeper}".join(rows) + newline + "}"
    if _is_table(value):
        return "[" + deeper + f",{deeper}".join([_laid_out(item, deeper) for item in value]) + newline + "]"
    return _compact(value)


def _is_table(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


@lru_cache(maxsize=256)
def _manifest(
    platform: str,
    firewall: str,
    interfaces: tuple[str, ...],
    units: tuple[str, ...],
    daemons: tuple[str, ...],
    entries: tuple[tuple[str, str, Concern, tuple[str, ...]], ...],
) -> str:
    """A manifest behind its host's name: most routers of a fleet share it."""
    names = ("path", "mode", "concern", "secrets")
    return as_json(
        {
            "platform": platform,
            "firewall": firewall,
            "interfaces": interfaces,
            "units": units,
            "daemons": daemons,
            "files": [dict(zip(names, entry, strict=True)) for entry in entries],
        }
    ).removeprefix("{\n")
