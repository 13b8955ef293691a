# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets: hashed or encrypted before anybody can read them."""

from __future__ import annotations

from .. import secrets
from ..rules import Change
from ..tree import Node


def hash_secret(change: Change) -> str | None:
    """`secret TEXT` is kept as `secret 9 HASH`."""
    node = change.node
    if change.negated or node is None or "secret" not in node.words:
        return None
    at = node.words.index("secret", 1 if node.words[0] == "enable" else 2)
    kind, text = _typed(node.words[at + 1 :])
    if kind == "0":
        hashed = secrets.type9(text)
        node.words = (*node.words[: at + 1], "9", hashed)
        node.values["secret"] = hashed
    return None


def _typed(words: tuple[str, ...]) -> tuple[str, str]:
    """The type of a secret and itself."""
    if len(words) > 1 and words[0].isdigit():
        return words[0], " ".join(words[1:])
    return "0", " ".join(words)


def encrypt_passwords(change: Change) -> str | None:
    """`service password-encryption` shows passwords as type 7, those that come later too."""
    if change.negated or ("service", "password-encryption") not in change.root.children:
        return None
    for node in list(change.root.walk()):
        if "password" in node.words[:-1] or "md5" in node.words[:-1]:
            _encrypt(node, "7")
    return None


def encrypt_keys(change: Change) -> str | None:
    """`password encryption aes` with a `key config-key` shows IKE keys as type 6."""
    config = change.config
    if (
        change.negated
        or not config.config_key
        or ("password", "encryption", "aes") not in config.root.children
    ):
        return None
    for node in list(config.root.walk()):
        if node.words[0] == "pre-shared-key":
            _encrypt(node, "6", config.config_key)
    return None


def master_key(change: Change) -> str | None:
    """The master key of type 6: remembered, and in no configuration."""
    change.root.remove(change.match.key)
    config = change.config
    config.config_key = "" if change.negated else change.values.get("secret", "")
    return encrypt_keys(change)


def _encrypt(node: Node, kind: str, key: str = "") -> None:
    if "secret" not in node.values:
        return
    at = next(n for n, word in enumerate(node.words) if word in ("password", "md5", "pre-shared-key"))
    if node.words[at + 1] in ("local", "remote"):
        at += 1
    found, text = _typed(node.words[at + 1 :])
    if found == "0" and node.words[at + 1] != "hex":
        hidden = secrets.type7(text) if kind == "7" else secrets.type6(text, key)
        node.words = (*node.words[: at + 1], kind, hidden)
        node.values["secret"] = hidden
