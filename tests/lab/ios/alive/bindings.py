# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""nhrpd's event socket: a binding counts once an SA stands. On IOS, too, NHRP opens a crypto socket first.

nhrpd connects to a unix socket and writes blocks of `key=value` lines, each ended by an empty line; it waits
for `eventid=N` and `result=accept` or `result=deny` (FRR, nhrpd/nhrp_event.c).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path

from .frr import BINDINGS
from .monitor import monitor
from .plan import Plan, Tunnel
from .system import System

# nhrpd gives up after 10 s.
SECONDS = 8.0
LOOK_SECONDS = 0.3
_SA = re.compile(r"^src (\S+) dst (\S+)\n\s+proto esp spi (0x[0-9a-f]+)", re.M)


class Bindings:
    """Answers nhrpd, and clears its shortcuts when an SA has gone."""

    def __init__(
        self,
        plan: Callable[[], Plan],
        system: System,
        log: Callable[[str], None],
        bound: Callable[[Tunnel, str], None],
    ) -> None:
        self._plan = plan
        self._system = system
        self._log = log
        self._bound = bound
        self._had: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, path: str = BINDINGS) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).unlink(missing_ok=True)
        await asyncio.start_unix_server(self._serve, path)
        # nhrpd is not root.
        Path(path).chmod(0o666)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            while True:
                block = await reader.readuntil(b"\n\n")
                self._spawn(self._answer(values(block.decode(errors="replace")), writer))
        writer.close()

    async def _answer(self, asked: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if "eventid" not in asked:
            return
        result = "accept" if await self._stands(asked) else "deny"
        with contextlib.suppress(ConnectionError):
            writer.write(f"eventid={asked['eventid']}\nresult={result}\n\n".encode())
            await writer.drain()

    async def _stands(self, asked: dict[str, str]) -> bool:
        tunnel = next((one for one in self._plan().up() if one.name == asked.get("interface")), None)
        nbma = asked.get("remote_nbma", "")
        if tunnel is None or not nbma:
            return False
        if tunnel.protected and not await self._protected(tunnel, nbma, asked):
            return False
        # Not before the answer: bfdd may wait for its route.
        self._spawn(asyncio.to_thread(self._bound, tunnel, asked.get("remote_addr", "")))
        return True

    async def _protected(self, tunnel: Tunnel, nbma: str, asked: dict[str, str]) -> bool:
        """Whether an SA stands, or comes within the time that nhrpd gives."""
        deadline = asyncio.get_running_loop().time() + SECONDS
        while nbma not in await self.peers():
            if asyncio.get_running_loop().time() > deadline:
                self._log(f"{tunnel.name}: no SA with {nbma}: {asked.get('remote_addr', '')} is not bound")
                return False
            with contextlib.suppress(OSError):
                knock(tunnel, nbma)
            await asyncio.sleep(LOOK_SECONDS)
        return True

    async def peers(self) -> set[str]:
        """NBMA addresses to which an SA stands. A larval one, of a trap that fired, has SPI 0."""
        _status, out = await asyncio.to_thread(self._system.run, "ip", "xfrm", "state")
        return {target for _source, target, spi in _SA.findall(out) if int(spi, 16)}

    async def watch(self) -> None:
        """Forever."""
        await monitor(self.look, "ip", "xfrm", "monitor", "SA")

    async def look(self) -> None:
        """An SA that is gone takes its shortcuts along: they would lead nowhere until their holdtime ends."""
        now = await self.peers()
        if self._had - now:
            await asyncio.to_thread(self._system.vty, "nhrpd", "clear ip nhrp shortcut")
        self._had = now


def values(block: str) -> dict[str, str]:
    """The `key=value` lines of a block."""
    pairs = (line.partition("=") for line in block.splitlines())
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def knock(tunnel: Tunnel, nbma: str) -> None:
    """Send the smallest GRE packet, so that the kernel's trap asks charon for an SA. Raises OSError."""
    assert tunnel.source is not None and tunnel.source.address is not None
    packet = struct.pack("!HH", 0, 0) if tunnel.key is None else struct.pack("!HHI", 0x2000, 0, tunnel.key)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_GRE) as raw:
        raw.setblocking(False)
        raw.bind((str(tunnel.source.address.ip), 0))
        raw.sendto(packet, (nbma, 0))
