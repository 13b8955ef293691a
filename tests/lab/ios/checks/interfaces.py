# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Interfaces and tunnels."""

from __future__ import annotations

from ..rules import Caret, Change
from ..tree import Node
from ..words import PHYSICAL


def interface_there(change: Change) -> str | None:
    """Physical interfaces are those that the router has; they cannot be removed."""
    name = change.values["name"]
    if not name.startswith(PHYSICAL):
        return None
    base = name.partition(".")[0]
    if base not in change.config.facts.interfaces:
        return Caret("name")
    if change.negated and "." not in name and change.match.words[0] == "interface":
        return "% Deletion of physical interfaces is not permitted"
    return None


def interface_known(change: Change) -> str | None:
    """A physical interface that a line names must be there."""
    name = change.values.get("out", "")
    if change.negated or not name.startswith(PHYSICAL):
        return None
    known = name in change.config.facts.interfaces or ("interface", name) in change.root.children
    return None if known else Caret("out")


def tunnel_only(change: Change) -> str | None:
    """Tunnel commands exist on tunnel interfaces alone."""
    return None if change.parent.words[1].startswith("Tunnel") else Caret("")


def mode_fits_destination(change: Change) -> str | None:
    if change.negated or "multipoint" not in change.match.words:
        return None
    if change.parent.get("tunnel destination"):
        return "Tunnel set mode failed. p2mp tunnels cannot have a tunnel destination."
    return None


def destination_fits_mode(change: Change) -> str | None:
    mode = change.parent.get("tunnel mode")
    if change.negated or mode is None or "multipoint" not in mode.words:
        return None
    return "Tunnel destination cannot be configured under existing mode"


def nhrp_secret_fits(change: Change) -> str | None:
    """At most 8 characters; the rest would be cut off without a word by some releases."""
    if not change.negated and len(change.values["secret"]) > 8:
        return "% NHRP: authentication string is longer than 8 characters"
    return None


def protection_shared(change: Change) -> str | None:
    """Tunnels of one source share one profile, and say so; Cisco's guide calls it a must."""
    tunnel = change.parent
    mine = _source(tunnel)
    if change.negated or mine is None:
        return None
    words = tuple(word for word in change.match.words)
    for other in change.root.all("interface"):
        theirs = other.get("tunnel protection")
        if other.key == tunnel.key or theirs is None or _source(other) != mine:
            continue
        if "shared" not in words or theirs.words[:6] != words[:6]:
            name = other.words[1]
            return f"% {name} has the same tunnel source: both need the same profile and the keyword shared"
    return None


def _source(tunnel: Node) -> tuple[str, ...] | None:
    """The source of a tunnel with the VRF that it is in."""
    source = tunnel.get("tunnel source")
    return (*source.words[2:], tunnel.value("tunnel vrf", "vrf")) if source else None


def protection_changed(change: Change) -> str | None:
    """With the quirk `protection-shuts`, another profile leaves the tunnel shut down."""
    changed = change.node is not None and change.before not in ((), change.node.words)
    if changed and "protection-shuts" in change.config.facts.quirks:
        change.config.line(change.parent.path(), "shutdown")
    return None
