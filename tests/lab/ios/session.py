# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One login: reads lines, runs them, prints what IOS would."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from . import execs
from .archive import FlashError
from .configuration import Path, Result
from .journal import masked
from .notation import Refusal
from .terminal import Closed, ControlZ, Terminal

if TYPE_CHECKING:
    from .device import Device

INVALID = "% Invalid input detected at '^' marker."


class Session:
    """A user at a terminal of the device."""

    def __init__(
        self,
        device: Device,
        terminal: Terminal,
        user: str,
        privilege: int,
        ends: tuple[str, str] = ("", ""),
    ) -> None:
        self.device = device
        self.terminal = terminal
        self.user = user
        self.privilege = privilege
        self.client, self.local = device.options.ends or ends
        self.configuring = False
        self.path: Path = ()
        self.open = True
        self.words: tuple[str, ...] = ()
        self._lines = 0

    @property
    def prompt(self) -> str:
        name = self.device.hostname
        if not self.configuring:
            return f"{name}{'#' if self.privilege == 15 else '>'}"
        node = self.device.configuration.root.find(self.path) or self.device.configuration.root
        mode = self.device.grammar.modes[self.device.configuration.mode(node)]
        return f"{name}({mode.prompt})#"

    def said(self, word: str) -> bool:
        """Whether the command that runs has this word."""
        return word in self.words

    def warn(self) -> None:
        """What the session that set the rollback timer reads one minute before it expires."""
        if self.open:
            self.terminal.write(
                "Rollback Confirmed Change: Rollback will begin in one minute.\n"
                'Enter "configure confirm" if you wish to keep what you\'ve configured\n'
            )

    async def run(self) -> None:
        """Serve the user until the end. Raises Closed when the connection is cut."""
        self.terminal.write("\n")
        while self.open:
            try:
                line = await self.terminal.line(self.prompt)
            except ControlZ:
                self.configuring, self.path = False, ()
                continue
            await self.execute(line)

    async def execute(self, line: str) -> None:
        """Run one line, with the faults that are on."""
        faults = self.device.faults
        if (delay := faults.number("slow")) is not None:
            await asyncio.sleep(delay)
        if faults.matches("hang", line):
            await asyncio.Event().wait()
        if not line.strip() or line.lstrip().startswith("!"):
            return
        before = self.prompt
        try:
            if self.configuring:
                said = await self._configure(line, before)
            else:
                said = await self._exec(line, before)
        except ControlZ:
            said = ""
        if said:
            await self.terminal.page(said)
        if faults.matches("reload-on", line):
            self.device.reload()
            raise Closed

    async def _exec(self, line: str, prompt: str) -> str:
        command, separator, pipe = line.partition("|")
        indent = len(command) - len(command.lstrip())
        found = self.device.execs.find(command.rstrip(), self.privilege)
        if isinstance(found, Refusal):
            self._note(f"refused: {self._masked(line)}")
            return refuse(found, line, prompt)
        entry, match = found
        self.words = match.words
        self._note(" ".join(match.words))
        if self.device.faults.matches("invalid", line):
            return refuse(Refusal("invalid", indent), line, prompt)
        said = await execs.answer(entry, self, match.values)
        return piped(said, pipe, line, prompt) if separator else said

    async def _configure(self, line: str, prompt: str) -> str:
        stripped = line.strip()
        first, _unused, rest = stripped.partition(" ")
        if first.lower() == "do" and rest.strip():
            return await self._exec(" " * (len(line) - len(rest)) + rest, prompt)
        if stripped.lower() == "end" or (stripped.lower() == "exit" and not self.path):
            self.configuring, self.path = False, ()
            return ""
        faults = self.device.faults
        self._lines += 1
        if (limit := faults.number("drop")) is not None and self._lines > limit:
            self._note("fault: connection dropped")
            raise Closed
        if faults.matches("invalid", line):
            self._note(f"refused by fault: {self._masked(line)}")
            return refuse(Refusal("invalid", len(line) - len(line.lstrip())), line, prompt)
        result = self.device.take(self.path, line)
        self.device.changed_by = self.user
        self.path = result.path
        self._journal(result, line)
        if result.refusal is not None:
            return refuse(result.refusal, line, prompt)
        return result.output

    def _journal(self, result: Result, line: str) -> None:
        if result.taken:
            self._note(f"config: {result.safe or self._masked(line)}")
        else:
            self._note(f"refused: {result.safe or self._masked(line)}")

    def _masked(self, line: str) -> str:
        return masked(line, self.device.vocabulary)

    def _note(self, what: str) -> None:
        self.device.journal.note(self.user, what)


def refuse(refusal: Refusal, line: str, prompt: str) -> str:
    """What IOS prints for a line that it does not take."""
    if refusal.kind == "incomplete":
        return "% Incomplete command.\n"
    if refusal.kind == "ambiguous":
        return f'% Ambiguous command:  "{line.strip()}"'
    return f"{' ' * (len(prompt) + refusal.column)}^\n{INVALID}\n"


_FILTERS = ("append", "begin", "count", "exclude", "format", "include", "redirect", "section", "tee")


def piped(text: str, pipe: str, line: str, prompt: str) -> str:
    """`| include`, `| section` and the like."""
    words = pipe.split(maxsplit=1)
    column = line.index("|") + 1 + len(pipe) - len(pipe.lstrip())
    if not words:
        return refuse(Refusal("incomplete"), line, prompt)
    found = [name for name in _FILTERS if name.startswith(words[0].lower())]
    if len(found) > 1:
        return refuse(Refusal("ambiguous", column), line, prompt)
    if not found or found[0] not in ("begin", "count", "exclude", "include", "section"):
        return refuse(Refusal("invalid", column), line, prompt)
    if len(words) == 1:
        return refuse(Refusal("incomplete"), line, prompt)
    pattern = words[1].rstrip()
    invert = False
    if found[0] == "section" and (part := pattern.split(maxsplit=1))[0] in ("include", "exclude"):
        if len(part) == 1:
            return refuse(Refusal("incomplete"), line, prompt)
        invert, pattern = part[0] == "exclude", part[1]
    try:
        expression = re.compile(pattern.replace("_", r"(?:^|$|[\s,{}()])"))
    except re.error:
        return "% Failed to compile regular expression.\n"
    lines = text.split("\n")
    if found[0] == "include":
        lines = [one for one in lines if expression.search(one)]
    elif found[0] == "exclude":
        lines = [one for one in lines if not expression.search(one)]
    elif found[0] == "begin":
        start = next((number for number, one in enumerate(lines) if expression.search(one)), len(lines))
        lines = lines[start:]
    elif found[0] == "count":
        lines = [f"Number of lines which match regexp = {sum(bool(expression.search(one)) for one in lines)}"]
    else:
        lines = _sections(lines, expression, invert)
    return "\n".join(lines)


def _sections(lines: list[str], expression: re.Pattern[str], invert: bool) -> list[str]:
    """Lines that match, each with the deeper lines that follow it."""
    out: list[str] = []
    inside = -1
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if inside >= 0 and (depth <= inside or line.strip() == ""):
            inside = -1
        if inside < 0 and expression.search(line):
            inside = depth
        if (inside >= 0) != invert:
            out.append(line)
    return out


__all__ = ["FlashError", "Session", "piped", "refuse"]
