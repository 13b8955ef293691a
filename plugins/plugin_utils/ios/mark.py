# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a change that waits is known by later on, without a word of the configuration."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import Counter
from dataclasses import dataclass

from .blocks import blocks

# As slow as for a password: a configuration has some, and nobody shall try them out on a fingerprint.
_ROUNDS = 100_000
_FORM = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{32})\.([0-9a-f]{32})\.(\S*)")


@dataclass(frozen=True, slots=True)
class Mark:
    """``copy`` is the file that the router goes back to, "" if it named none; the others are fingerprints."""

    salt: str
    before: str
    after: str
    copy: str = ""

    @classmethod
    def of(cls, before: str, after: str, copy: str = "") -> Mark:
        """Of the running configurations before and after the change."""
        salt = secrets.token_hex(16)
        return cls(salt, _fingerprint(salt, before), _fingerprint(salt, after), copy)

    @classmethod
    def parse(cls, text: str) -> Mark:
        """What ``str`` gave. Raises ValueError."""
        match = _FORM.fullmatch(text)
        if not match:
            raise ValueError("commit is not what ios_apply returned: write ios_result.commit")
        return cls(*match.groups())

    def __str__(self) -> str:
        return f"{self.salt}.{self.before}.{self.after}.{self.copy}"

    def is_before(self, running: str) -> bool:
        return hmac.compare_digest(_fingerprint(self.salt, running), self.before)

    def is_after(self, running: str) -> bool:
        return hmac.compare_digest(_fingerprint(self.salt, running), self.after)


def rows(configuration: str) -> Counter[str]:
    """Every line with the head of its block; order and what IOS prints around them do not count."""
    return Counter(f"{block.head}\n{row}" for block in blocks(configuration) for row in block.lines)


def _fingerprint(salt: str, configuration: str) -> str:
    text = "\0".join(sorted(rows(configuration).elements()))
    return hashlib.pbkdf2_hmac("sha256", text.encode(), bytes.fromhex(salt), _ROUNDS, 16).hex()
