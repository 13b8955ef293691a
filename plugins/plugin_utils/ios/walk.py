# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lines of one changed object: what is added or set, and what is taken away."""

from __future__ import annotations

import re

from hier_config import HConfigChild

from .steps import Step

# What has no room for a second one and is not overwritten.
_FIRST = re.compile(r"no ip ospf \d+ area ")


def _is_removal(line: HConfigChild, target: HConfigChild | None) -> bool:
    return target is not None and line.text not in target.children


def _below(line: HConfigChild, target: HConfigChild | None) -> HConfigChild | None:
    return target.children.get(line.text) if target is not None else None


def additions(node: HConfigChild, path: tuple[str, ...], target: HConfigChild | None) -> list[Step]:
    """Lines that the target has, the order being the target's."""
    steps: list[Step] = []
    for line in node.children:
        if _is_removal(line, target):
            continue
        if line.children:
            steps += additions(line, (*path, line.text), _below(line, target))
        else:
            steps.append(Step(path, line.text))
    return steps


def removals(node: HConfigChild, path: tuple[str, ...], target: HConfigChild | None) -> list[Step]:
    """Lines that take away what the target has not, the last first."""
    steps: list[Step] = []
    for line in reversed(list(node.children)):
        if _is_removal(line, target):
            steps.append(Step(path, line.text))
        elif line.children:
            steps += removals(line, (*path, line.text), _below(line, target))
    return steps


def lines(node: HConfigChild, path: tuple[str, ...], target: HConfigChild | None) -> list[Step]:
    """Both: first what is added, so that nothing is missing in between."""
    gone = removals(node, path, target)
    return [
        *(step for step in gone if _FIRST.match(step.line)),
        *additions(node, path, target),
        *(step for step in gone if not _FIRST.match(step.line)),
    ]
