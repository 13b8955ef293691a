# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A user at the terminal of a Cisco router of the lab: configures it and reads its shows."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import asyncssh

from . import ssh, wiring
from .lab import Lab

_PROMPT = re.compile(r"(?:^|\n)[\w.-]+(?:\([\w-]+\))?[>#]$")


class Refused(Exception):
    """The router did not take a line; the text is the line and what it said."""


class Console:
    """One router. Every call is a login of its own."""

    def __init__(
        self, lab: Lab, name: str, user: str = "admin", password: str = "admin", secret: str = "enable"
    ) -> None:
        self._node = lab.topology.node(name)
        self._proxy = wiring.netns(wiring.core(lab.name), "nc", str(self._node.management), "22")
        self._login = {"username": user, "password": password}
        self._secret = secret

    def show(self, *commands: str) -> list[str]:
        """What the router answers to each command."""
        return asyncio.run(self._session(list(commands)))

    def configure(self, text: str) -> None:
        """Enter lines in configuration mode. Raises Refused at the first one that is not taken."""
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("!")]
        answers = asyncio.run(self._session(["configure terminal", *lines, "end"]))
        for line, answer in zip(lines, answers[1:], strict=False):
            if "% " in answer and not re.search(r"% .*(cannot be empty|MUST have|must be)", answer):
                raise Refused(f"{line.strip()}: {answer.strip()}")

    async def _session(self, commands: list[str]) -> list[str]:
        known = asyncssh.import_known_hosts(Path(ssh.known_hosts()).read_text())
        async with asyncssh.connect(
            str(self._node.management),
            22,
            known_hosts=known,
            proxy_command=self._proxy,
            **self._login,
            **_QUIET,
        ) as connection:
            process = await connection.create_process(term_type="vt100", encoding="utf-8")
            await _until_prompt(process)
            await _ask(process, "enable", "Password: ", self._secret)
            await _ask(process, "terminal length 0")
            return [await _ask(process, command) for command in commands]


_QUIET: dict[str, Any] = {"client_keys": None, "agent_path": None, "config": None}


async def _ask(process: Any, line: str, question: str = "", reply: str = "") -> str:
    process.stdin.write(f"{line}\n")
    if question:
        await process.stdout.readuntil(question)
        process.stdin.write(f"{reply}\n")
    said = await _until_prompt(process)
    return said.replace("\r\n", "\n").partition("\n")[2].rpartition("\n")[0]


async def _until_prompt(process: Any) -> str:
    said = ""
    while not _PROMPT.search(said.replace("\r\n", "\n")):
        part = await asyncio.wait_for(process.stdout.read(4096), 60)
        if not part:
            raise Refused(f"the router hung up after: {said[-500:]}")
        said += part
    return said
