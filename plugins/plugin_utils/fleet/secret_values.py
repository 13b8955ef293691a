# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Types of secrets in the inventory. No message shows one."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import SecretStr

from .values import Parsed, refuse

PSK_MIN = 20  # characters; less can be guessed offline by whoever once answered as a hub
NHRP_SECRET_MAX = 8  # characters, RFC 2332 extension as Cisco and FRR implement it
PRINTABLE = re.compile(r"[!#-\[\]-~]+", re.ASCII)  # no blank, no quote, no backslash


class Unread:
    """A secret that is there and was not read."""

    def __repr__(self) -> str:
        return "Unread()"


UNREAD = Unread()


def secret(value: object, remedy: str) -> str | None:
    """The text of a secret, or None for one that was not read. Messages never show it."""
    if isinstance(value, (SecretStr, Unread)):
        return value.get_secret_value() if isinstance(value, SecretStr) else None
    if value is None:
        raise refuse("has no value", remedy)
    if isinstance(value, (bool, int, float)):
        raise refuse("is a number, not text", "put the secret in quotes")
    if isinstance(value, (list, tuple, dict)):
        raise refuse("is not text", remedy)
    if not isinstance(value, str):
        return None
    if "{{" in value or "{%" in value:
        raise refuse("holds a template that was not resolved", "define what the template uses")
    if value and not PRINTABLE.fullmatch(value):
        raise refuse(
            "has a character that the daemons' files cannot hold",
            'write ASCII letters, digits and signs, without blank, " and \\',
        )
    return value


def parse_psk(value: object) -> SecretStr | Unread:
    remedy = f"write at least {PSK_MIN} random characters, such as `openssl rand -base64 24` gives"
    text = secret(value, remedy)
    if text is None:
        return UNREAD
    if len(text) < PSK_MIN:
        raise refuse(f"has {len(text)} characters, which can be guessed", remedy)
    return SecretStr(text)


def parse_nhrp_secret(value: object) -> SecretStr | Unread:
    remedy = f"write 1 to {NHRP_SECRET_MAX} characters"
    text = secret(value, remedy)
    if text is None:
        return UNREAD
    if not 1 <= len(text) <= NHRP_SECRET_MAX:
        raise refuse(f"has {len(text)} characters", remedy)
    return SecretStr(text)


Psk = Annotated[SecretStr | Unread, Parsed(parse_psk, {"type": "string", "minLength": PSK_MIN})]
NhrpSecret = Annotated[
    SecretStr | Unread, Parsed(parse_nhrp_secret, {"type": "string", "maxLength": NHRP_SECRET_MAX})
]
