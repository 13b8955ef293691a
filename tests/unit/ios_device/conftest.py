# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A terminal in memory, so that most tests need no SSH."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.ios import Device, Options
from ansible_collections.mgre.dmvpn.tests.lab.ios.session import Session
from ansible_collections.mgre.dmvpn.tests.lab.ios.terminal import Closed, Terminal

sys.path.insert(0, str(Path(__file__).resolve().parent))


class Keys:
    """What a user types, and what the screen shows."""

    def __init__(self) -> None:
        self.typed = bytearray()
        self.screen = bytearray()

    async def receive(self) -> bytes:
        data, self.typed = bytes(self.typed), bytearray()
        return data

    def send(self, data: bytes) -> None:
        self.screen.extend(data)


class Cli:
    """One session on a device; `run` gives what the device printed for the last line."""

    def __init__(self, device: Device, loop: asyncio.AbstractEventLoop, privilege: int = 15) -> None:
        self.device = device
        self._loop = loop
        self._keys = Keys()
        self.session = Session(device, Terminal(self._keys), "admin", privilege)
        self.session.terminal.length = 0

    def run(self, *lines: str, typing: str = "") -> str:
        """Run lines; `typing` answers what the last one asks."""
        printed = ""
        for number, line in enumerate(lines):
            self._keys.screen.clear()
            if number == len(lines) - 1:
                self._keys.typed.extend(typing.encode())
            self._loop.run_until_complete(asyncio.wait_for(self.session.execute(line), 20))
            printed = self._keys.screen.decode().replace("\r\n", "\n")
        return printed

    def configure(self, *lines: str) -> None:
        """Take lines in configuration mode; every one must be accepted without a word."""
        assert "Enter configuration" in self.run("configure terminal")
        for line in lines:
            said = self.run(line)
            assert "%" not in said and "ERROR" not in said, f"{line}: {said}"
        self.run("end")

    def until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until something is so."""

        async def wait() -> None:
            while not condition():
                await asyncio.sleep(0.01)

        self._loop.run_until_complete(asyncio.wait_for(wait(), 20))

    @property
    def running(self) -> str:
        return self.device.text()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


Make = Callable[..., Cli]


@pytest.fixture
def make(loop: asyncio.AbstractEventLoop) -> Iterator[Make]:
    """Makes a device and a session on it."""
    devices: list[Device] = []

    def build(privilege: int = 15, **options: object) -> Cli:
        device = Device(Options(**{"hostname": "R1", **options}))  # type: ignore[arg-type]
        devices.append(device)
        return Cli(device, loop, privilege)

    yield build
    for device in devices:
        device.close()


@pytest.fixture
def cli(make: Make) -> Cli:
    return make()


__all__ = ["Cli", "Closed", "Make"]
