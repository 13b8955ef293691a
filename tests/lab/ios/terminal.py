# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A terminal line of the router: reads keys, echoes, edits, and stops at `--More--`."""

from __future__ import annotations

import asyncio
from typing import Protocol

_MORE = " --More-- "


class Stream(Protocol):
    """The two directions of a connection, in bytes."""

    async def receive(self) -> bytes: ...

    def send(self, data: bytes) -> None: ...


class Closed(Exception):
    """The other end has gone."""


class ControlZ(Exception):
    """Ctrl-Z or Ctrl-C was typed."""


class Terminal:
    """Lines in and out of a :class:`Stream`; `length` 0 never pauses, `width` 0 never wraps."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._pending = bytearray()
        self._after_return = False
        self._history: list[str] = []
        self.length = 24
        self.width = 80

    def write(self, text: str) -> None:
        self._stream.send(text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace"))

    async def key(self) -> int:
        if not self._pending:
            data = await self._stream.receive()
            if not data:
                raise Closed
            self._pending.extend(data)
        return self._pending.pop(0)

    async def line(self, prompt: str, echo: bool = True) -> str:
        """Read a line. Raises ControlZ when the line is left with Ctrl-Z or Ctrl-C."""
        self.write(prompt)
        typed: list[str] = []
        behind = len(self._history)
        while True:
            key = await self.key()
            if key == 10 and self._after_return:
                self._after_return = False
                continue
            self._after_return = key == 13
            if key in (10, 13):
                self.write("\n")
                line = "".join(typed)
                if echo and line.strip():
                    self._history.append(line)
                return line
            if key in (3, 26):
                self.write("^Z\n" if key == 26 else "^C\n")
                raise ControlZ
            if key in (8, 127):
                if typed:
                    typed.pop()
                    self._echo("\b \b", echo)
            elif key in (21, 24):
                self._echo("\b \b" * len(typed), echo)
                typed.clear()
            elif key == 27:
                behind = await self._escape(typed, behind, echo)
            elif key >= 32:
                typed.append(chr(key))
                self._echo(chr(key), echo)

    def _echo(self, text: str, echo: bool) -> None:
        if echo:
            self.write(text)

    async def _escape(self, typed: list[str], behind: int, echo: bool) -> int:
        """Arrow keys: up and down walk through the history, the others do nothing."""
        if await self.key() != ord("["):
            return behind
        arrow = chr(await self.key())
        if arrow in "AB" and echo:
            behind = min(max(behind + (-1 if arrow == "A" else 1), 0), len(self._history))
            self.write("\b \b" * len(typed))
            typed[:] = list(self._history[behind]) if behind < len(self._history) else []
            self.write("".join(typed))
        return behind

    async def page(self, text: str) -> None:
        """Print a text, a screen at a time."""
        lines = text.split("\n")
        shown = 0
        for number, line in enumerate(lines):
            self.write(f"{line}\n")
            shown += max(1, -(-len(line) // self.width)) if self.width else 1
            if self.length and shown >= self.length - 1 and number + 1 < len(lines):
                self.write(_MORE)
                key = await self.key()
                self.write("\b" * len(_MORE) + " " * len(_MORE) + "\b" * len(_MORE))
                if key in (10, 13):
                    self._after_return = key == 13
                    shown = self.length - 2
                elif key == 32:
                    shown = 0
                else:
                    return

    async def drain(self) -> None:
        await asyncio.sleep(0)
