# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How IOS keeps secrets.

Type 7 is Cisco's well-known reversible scrambling, type 9 scrypt in Cisco's base64 (N 16384, r 1, p 1).
Type 6 stands for the encryption with the router's own master key: same look, not Cisco's algorithm.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets as random

_SEVEN = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
_ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghi"


def type7(text: str, salt: int = 0) -> str:
    data = text.encode()
    return f"{salt:02d}" + "".join(
        f"{byte ^ ord(_SEVEN[(salt + place) % len(_SEVEN)]):02X}" for place, byte in enumerate(data)
    )


def clear7(text: str) -> str:
    salt, data = int(text[:2]), bytes.fromhex(text[2:])
    return bytes(byte ^ ord(_SEVEN[(salt + place) % len(_SEVEN)]) for place, byte in enumerate(data)).decode()


def type9(text: str, salt: str = "") -> str:
    salt = salt or "".join(random.choice(_ITOA64) for _unused in range(14))
    digest = hashlib.scrypt(text.encode(), salt=salt.encode(), n=16384, r=1, p=1, dklen=32)
    out = ""
    for at in range(0, len(digest), 3):
        chunk = digest[at : at + 3]
        number = int.from_bytes(chunk.ljust(3, b"\0"), "big")
        out += "".join(_ITOA64[number >> shift & 63] for shift in (18, 12, 6, 0))[: len(chunk) + 1]
    return f"$9${salt}${out}"


def is_type9(text: str, hashed: str) -> bool:
    parts = hashed.split("$")
    return len(parts) == 4 and hmac.compare_digest(type9(text, parts[2]), hashed)


def _stream(key: str, salt: bytes, length: int) -> bytes:
    return hashlib.shake_256(key.encode() + salt).digest(length)


def type6(text: str, key: str) -> str:
    salt = hashlib.sha256(f"{key}\0{text}".encode()).digest()[:4]
    data = text.encode()
    sealed = salt + bytes(a ^ b for a, b in zip(data, _stream(key, salt, len(data)), strict=True))
    return "".join(_SIX[byte // 40] + _SIX[byte % 40] for byte in sealed)


def clear6(text: str, key: str) -> str:
    pairs = [text[at : at + 2] for at in range(0, len(text), 2)]
    sealed = bytes(_SIX.index(pair[0]) * 40 + _SIX.index(pair[1]) for pair in pairs)
    salt, data = sealed[:4], sealed[4:]
    return bytes(a ^ b for a, b in zip(data, _stream(key, salt, len(data)), strict=True)).decode()
