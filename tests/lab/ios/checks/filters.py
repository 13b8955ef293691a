# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters and policies."""

from __future__ import annotations

from ..rules import Change


def prefix_fits(change: Change) -> str | None:
    """Lengths must grow: len < ge <= le."""
    if change.negated:
        return None
    words = change.match.words
    prefix = next(word for word in words if "/" in word)
    length = int(prefix.partition("/")[2])
    bounds = {name: int(words[words.index(name) + 1]) for name in ("ge", "le") if name in words[3:]}
    least = bounds.get("ge", length + 1 if "le" in bounds else length)
    if ("ge" in bounds and bounds["ge"] <= length) or ("le" in bounds and bounds["le"] < least):
        return f"% Invalid prefix range for {prefix}, make sure: len < ge-value <= le-value"
    return None


def number_line(change: Change) -> str | None:
    """A line without a sequence number gets the next one."""
    node = change.node
    if change.negated or node is None:
        return None
    parent = change.parent
    parent.remove(node.key)
    listed = node.words[:2] == ("ip", "prefix-list")
    head = node.words[:3] if listed else ()
    step = 5 if listed else 10
    taken = [
        int(child.values["seq"])
        for child in parent.children.values()
        if "seq" in child.values and child.words[: len(head)] == head
    ]
    same = node.words[len(head) :]
    marks = len(head) + (2 if listed else 1)
    if any(child.words[marks:] == same for child in parent.children.values() if "seq" in child.values):
        return None
    number = max(taken, default=0) // step * step + step
    line = " ".join((*head, "seq", str(number), *same) if listed else (str(number), *same))
    change.config.line(parent.path(), line)
    return None


def complete_route_map(change: Change) -> str | None:
    """`route-map NAME` alone is the entry 10, permit."""
    node = change.node
    if change.negated or node is None or not change.created:
        return None
    change.parent.remove(node.key)
    action = node.words[2] if len(node.words) > 2 else "permit"
    result = change.config.line((), f"route-map {node.words[1]} {action} 10")
    change.node = change.root.find(result.path)
    return None


def class_there(change: Change) -> str | None:
    name = change.values["name"]
    if change.negated or name == "class-default":
        return None
    known = any(node.words[-1] == name for node in change.root.all("class-map"))
    return None if known else f"class map {name} not configured"


def policy_there(change: Change) -> str | None:
    name = change.values["policy"]
    if change.negated or ("policy-map", name) in change.root.children:
        return None
    return f"policy map {name} not configured"


def policy_unused(change: Change) -> str | None:
    name = change.values["policy"]
    if not change.negated:
        return None
    for node in change.root.walk():
        if "service-policy" in node.words and node.words[-1] == name:
            return f"% Policy-map {name} is being used"
    return None
