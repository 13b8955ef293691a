# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SSH side, with asyncssh."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh

from .device import Device
from .session import Session
from .terminal import Closed, Terminal


class _Gate(asyncssh.SSHServer):
    """Checks who logs in."""

    def __init__(self, device: Device) -> None:
        self._device = device

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._device.connections.add(conn)
        self._connection = conn

    def connection_lost(self, exc: Exception | None) -> None:
        self._device.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return self._device.login(username, password)


class _Channel:
    """A channel of asyncssh as the terminal wants it."""

    def __init__(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self._process = process

    async def receive(self) -> bytes:
        while True:
            try:
                return await self._process.stdin.read(4096)
            except asyncssh.TerminalSizeChanged:
                continue
            except (asyncssh.BreakReceived, asyncssh.SignalReceived, asyncssh.Error, ConnectionError):
                return b""

    def send(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionError, OSError):
            self._process.stdout.write(data)


async def _serve(device: Device, process: asyncssh.SSHServerProcess[bytes]) -> None:
    user = process.get_extra_info("username")
    terminal = Terminal(_Channel(process))
    ends = process.get_extra_info("peername")[0], process.get_extra_info("sockname")[0]
    session = Session(device, terminal, user, device.privilege_of(user), ends)
    try:
        if process.command:
            terminal.length = 0
            await session.execute(process.command)
        else:
            await session.run()
        process.exit(0)
    except Closed:
        process.get_extra_info("connection").abort()
    except Exception as error:  # a fault of the device itself must be seen, and must not hang the client
        device.crashes.append(error)
        device.journal.note(user, f"device error: {type(error).__name__}")
        process.get_extra_info("connection").abort()
        raise


def host_key(path: Path | None) -> asyncssh.SSHKey:
    """The key in a file; made there if there is none."""
    if path is not None and path.exists():
        return asyncssh.read_private_key(str(path))
    key = asyncssh.generate_private_key("ssh-ed25519")
    if path is not None:
        path.touch(mode=0o600)
        path.write_bytes(key.export_private_key())
    return key


async def listen(
    device: Device, host: str = "127.0.0.1", port: int = 0, key: Path | None = None
) -> asyncssh.SSHAcceptor:
    """Serve a device; port 0 takes a free one (see :func:`port_of`)."""

    async def handle(process: asyncssh.SSHServerProcess[bytes]) -> None:
        await _serve(device, process)

    def cut(_unused: Device) -> None:
        for connection in list(device.connections):
            connection.abort()

    device.on_reload.append(cut)
    return await asyncssh.create_server(
        lambda: _Gate(device),
        host,
        port,
        server_host_keys=[host_key(key)],
        process_factory=handle,
        encoding=None,
        line_editor=False,
        server_version="Cisco-1.25",
    )


def port_of(server: asyncssh.SSHAcceptor) -> int:
    """The port that a server listens on."""
    port: int = server.sockets[0].getsockname()[1]  # get_port() came after asyncssh 2.10
    return port


@contextlib.contextmanager
def running(device: Device, host: str = "127.0.0.1", port: int = 0, key: Path | None = None) -> Iterator[int]:
    """A device in a thread of its own, for tests; gives its port."""
    loop = asyncio.new_event_loop()
    device.loop = loop
    thread = threading.Thread(target=loop.run_forever, name="ios", daemon=True)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(listen(device, host, port, key), loop).result(30)
        try:
            yield port_of(server)
        finally:
            asyncio.run_coroutine_threadsafe(_stop(device, server), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _stop(device: Device, server: asyncssh.SSHAcceptor) -> None:
    server.close()
    for connection in list(device.connections):
        connection.abort()
    device.archive.disarm()
    await server.wait_closed()
    await asyncio.sleep(0)
    mine = asyncio.current_task()
    for task in asyncio.all_tasks():
        if task is not mine:
            task.cancel()
