# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The commands that bring FRR from one configuration to another: what differs, and nothing else.

``frr-reload.py`` does that for any configuration, but enters every new line twice, which nhrpd answers with
"Entry exists already" and an exit status, shows secrets in the process list, and saves the configuration on
its own account. It stays the fallback for a line that FRR does not take back as it was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .frr_config import Path, parse, paths

# Contexts that ``no`` removes with all that is in them; others are emptied line by line.
_REMOVABLE = re.compile(r"router (?!pim\b)|route-map |profile |peer |key chain |nexthop-group |pbr-map ")


def delta(before: str, after: str) -> str:
    """Input for ``vtysh -f``; empty if nothing differs."""
    old, new = paths(parse(before)), paths(parse(after))
    held, wanted = set(old), set(new)
    gone = {path for path in old if path not in wanted}
    lines = []
    # Backwards, so that what refers to something goes before it.
    for path in reversed(old):
        if path in gone and not _goes_with_context(path, gone) and not _emptied(path, old):
            lines.append((*path[:-1], negated(path[-1])))
    lines += [path for path in new if path not in held]
    return "".join(f"{line}\n" for line in _grouped(lines))


def negated(line: str) -> str:
    return line.removeprefix("no ") if line.startswith("no ") else f"no {line}"


def differences(running: str, target: str) -> tuple[list[Path], list[Path]]:
    """(missing, left over): lines that should run, and lines that should not. Empty contexts do not count."""
    here, wanted = paths(parse(running)), paths(parse(target))
    held, kept = set(here), set(wanted)
    missing = [path for path in wanted if path not in held and not _empty_context(path, wanted)]
    left = [path for path in here if path not in kept and not _empty_context(path, here)]
    return missing, left


def _goes_with_context(path: Path, gone: set[Path]) -> bool:
    return any(path[:end] in gone and _REMOVABLE.match(path[end - 1]) for end in range(1, len(path)))


def _emptied(path: Path, everything: list[Path]) -> bool:
    """Whether this is a context that goes line by line, and so needs no line of its own."""
    if _REMOVABLE.match(path[-1]):
        return False
    return _empty_context(path, [path]) or any(other[:-1] == path for other in everything)


def _empty_context(path: Path, everything: Iterable[Path]) -> bool:
    """Whether this is a context that FRR shows only when something is in it, with nothing in it."""
    if not re.match(r"interface |address-family |bfd$|vrf |line vty$|router pim\b", path[-1]):
        return False
    return not any(len(other) > len(path) and other[: len(path)] == path for other in everything)


def _grouped(lines: list[Path]) -> list[str]:
    """Lines in their contexts, entering and leaving each as seldom as the order allows."""
    text: list[str] = []
    inside: Path = ()
    for path in lines:
        context = path[:-1]
        common = 0
        while common < min(len(inside), len(context)) and inside[common] == context[common]:
            common += 1
        text += _leave(inside, common)
        text += [" " * depth + context[depth] for depth in range(common, len(context))]
        text.append(" " * len(context) + path[-1])
        inside = context
        if _opens(path):
            inside = path
    return text + _leave(inside, 0)


def _leave(inside: Path, depth: int) -> list[str]:
    words = []
    for level in range(len(inside) - 1, depth - 1, -1):
        end = "exit-address-family" if inside[level].startswith("address-family ") else "exit"
        words.append(" " * level + end)
    return words


def _opens(path: Path) -> bool:
    node = parse("".join(f"{' ' * depth}{line}\n" for depth, line in enumerate(path)))
    for _level in path:
        node = node.children[-1]
    return node.context
