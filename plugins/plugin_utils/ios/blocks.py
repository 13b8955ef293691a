# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A running configuration as blocks: a line at the left margin with everything indented below it.

What a router prints beside commands (banners, macros, certificates) is kept as it is and never taken for a
command, so that nothing in it can be mistaken for ours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER = re.compile(r"(Building configuration|Current configuration|Using \d+ out of )")
_BANNER = re.compile(r"banner \S+ (\S{1,2})(.*)$")
_RELEASE = re.compile(r"^version (\d+)\.(\d+)", re.MULTILINE)
_CLOCK = re.compile(r"ntp clock-period ")


@dataclass(frozen=True, slots=True)
class Block:
    """``lines`` as printed, the first without indent; ``!`` and blanks at the end are left out.

    ``plain`` is false for text that holds no commands (a banner, a macro).
    """

    lines: tuple[str, ...]
    plain: bool = True

    @property
    def head(self) -> str:
        """The command of the block, single blanks between its words."""
        return " ".join(self.lines[0].split())

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def blocks(configuration: str) -> list[Block]:
    """The blocks of ``show running-config`` or of a rendered ``config.ios``, in their order.

    Comments, what IOS prints around the configuration, ``end`` and the one line that the router changes by
    itself (``ntp clock-period``) are left out.
    """
    found: list[Block] = []
    rows = iter(line.rstrip() for line in configuration.replace("\r", "").split("\n"))
    held: list[str] = []

    def close() -> None:
        while held and held[-1].strip() in ("", "!"):
            held.pop()
        if held:
            found.append(Block(tuple(held)))
        held.clear()

    for row in rows:
        if row.startswith((" ", "\t")):
            if held:
                held.append(row)
            continue
        if not row or row.startswith("!"):
            close()
            continue
        close()
        if _HEADER.match(row) or row == "end" or _CLOCK.match(row):
            continue
        if banner := _BANNER.match(row):
            found.append(Block((row, *_until(rows, banner[1], banner[2])), plain=False))
        elif row.startswith("macro name "):
            found.append(Block((row, *_until(rows, "@", "")), plain=False))
        else:
            held.append(row)
    close()
    return found


def rows(configuration: str) -> Counter[str]:
    """Every line with the head of its block; order and what IOS prints around them do not count."""
    return Counter(f"{block.head}\n{row}" for block in blocks(configuration) for row in block.lines)


def _until(rows: Iterator[str], mark: str, rest: str) -> Iterator[str]:
    """The lines up to the one that holds ``mark``; none if ``rest`` of the first line holds it."""
    if mark in rest:
        return
    for row in rows:
        yield row
        if mark in row:
            return


def interfaces(configuration: str) -> dict[str, Block]:
    """The interfaces of a configuration by their names."""
    return {
        block.head.removeprefix("interface "): block
        for block in blocks(configuration)
        if block.head.startswith("interface ")
    }


def release(configuration: str) -> tuple[int, int] | None:
    """Major and minor of the ``version`` line, (17, 15), or None without one."""
    match = _RELEASE.search(configuration)
    return (int(match[1]), int(match[2])) if match else None


def complete(configuration: str) -> bool:
    """Whether the output of ``show running-config`` came to its end."""
    return configuration.rstrip().endswith("\nend")
