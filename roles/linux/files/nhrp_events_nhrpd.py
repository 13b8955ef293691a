# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""nhrpd's connections to the event socket: the questions that come over them, and which are open."""

from __future__ import annotations

import asyncio
import logging
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

from nhrp_events_frr import Request, answer, parse_request
from nhrp_events_peer import Verdict

log = logging.getLogger("nhrp-events")

# Far above what nhrpd sends (1 KiB and two certificates in hexadecimal).
MAX_MESSAGE = 64 * 1024
MAX_PENDING = 4096


class Nhrpd:
    """Every question is decided by itself; none waits for another."""

    def __init__(self, decide: Callable[[Request], Awaitable[Verdict]]) -> None:
        self._decide = decide
        self._pending: dict[tuple[int, str, str], asyncio.Task[None]] = {}
        self._connections = 0
        self.connected = 0

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection to its end."""
        self._connections += 1
        connection = self._connections
        self.connected += 1
        log.info("nhrpd has connected.")
        try:
            await self._read_requests(connection, reader, writer)
        except OSError as error:
            log.info("The connection to nhrpd broke: %s.", error)
        finally:
            for key, task in tuple(self._pending.items()):
                if key[0] == connection:
                    task.cancel()
            writer.close()
            self.connected -= 1
            log.info("nhrpd has gone.")

    async def _read_requests(self, connection: int, reader: StreamReader, writer: StreamWriter) -> None:
        buffer, skipping = b"", False
        while data := await reader.read(MAX_MESSAGE):
            *blocks, buffer = (buffer + data).split(b"\n\n")
            for block in blocks:
                if not skipping:
                    self._receive(connection, block, writer)
                skipping = False
            if len(buffer) > MAX_MESSAGE:
                if not skipping:
                    log.warning("Ignored an event of more than %d bytes.", MAX_MESSAGE)
                # The last byte may be the first half of the empty line that ends the event.
                buffer, skipping = buffer[-1:], True

    def _receive(self, connection: int, block: bytes, writer: StreamWriter) -> None:
        request = parse_request(block)
        if request is None:
            if block.strip():
                log.warning("Ignored an event without a usable eventid: %.120r.", block)
            return
        key = (connection, request.interface, str(request.remote))
        # nhrpd asks again for the same address only after it has forgotten the first question.
        if older := self._pending.pop(key, None):
            older.cancel()
        if len(self._pending) >= MAX_PENDING:
            log.error("Denied %s on %s: %d questions wait.", request.remote, request.interface, MAX_PENDING)
            writer.write(answer(request.eventid, False))
            return
        task = asyncio.create_task(self._answer(request, writer))
        self._pending[key] = task
        task.add_done_callback(lambda done: self._finished(key, done))

    def _finished(self, key: tuple[int, str, str], task: asyncio.Task[None]) -> None:
        if self._pending.get(key) is task:
            del self._pending[key]
        if not task.cancelled() and (error := task.exception()):
            log.error("No answer on %s: %r.", key[2], error)

    async def _answer(self, request: Request, writer: StreamWriter) -> None:
        verdict = await self._decide(request)
        log.log(
            logging.INFO if verdict.accepted else logging.WARNING,
            "%s %s at %s on %s: %s.",
            "Accepted" if verdict.accepted else "Denied",
            request.remote,
            request.nbma,
            f"{request.interface:.15}",
            verdict.reason,
        )
        writer.write(answer(request.eventid, verdict.accepted))
