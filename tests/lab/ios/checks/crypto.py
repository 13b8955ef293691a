# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IKEv2 and IPsec: references must resolve, and nothing that is in use can go."""

from __future__ import annotations

from ..rules import Change
from ..tree import Node


def _used(change: Change, name: str, start: str, places: str) -> Node | None:
    """The line below `places` that begins with `start` and names something."""
    for place in change.root.all(places):
        for line in place.all(start):
            if name in line.words:
                return line
    return None


def licensed(change: Change) -> str | None:
    """Without the security licence IPsec cannot be configured."""
    if change.negated or "securityk9" in change.config.facts.licences:
        return None
    return "% IPsec feature requires the securityk9 license; activate it with 'license boot level'"


def _missing(change: Change, value: str, start: str, text: str) -> str | None:
    name = change.values.get(value)
    if change.negated or name is None:
        return None
    if change.root.children.get((*start.split(), name)) is None:
        return text.format(name)
    return None


def proposal_there(change: Change) -> str | None:
    if change.values.get("proposal") == "default":
        return None
    return _missing(change, "proposal", "crypto ikev2 proposal", "% IKEv2 proposal {} does not exist")


def keyring_there(change: Change) -> str | None:
    return _missing(change, "keyring", "crypto ikev2 keyring", "% IKEv2 keyring {} does not exist")


def trustpoint_there(change: Change) -> str | None:
    return _missing(change, "trustpoint", "crypto pki trustpoint", "% Trustpoint {} does not exist")


def ikev2_profile_there(change: Change) -> str | None:
    return _missing(change, "profile", "crypto ikev2 profile", "% IKEv2 profile {} does not exist")


def ipsec_profile_there(change: Change) -> str | None:
    return _missing(change, "profile", "crypto ipsec profile", "% IPsec profile {} does not exist")


def map_there(change: Change) -> str | None:
    name = change.values.get("map")
    if change.negated or name is None:
        return None
    start = f"crypto pki certificate map {name}"
    return None if change.root.get(start) else f"% Certificate map {name} does not exist"


def transforms_there(change: Change) -> str | None:
    if change.negated:
        return None
    for name in change.match.words[2:]:
        if change.root.children.get(("crypto", "ipsec", "transform-set", name)) is None:
            return f'ERROR: transform set with tag "{name}" does not exist.'
    return None


def proposal_unused(change: Change) -> str | None:
    name = change.values["proposal"]
    if change.negated and _used(change, name, "proposal", "crypto ikev2 policy"):
        return f"% Cannot remove IKEv2 proposal {name}: it is in use by a policy"
    return None


def keyring_unused(change: Change) -> str | None:
    name = change.values["keyring"]
    if change.negated and _used(change, name, "keyring local", "crypto ikev2 profile"):
        return f"% Cannot remove IKEv2 keyring {name}: it is in use by a profile"
    return None


def profile_unused(change: Change) -> str | None:
    name = change.values["profile"]
    if change.negated and _used(change, name, "set ikev2-profile", "crypto ipsec profile"):
        return f"% Cannot remove IKEv2 profile {name}: it is in use by an IPsec profile"
    return None


def transform_unused(change: Change) -> str | None:
    name = change.values["transform"]
    if change.negated and _used(change, name, "set transform-set", "crypto ipsec profile"):
        return f"% Cannot remove transform-set {name}: it is in use"
    return None


def ipsec_profile_unused(change: Change) -> str | None:
    name = change.values["profile"]
    if change.negated and _used(change, name, "tunnel protection ipsec profile", "interface"):
        return f"% Cannot remove IPsec profile {name}: it is in use by an interface"
    return None


def incomplete_proposal(change: Change) -> str | None:
    """IOS says so every time a proposal is entered that has not all that it needs."""
    node = change.node
    if change.negated or node is None:
        return None
    ciphers = node.get("encryption")
    combined = ciphers is not None and "gcm" in ciphers.text
    second = node.get("prf") if combined else node.get("integrity")
    if ciphers and second and node.get("group"):
        return None
    return (
        "IKEv2 proposal MUST either have a set of an encryption algorithm other than aes-gcm, "
        "an integrity algorithm and a DH group configured or \n "
        "encryption algorithm aes-gcm, a prf algorithm and a DH group configured"
    )


def incomplete_policy(change: Change) -> str | None:
    if change.negated or change.node is None or change.node.get("proposal"):
        return None
    return "IKEv2 policy MUST have atleast one complete proposal attached"


def incomplete_profile(change: Change) -> str | None:
    node = change.node
    if change.negated or node is None:
        return None
    both = node.get("authentication local") and node.get("authentication remote")
    matched = node.get("match identity") or node.get("match certificate") or node.get("match any")
    if both and matched:
        return None
    return (
        "IKEv2 profile MUST have:\n   1. A local and a remote authentication method.\n"
        "   2. A match identity or a match certificate or match any statement."
    )


def mode_shown(change: Change) -> str | None:
    """Running-config always shows the mode of a transform-set; `no mode` is tunnel mode."""
    transform = change.parent if change.match.key == ("mode",) else change.node
    if transform is not None and transform.parent is not None and transform.get("mode") is None:
        change.config.line(transform.path(), "mode tunnel")
    return None
