# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The log of a device: what was typed and what was refused, without any secret."""

from __future__ import annotations

import time
from pathlib import Path

# A line that was not understood may still hold a secret: all that follows such a word is left out.
_TELLING = ("password", "secret", "pre-shared-key", "key", "key-string", "authentication", "community", "md5")


class Journal:
    """Appends to `session.log` in the state directory (0600)."""

    def __init__(self, directory: Path | None) -> None:
        self.path = directory / "session.log" if directory else None
        if self.path is not None:
            self.path.touch(mode=0o600)

    def note(self, who: str, what: str) -> None:
        if self.path is None:
            return
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with self.path.open("a") as file:
            file.write(f"{stamp} {who} {what}\n")


def masked(line: str, known: frozenset[str]) -> str:
    """A line that no grammar vouches for: its known words, up to one that may announce a secret."""
    out: list[str] = []
    for word in line.split():
        low = word.lower()
        out.append(low if low in known else "_")
        if len(low) > 2 and any(tell.startswith(low[:3]) for tell in _TELLING):
            return " ".join([*out, "<removed>"])
    return " ".join(out)
