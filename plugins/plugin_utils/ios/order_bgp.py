# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lines of ``router bgp``: a session begins only when its peer-group and all of its filters are there."""

from __future__ import annotations

import re

from hier_config import HConfigChild

from .steps import Step
from .walk import additions, removals

_PEER = re.compile(r"(?:no )?neighbor (\S+) ")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_DEFINITION = re.compile(r"(?:no )?neighbor \S+ peer-group$")
_MEMBER = re.compile(r"(?:no )?neighbor \S+ peer-group(?: \S+)?$")
_LISTEN = re.compile(r"(?:no )?bgp listen range ")


def _of_session(step: Step) -> bool:
    """Whether a line lets somebody in, or is of one who comes in by such a line."""
    peer = _PEER.match(step.line)
    return bool(_LISTEN.match(step.line) or (peer and _ADDRESS.fullmatch(peer[1])))


def added(node: HConfigChild, path: tuple[str, ...], target: HConfigChild) -> list[Step]:
    """Groups, their filters, then who is in them. The filters of a member go before its activation."""
    steps = additions(node, path, target)
    process = [step for step in steps if step.path == path]
    family = [step for step in steps if step.path != path]
    moved = _moved(node, path, target)
    family = [
        each
        for step in family
        for each in (*((moved[_network(step.line)],) if _network(step.line) in moved else ()), step)
    ]
    shared = [step for step in process if not _of_session(step)]
    definitions = [step for step in shared if _DEFINITION.match(step.line)]
    return [
        *definitions,
        *(step for step in shared if step not in definitions),
        *(step for step in family if not _of_session(step)),
        *(step for step in process if _of_session(step) and _MEMBER.match(step.line)),
        *(step for step in process if _of_session(step) and not _MEMBER.match(step.line)),
        *sorted(
            (step for step in family if _of_session(step)), key=lambda step: step.line.endswith(" activate")
        ),
    ] or ([Step((), path[0])] if not node.children else [])


def _network(line: str) -> str:
    """The address of ``network A mask M``, "" for another line."""
    return line.split()[1] if line.startswith("network ") else ""


def _moved(node: HConfigChild, path: tuple[str, ...], target: HConfigChild) -> dict[str, Step]:
    """Networks that go because the same address comes with another mask, by that address.

    They go first: whether one may stand beside the other is not known of every release.
    """
    coming = {_network(step.line) for step in additions(node, path, target)} - {""}
    going = {_network(step.line[3:]): step for step in removals(node, path, target)}
    return {address: step for address, step in going.items() if address in coming}


def removed(node: HConfigChild, path: tuple[str, ...], target: HConfigChild) -> list[Step]:
    """Who is in a group goes before the group; with either go all of its lines."""
    moved = _moved(node, path, target).values()
    steps = [step for step in removals(node, path, target) if step not in moved]
    kept = {match[1] for line in target.all_children() if (match := _PEER.match(line.text))}
    # Those of whom the line goes that makes them.
    gone = {
        match[1]
        for step in steps
        if (match := _PEER.match(step.line)) and match[1] not in kept and _MEMBER.match(step.line)
    }

    def rank(step: Step) -> int | None:
        peer = _PEER.match(step.line)
        if _LISTEN.match(step.line):
            return 1
        if peer and peer[1] in gone:
            if _DEFINITION.match(step.line):
                return 3
            return 2 if _MEMBER.match(step.line) else None
        return 0

    ranked = [(found, step) for step in steps if (found := rank(step)) is not None]
    return [step for _rank, step in sorted(ranked, key=lambda pair: pair[0])]
