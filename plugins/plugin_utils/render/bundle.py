# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a device gets: its files and the manifest that lists them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

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
        return as_json(
            {
                "bundle": FORMAT,
                "host": self.host,
                "platform": self.platform,
                "firewall": self.firewall,
                "interfaces": list(self.interfaces),
                "units": list(self.units),
                "daemons": list(self.daemons),
                "files": [
                    {"path": f.path, "mode": f.mode, "concern": f.concern, "secrets": list(f.secrets)}
                    for f in self.files
                ],
            }
        )

    def contents(self) -> dict[str, str]:
        """Relative path in the bundle to text, the manifest and the intent included."""
        held = {"manifest.json": self.manifest(), "intent.json": self.intent}
        held.update((file.path.lstrip("/"), file.text) for file in self.files)
        return held


def as_json(value: object) -> str:
    """JSON in the one form that all files of a bundle have."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
