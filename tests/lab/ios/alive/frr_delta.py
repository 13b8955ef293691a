# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From one FRR configuration to the next in vtysh's commands.

Both are of frr.py, and FRR has nothing but the first: so a difference of lines is enough. frr-reload.py, made for
any configuration, takes a minute on a busy lab and fails where nhrpd refuses a line that it has already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Path = tuple[str, ...]
_LEAVES = ("exit", "exit-address-family")
# A line of these cannot be taken back alone: FRR would drop everything that depends on it.
_FOUNDATIONS = ("remote-as", "peer-group")


def commands(old: str, new: str) -> str:
    """Lines for `vtysh -f`; empty if there is nothing to do."""
    before, after = list(_paths(old)), list(_paths(new))
    lines = []
    for mode in dict.fromkeys(_rebuilt(before, after)):
        lines.append(f"no {mode}")
        before = [path for path in before if path[0] != mode]
    had, wanted = set(before), set(after)
    gone = [path for path in before if path not in wanted]
    for path in reversed(gone):
        # A mode that is gone takes its lines along, but for an interface, which stays.
        if not any(path[:depth] in gone and not _stays(path[:depth]) for depth in range(1, len(path))):
            if not _stays(path):
                lines += _enter(
                    path, path[-1].removeprefix("no ") if path[-1].startswith("no ") else f"no {path[-1]}"
                )
    for path in after:
        if path not in had:
            lines += _enter(path, path[-1])
    return "\n".join([*lines, ""]) if lines else ""


def _stays(path: Path) -> bool:
    return len(path) == 1 and path[0].startswith("interface ")


def _enter(path: Path, line: str) -> Iterable[str]:
    return [*path[:-1], line, *["exit"] * (len(path) - 1)]


def _paths(text: str) -> Iterator[Path]:
    """Every line with the lines of the modes that it is in."""
    stack: list[tuple[int, str]] = []
    for raw in text.splitlines():
        line = raw.strip()
        indent = len(raw) - len(raw.lstrip())
        while stack and stack[-1][0] >= indent:
            stack.pop()
        if line in _LEAVES or not line:
            continue
        stack.append((indent, line))
        yield tuple(one for _indent, one in stack)


def _rebuilt(before: list[Path], after: list[Path]) -> Iterator[str]:
    """`router bgp N`, if something that others stand on is taken away or put below them."""
    wanted, had = set(after), set(before)
    for path in before:
        if path[0].startswith("router bgp") and (path[0],) in wanted:
            words = path[-1].split()
            if path not in wanted and words[0] == "neighbor" and words[2] in _FOUNDATIONS:
                yield path[0]
    for path in after:
        if path[0].startswith("router bgp") and (path[0],) in had and path not in had:
            words = path[-1].split()
            if (
                words[0] == "neighbor"
                and words[2] in _FOUNDATIONS
                and any(one[-1].split()[:2] == words[:2] for one in before)
            ):
                yield path[0]
