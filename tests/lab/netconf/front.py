# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An SSH server of one's own on 127.0.0.1, in a thread: what stands in for a router's.

Login is ``admin``/``admin``. What a session does is up to ``handler``; it gets asyncssh's process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncssh

LOGIN = ("admin", "admin")
Handler = Callable[["asyncssh.SSHServerProcess[bytes]"], Awaitable[None]]


class _Login(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == LOGIN


class Front:
    """Listens from ``__enter__`` to ``__exit__``; ``port`` is the one that the system chose."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._open: set[asyncssh.SSHServerProcess[bytes]] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None

    @property
    def port(self) -> int:
        assert self._acceptor is not None
        return int(self._acceptor.get_port())

    def known_host(self, file: Path) -> None:
        """Writes the host key as OpenSSH's known_hosts does."""
        public = self._key.export_public_key("openssh").decode().split()
        file.write_text(f"[127.0.0.1]:{self.port} {public[0]} {public[1]}\n", encoding="utf-8")

    def call(self, work: Callable[[], Any]) -> Any:
        """Runs a function in the server's thread, where nothing else runs meanwhile."""

        async def wrapped() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(wrapped(), self._loop).result(timeout=30)

    def drop_all(self) -> None:
        """Breaks every connection off, as a cut line does."""

        def drop() -> None:
            for process in list(self._open):
                process.get_extra_info("connection").abort()

        self.call(drop)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self._key],
            server_factory=_Login,
            process_factory=self._serve,
            encoding=None,
        )

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self._open.add(process)
        try:
            await self._handler(process)
        finally:
            self._open.discard(process)

    def __enter__(self) -> Self:
        self._thread.start()
        self._acceptor = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop_all()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)
        self._loop.close()

    async def _end(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
