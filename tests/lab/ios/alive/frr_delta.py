# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From one FRR configuration to the next in vtysh's commands.

Both are of frr.py, and FRR has nothing but the first: so a difference of lines is enough. frr-reload.py, made
for any configuration, takes a minute on a busy lab and fails where nhrpd refuses a line that it has already.
"""

from __future__ import annotations

from collections.abc import Iterator

Path = tuple[str, ...]
_LEAVES = ("exit", "exit-address-family")
_MODES = ("interface ", "router ", "address-family ", "route-map ")
# A line of these cannot be taken back alone: FRR would drop everything that depends on it.
_FOUNDATIONS = ("remote-as", "peer-group")


def commands(old: str, new: str) -> str:
    """Lines for `vtysh -f`; empty if there is nothing to do."""
    before, after = list(_paths(old)), list(_paths(new))
    rebuilt = list(dict.fromkeys(_rebuilt(before, after)))
    before = [path for path in before if path[0] not in rebuilt]
    had, wanted = set(before), set(after)
    gone = [path for path in before if path not in wanted]
    steps: list[Path] = [(f"no {mode}",) for mode in rebuilt]
    for path in reversed(gone):
        # A mode that is gone takes its lines along, but for an interface, which stays.
        taken_along = any(path[:depth] in gone and not _stays(path[:depth]) for depth in range(1, len(path)))
        if not taken_along and not _stays(path):
            steps.append((*path[:-1], _negated(path[-1])))
    steps += [path for path in after if path not in had]
    return "".join(f"{line}\n" for line in _typed(steps))


def without(text: str, interfaces: set[str]) -> str:
    """The configuration without what it says of some interfaces."""
    kept, inside = [], False
    for line in text.splitlines():
        if not line.startswith(" "):
            words = line.split()
            inside = (words[:1] == ["interface"] and words[1] in interfaces) or (inside and line == "exit")
        if not inside:
            kept.append(line)
    return "".join(f"{line}\n" for line in kept)


def _negated(line: str) -> str:
    return line.removeprefix("no ") if line.startswith("no ") else f"no {line}"


def _typed(steps: list[Path]) -> Iterator[str]:
    """The lines in their modes, each mode entered once for lines that follow each other."""
    here: Path = ()
    for path in steps:
        mode = path[:-1]
        common = 0
        while common < min(len(here), len(mode)) and here[common] == mode[common]:
            common += 1
        yield from ["exit"] * (len(here) - common)
        yield from mode[common:]
        yield path[-1]
        here = path if _opens(path) else mode
    yield from ["exit"] * len(here)


def _opens(path: Path) -> bool:
    """Whether a line leads to a mode of its own; a profile within a peer is only a name."""
    line = path[-1]
    return (
        line.startswith(_MODES)
        or line == "bfd"
        or (path[:-1] == ("bfd",) and line.startswith(("profile ", "peer ")))
    )


def _stays(path: Path) -> bool:
    return len(path) == 1 and path[0].startswith("interface ")


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
