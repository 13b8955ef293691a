# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""BGP, OSPF and EIGRP."""

from __future__ import annotations

import re

from ..rules import Change
from ..tree import Node

_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def _bgp(change: Change) -> Node:
    """The `router bgp` node that a line stands below, however deep."""
    node = change.parent
    while node.parent is not None and node.words[:2] != ("router", "bgp"):
        node = node.parent
    return node


def _peers(change: Change) -> list[Node]:
    """Where a peer may be defined: the router, and the VRF family that the line is in."""
    bgp = _bgp(change)
    return [bgp] if change.parent is bgp else [bgp, change.parent]


def _defined(change: Change, peer: str) -> bool:
    for place in _peers(change):
        if ("neighbor", peer, "remote-as") in place.children:
            return True
        if ("neighbor", peer, "peer-group") in place.children:
            return True
    return False


def one_bgp(change: Change) -> str | None:
    """There is one BGP process, with one AS number."""
    asn = change.values.get("asn")
    running = next((node.values["asn"] for node in change.root.all("router bgp")), None)
    if running is not None and asn is not None and asn != running:
        return f"BGP is already running; AS is {running}"
    return None


def new_bgp(change: Change) -> str | None:
    """A new process logs the changes of its neighbours, and says so in running-config."""
    if change.created and change.node is not None:
        change.config.line(change.node.path(), "bgp log-neighbor-changes")
    return None


def peer_there(change: Change) -> str | None:
    """Nothing can be said of a neighbour that has neither AS nor group."""
    peer = change.values.get("peer", "")
    if _defined(change, peer):
        return None
    return "% Specify remote-as or peer-group commands first"


def group_there(change: Change) -> str | None:
    group = change.values.get("group")
    if change.negated or group is None:
        return None
    line = _bgp(change).children.get(("neighbor", group, "peer-group"))
    return None if line is not None and "group" not in line.values else "% Create the peer-group first"


def group_unused(change: Change) -> str | None:
    """A group with members or listen ranges cannot go."""
    peer = change.values["peer"]
    if not change.negated or _ADDRESS.fullmatch(peer):
        return None
    for line in _bgp(change).all("bgp listen range"):
        if line.values.get("group") == peer:
            return f"% Peer-group {peer} is used by a listen range; remove that first"
    return None


def peer_group_fits(change: Change) -> str | None:
    """`neighbor NAME peer-group` makes a group, `neighbor A.B.C.D peer-group NAME` joins one."""
    values = change.values
    if change.negated:
        return group_unused(change)
    is_address = _ADDRESS.fullmatch(values["peer"]) is not None
    if not is_address:
        return "% Invalid neighbor: a peer-group cannot be a member of another" if "group" in values else None
    if "group" not in values:
        return "% Invalid peer-group name, address given"
    if text := group_there(change):
        return text
    bgp = _bgp(change)
    known = any(("neighbor", name, "remote-as") in bgp.children for name in (values["peer"], values["group"]))
    return None if known else "% Specify remote-as or peer-group remote AS first"


def remote_as_fits(change: Change) -> str | None:
    """A group must be made before it is given an AS."""
    peer = change.values["peer"]
    if change.negated:
        return group_unused(change) if change.match.words == ("neighbor", peer) else None
    if _ADDRESS.fullmatch(peer):
        return None
    if ("neighbor", peer, "peer-group") not in _bgp(change).children:
        return "% Create the peer-group first"
    return None


def peer_gone(change: Change) -> str | None:
    """A neighbour that is no longer defined takes its lines along; a new one is activated for IPv4."""
    bgp, peer = _bgp(change), change.values["peer"]
    if not change.negated:
        _activate(change, bgp, peer)
        return None
    whole = change.match.words == ("neighbor", peer)
    disbanded = change.match.key[-1] == "peer-group" and not _ADDRESS.fullmatch(peer)
    if not whole and not disbanded and _defined(change, peer):
        return None
    for place in (bgp, *bgp.all("address-family")):
        for key in [key for key in place.children if key[:2] == ("neighbor", peer)]:
            place.remove(key)
    for key, line in list(bgp.children.items()):
        if line.values.get("group") == peer and key[2:3] == ("peer-group",):
            bgp.remove(key)
    return None


def _activate(change: Change, bgp: Node, peer: str) -> None:
    """`bgp default ipv4-unicast`: a neighbour exchanges IPv4 routes unless told otherwise."""
    if not change.created or not _ADDRESS.fullmatch(peer) or change.parent is not bgp:
        return
    default = bgp.children.get(("bgp", "default", "ipv4-unicast"))
    family = bgp.children.get(("address-family", "ipv4"))
    if default is None and family is not None:
        change.config.line(family.path(), f"neighbor {peer} activate")


def new_bgp_family(change: Change) -> str | None:
    """The neighbours that are there are active in a new IPv4 family."""
    if change.created and change.node is not None:
        bgp = change.parent
        if bgp.children.get(("bgp", "default", "ipv4-unicast")) is None:
            for line in list(bgp.all("neighbor")):
                if line.key[2] in ("remote-as", "peer-group") and _ADDRESS.fullmatch(line.key[1]):
                    change.config.line(change.node.path(), f"neighbor {line.key[1]} activate")
    return None


def activation(change: Change) -> str | None:
    """Where neighbours are active by default, running-config shows that one is not."""
    peer = change.values["peer"]
    default = _bgp(change).children.get(("bgp", "default", "ipv4-unicast"))
    plain = change.parent.key == ("address-family", "ipv4")
    if change.negated and plain and default is None and _ADDRESS.fullmatch(peer):
        rule = change.config.grammar.rule(change.match)
        change.parent.attach(Node(("no", *change.match.key), rule, change.match.key, {"peer": peer}))
    return None


def new_eigrp_family(change: Change) -> str | None:
    """A new address family has its base topology at once."""
    if change.created and change.node is not None:
        change.config.line(change.node.path(), "topology base")
    return None


def new_ospf(change: Change) -> str | None:
    """`ip ospf N area A` starts the process N if there is none."""
    process = change.values.get("process")
    if not change.negated and process and not list(change.root.all(f"router ospf {process}")):
        change.config.line((), f"router ospf {process}")
    return None
