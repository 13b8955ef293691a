# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets in configuration lines: taken out when a line is read, put in when it is sent.

Between the two, a line holds the reference that rendering wrote (``@@secret:psk/blue@@``), so that nothing
that is compared, shown or kept has a secret in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..secret_references import REFERENCE

# In the place of a secret that is none of ours, and of one that cannot be read (type 6 and what is newer).
OTHER = "@@other@@"
ENCRYPTED = "@@encrypted@@"
SHORT = 6  # characters

_SECRET = re.compile(
    r"^(?P<kept>\s*(?:pre-shared-key(?: local| remote)?|ip nhrp authentication|neighbor \S+ "
    r"password|key-string"
    r"|ip ospf (?:authentication-key|message-digest-key \d+ md5))) (?:(?P<type>[0-9]|hex) )?(?P<value>\S.*)$"
)
# The pad of "type 7", published by Cisco as no protection against anyone who means it.
_PAD = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"


class UnknownSecret(ValueError):
    """A reference without a value."""


def conceal(line: str, secrets: Mapping[str, str]) -> str:
    """The line with a reference in the place of its secret; ``secrets`` by reference name (``psk/blue``).

    A secret that is none of these becomes ``OTHER``, one that cannot be read ``ENCRYPTED``.
    """
    match = _SECRET.match(line)
    if not match or REFERENCE.fullmatch(match["value"]):
        return line
    kind, value = match["type"], match["value"].strip()
    if kind not in (None, "0", "7"):
        return f"{match['kept']} {ENCRYPTED}"
    if kind == "7":
        value = decode_type_7(value) or ""
    held = next((name for name, secret in secrets.items() if secret == value and value), None)
    return f"{match['kept']} {OTHER if held is None else f'@@secret:{held}@@'}"


def reveal(line: str, secrets: Mapping[str, str]) -> str:
    """The line as the router must get it. Raises :class:`UnknownSecret`."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in secrets:
            raise UnknownSecret(match[1])
        return secrets[match[1]]

    return REFERENCE.sub(value, line)


def redact(text: str, secrets: Mapping[str, str]) -> str:
    """Foreign text (a router's answer, an error) with references in the place of secrets."""
    for name, secret in sorted(secrets.items(), key=lambda item: -len(item[1])):
        pattern = re.escape(secret)
        # A short one stands in other words too, which would make the text unreadable.
        if len(secret) < SHORT:
            pattern = rf"(?<!\S){pattern}(?!\S)"
        text = re.sub(pattern, f"@@secret:{name}@@", text)
    return text


def stem(line: str) -> str | None:
    """What a line with a secret begins with (``ip nhrp authentication``), None for a line without one."""
    match = _SECRET.match(line)
    return match["kept"].strip() if match else None


def decode_type_7(text: str) -> str | None:
    """The password behind ``service password-encryption``'s notation, None if it is not one."""
    if not re.fullmatch(r"\d\d(?:[0-9A-Fa-f]{2})+", text):
        return None
    start = int(text[:2])
    codes = bytes.fromhex(text[2:])
    return "".join(chr(code ^ ord(_PAD[(start + at) % len(_PAD)])) for at, code in enumerate(codes))
