# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An IOS router's configuration beside the rendered one: the lines that apply would send, with their owner.

A line that is missing in an object that is there, and of whose kind the router shows none, is its hidden
default: nobody wrote another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...module_utils.difference import DEFAULT, NOTE, OURS, THEIRS, Difference, shortened
from ..ios.driver import mode_of, negated, once
from ..ios.remediate import remediate
from ..ios.steps import Step

APPLY = "run site.yml for this router"
_LAST = re.compile(r"^! Last configuration change at (.+?)(?: by (\S+))?\s*$", re.MULTILINE)
_INDENT = re.compile(r" *")


def configuration(running: str, intended: str, secrets: Mapping[str, str]) -> Iterator[Difference]:
    """Raises what :func:`remediate` raises."""
    found = remediate(running, intended, secrets)
    changed = _LAST.search(running)
    who = (
        f"{changed[2] or 'somebody'}, or who came before: the last change was {changed[1]}" if changed else ""
    )
    for text in found.conflicts:
        problem, _semicolon, remedy = text.partition("; ")
        yield Difference(
            "configuration", "configuration", THEIRS, problem, who or "somebody on the router", remedy
        )
    for text in found.notes:
        yield Difference("configuration", "configuration", THEIRS, text, who, severity=NOTE)
    yield from _lines(found.steps, running, who or "somebody on the router, or an earlier inventory")


def _lines(steps: tuple[Step, ...], running: str, who: str) -> Iterator[Difference]:
    have = contexts(running)
    grouped: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        where = " / ".join(step.path) or step.line.removeprefix("no ")
        owner = owner_of(step, have)
        removed = step.line.startswith("no ") and negated(step.line) in have.get(step.path, [])
        shown = f"- {negated(step.line)}" if removed else f"+ {step.line}"
        grouped.setdefault((where, owner), []).append(shown)
    for (where, owner), lines in grouped.items():
        by = who
        if owner == DEFAULT:
            by = (
                "nobody wrote another value, so the router's own holds: a line was taken out "
                f"({who}), or a release changed its defaults"
            )
        what = "differs from the inventory" if owner == OURS else "has the router's own default"
        yield Difference("configuration", where, owner, what, by, APPLY, lines=shortened(lines))


def owner_of(step: Step, have: Mapping[tuple[str, ...], list[str]]) -> str:
    """Ours, or the router's default that nobody wrote over."""
    held = have.get(step.path)
    kind = once(mode_of(step.path), step.line)
    if held is None or not step.path or kind is None or negated(step.line) in held:
        return OURS
    shown = (line for line in held if once(mode_of(step.path), line) == kind)
    return DEFAULT if next(shown, None) is None else OURS


def contexts(running: str) -> dict[tuple[str, ...], list[str]]:
    """The lines below each line of a configuration, by the lines that lead there."""
    found: dict[tuple[str, ...], list[str]] = {(): []}
    above: list[tuple[int, str]] = []
    for row in running.splitlines():
        line = " ".join(row.split())
        if not line or line.startswith("!"):
            continue
        depth = len(_INDENT.match(row)[0])  # type: ignore[index]
        while above and above[-1][0] >= depth:
            above.pop()
        found.setdefault(tuple(name for _depth, name in above), []).append(line)
        above.append((depth, line))
        found.setdefault(tuple(name for _depth, name in above), [])
    return found
