# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a change that waits is known by later on, without a word of the configuration."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

# As slow as for a password: a configuration has some, and nobody shall try them out on a fingerprint.
_ROUNDS = 100_000
_FORM = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{32})\.([0-9a-f]{32})\.(\S*)")


@dataclass(frozen=True, slots=True)
class Mark:
    """``copy`` is the file that the router goes back to, "" if it named none; the others are fingerprints.

    A configuration is given as its rows, in any order.
    """

    salt: str
    before: str
    after: str
    copy: str = ""

    @classmethod
    def of(cls, before: Iterable[str], after: Iterable[str], copy: str = "") -> Mark:
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

    def is_before(self, running: Iterable[str]) -> bool:
        return hmac.compare_digest(_fingerprint(self.salt, running), self.before)

    def is_after(self, running: Iterable[str]) -> bool:
        return hmac.compare_digest(_fingerprint(self.salt, running), self.after)


def _fingerprint(salt: str, rows: Iterable[str]) -> str:
    text = "\0".join(sorted(rows))
    return hashlib.pbkdf2_hmac("sha256", text.encode(), bytes.fromhex(salt), _ROUNDS, 16).hex()
