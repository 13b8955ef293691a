# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a confirmed commit that waits is known by: its token, and fingerprints of before and after."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from ..pending.mark import Mark
from .paths import Facts, shown

_FORM = re.compile(r"(mgre-dmvpn-[0-9a-f]{16})\.(.+)")


def fresh() -> str:
    """A token of this run alone: whoever does not know it can neither confirm nor cancel."""
    return f"mgre-dmvpn-{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Named:
    token: str
    mark: Mark

    @classmethod
    def of(cls, token: str, before: Facts, after: Facts) -> Named:
        return cls(token, Mark.of(rows(before), rows(after)))

    @classmethod
    def parse(cls, text: str) -> Named:
        """What ``str`` gave. Raises ValueError."""
        match = _FORM.fullmatch(text)
        if not match:
            raise ValueError("commit is not what netconf_apply returned: write ios_result.commit")
        return cls(match[1], Mark.parse(match[2]))

    def __str__(self) -> str:
        return f"{self.token}.{self.mark}"


def is_token(commit: str) -> bool:
    """Whether a change of this name waits as a commit."""
    return _FORM.fullmatch(commit) is not None


def rows(facts: Facts) -> Iterator[str]:
    """A configuration for its fingerprint."""
    return (f"{shown(path)}\n{value}" for path, value in facts.items())
