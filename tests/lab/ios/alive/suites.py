# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Algorithms: IOS's words for them, in strongSwan's keywords.

A transform that IOS would not complete (no group, AES-CBC without integrity, AES-GCM without a PRF) gives
none, so that nothing is negotiated with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from .lines import Line

ENCRYPTION = {
    "aes-gcm-128": "aes128gcm16",
    "aes-gcm-256": "aes256gcm16",
    "aes-cbc-128": "aes128",
    "aes-cbc-192": "aes192",
    "aes-cbc-256": "aes256",
    "3des": "3des",
}
INTEGRITY = {"md5": "md5", "sha1": "sha1", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512"}
PRF = {name: f"prf{keyword}" for name, keyword in INTEGRITY.items()}
GROUP = {
    "1": "modp768",
    "2": "modp1024",
    "5": "modp1536",
    "14": "modp2048",
    "15": "modp3072",
    "16": "modp4096",
    "19": "ecp256",
    "20": "ecp384",
    "21": "ecp521",
    "24": "modp2048s256",
}
# ESP transforms; those of AES take a key length behind them, 128 if there is none.
ESP_CIPHER = {
    "esp-gcm": "aes{}gcm16",
    "esp-gmac": "aes{}gmac",
    "esp-aes": "aes{}",
    "esp-3des": "3des",
    "esp-null": "null",
}
ESP_INTEGRITY = {
    "esp-md5-hmac": "md5",
    "esp-sha-hmac": "sha1",
    "esp-sha256-hmac": "sha256",
    "esp-sha384-hmac": "sha384",
    "esp-sha512-hmac": "sha512",
}
# What IOS-XE 17 offers where nobody wrote a policy.
DEFAULT_IKE = ("aes256-sha512-sha384-prfsha512-prfsha384-ecp256-modp2048-ecp521-modp1536",)


def ike(proposal: Line) -> tuple[str, ...]:
    """The proposals of one `crypto ikev2 proposal`: AEAD and others apart, as RFC 7296 wants them."""
    ciphers = _known(proposal.rest("encryption"), ENCRYPTION)
    hashes = _known(proposal.rest("integrity"), INTEGRITY)
    prfs = _known(proposal.rest("prf"), PRF) or [f"prf{name}" for name in hashes]
    groups = _known(proposal.rest("group"), GROUP)
    if not groups or not prfs:
        return ()
    aead = [name for name in ciphers if "gcm" in name]
    plain = [name for name in ciphers if name not in aead]
    found = []
    if aead:
        found.append("-".join([*aead, *prfs, *groups]))
    if plain and hashes:
        found.append("-".join([*plain, *hashes, *prfs, *groups]))
    return tuple(found)


def esp(transforms: Iterable[str], pfs_group: str) -> str:
    """The ESP proposal of `crypto ipsec transform-set NAME TRANSFORMS`; empty if IOS has no such set."""
    words = list(transforms)
    cipher, integrity = "", ""
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if word in ESP_CIPHER:
            cipher = ESP_CIPHER[word].format(following if following.isdigit() else "128")
        elif word in ESP_INTEGRITY:
            integrity = ESP_INTEGRITY[word]
    aead = "gcm" in cipher or "gmac" in cipher
    if not cipher or (not aead and not integrity) or (aead and integrity):
        return ""
    group = GROUP.get(pfs_group.removeprefix("group"), "")
    return "-".join(part for part in (cipher, integrity, group) if part)


def _known(words: Iterable[str], table: dict[str, str]) -> list[str]:
    return [table[word] for word in words if word in table]
