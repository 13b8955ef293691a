# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A charon that speaks vici on a real socket, an nhrpd that asks on a real socket, and the daemon between."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from nhrp_events import Daemon
from nhrp_events_vici import (
    CMD_REQUEST,
    CMD_RESPONSE,
    EVENT,
    EVENT_CONFIRM,
    EVENT_REGISTER,
    Message,
    encode,
    pack,
    unpack,
)

HUB, SPOKE, NATTED = "203.0.113.1", "198.51.100.11", "192.0.2.77"
OWN = "198.51.100.10"


def identity(*addresses: str, name: str = "spoke1") -> str:
    return f"O=mgre-dmvpn, OU={' '.join(addresses)}, CN={name}"


def ike(remote: str, who: str, uid: str, **children: Message) -> Message:
    """One entry of charon's list of SAs, as strongSwan 5.9 and 6.0 write it (shortened)."""
    return {
        "mgre-wan1": {
            "uniqueid": uid,
            "version": "2",
            "state": "ESTABLISHED",
            "local-host": OWN,
            "local-id": identity("10.255.0.10", name="self"),
            "remote-host": remote,
            "remote-id": who,
            "tasks-active": ["CHILD_CREATE"],
            "child-sas": dict(children.items()),
        }
    }


def child(uid: str, state: str = "INSTALLED", **changes: str) -> Message:
    spis = {"spi-in": f"c{int(uid):07x}", "spi-out": f"d{int(uid):07x}"}
    return {
        "name": "gre", "uniqueid": uid, "reqid": "1", "state": state, "mode": "TRANSPORT", "protocol": "ESP",
        **spis, **changes, "local-ts": [f"{OWN}/32[gre]"], "remote-ts": ["0.0.0.0/0[gre]"],
    }  # fmt: skip


class Charon:
    """Its SAs are what ``list-sas`` lists; ``up`` and ``down`` change them and tell whoever listens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sas: dict[str, Message] = {}
        self.subscribed = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    def crash(self) -> None:
        """The process is gone: no socket, no SA, no connection."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self.path.unlink(missing_ok=True)
        self.sas.clear()
        self.subscribed.clear()

    def up(self, remote: str, who: str, uid: str) -> None:
        self.sas[uid] = ike(remote, who, uid, gre=child(uid))
        self.tell("child-updown", {"up": "yes", **ike(remote, who, uid, **{f"gre-{uid}": child(uid)})})

    def down(self, uid: str) -> None:
        gone = self.sas.pop(uid)
        self.tell("child-updown", gone)

    def tell(self, event: str, message: Message) -> None:
        for writer in self._writers:
            writer.write(pack(EVENT, event, encode(message)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with suppress(EOFError, OSError):
            while True:
                (size,) = struct.unpack("!I", await reader.readexactly(4))
                kind, name, _message = unpack(await reader.readexactly(size))
                if kind == EVENT_REGISTER:
                    writer.write(pack(EVENT_CONFIRM))
                elif kind == CMD_REQUEST and name == "list-sas":
                    for message in self.sas.values():
                        writer.write(pack(EVENT, "list-sa", encode(message)))
                    writer.write(pack(CMD_RESPONSE))
                    self.subscribed.set()


class Nhrpd:
    """One connection to the event socket. ``ask`` writes, ``answers`` reads; neither waits for the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._next = 0

    def ask(
        self, remote: str, nbma: str, interface: str = "dmvpn10", event: str = "authorize-binding"
    ) -> int:
        """The event as FRR 8.4 to 10.3 write it without vici: certificates are empty."""
        self._next += 1
        self.writer.write(
            f"eventid={self._next}\nevent={event}\ntype=dynamic\nold_type=invalid\nnum_nhs=1\n"
            f"interface={interface}\nlocal_addr=10.255.0.10\nvc_initiated=no\nlocal_nbma={OWN}\nlocal_cert=\n"
            f"remote_addr={remote}\nremote_nbma={nbma}\nremote_cert=\n\n".encode()
        )
        return self._next

    async def answer(self) -> tuple[int, str]:
        block = (await self.reader.readuntil(b"\n\n")).decode()
        values = dict(line.split("=") for line in block.split())
        return int(values["eventid"]), values["result"]

    async def verdict(self, remote: str, nbma: str, **kwargs: str) -> str:
        asked = self.ask(remote, nbma, **kwargs)
        eventid, result = await self.answer()
        assert eventid == asked
        return result


class World:
    """``knocked`` collects the addresses that GRE was sent to; ``on_knock`` may react as the kernel does."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.charon = Charon(directory / "charon.vici")
        self.knocked: asyncio.Queue[str] = asyncio.Queue()
        self.on_knock: Callable[[str], None] = lambda nbma: None
        self.config = directory / "nhrp-events.json"
        self.socket = directory / "events.sock"
        self.vtysh = directory / "vtysh"
        self._connected: list[Nhrpd] = []
        self.write_config()

    def write_config(self, **changes: object) -> None:
        tunnel = {
            "cloud": "blue", "role": "spoke", "key": 10, "prefix": "10.255.0.0/22", "dev": "wan1",
            "source": OWN, "check_identity": True, **changes,
        }  # fmt: skip
        self.config.write_text(json.dumps({"socket": str(self.socket), "interfaces": {"dmvpn10": tunnel}}))

    def nhrpd_cache(self, *rows: tuple[str, str, str]) -> Path:
        """A vtysh that shows these rows (type, tunnel address, NBMA) and notes each command in a file."""
        table = [
            {"interface": "dmvpn10", "type": kind, "protocol": overlay, "nbma": nbma, "claimed_nbma": nbma}
            for kind, overlay, nbma in rows
        ]
        cache, commands = self.directory / "cache.json", self.directory / "commands"
        cache.write_text(json.dumps({"attr": {"entriesCount": len(table)}, "table": table}))
        commands.touch()
        self.vtysh.write_text(
            f'#!/bin/sh\necho "$4" >>{commands}\ncase "$4" in show*) cat {cache};; '
            f'clear*) echo \'{{"table": []}}\' >{cache}; echo "% No entries"; exit 1;; esac\n'
        )
        self.vtysh.chmod(0o755)
        return commands

    def _knock(self, interface: object, nbma: str) -> None:
        self.knocked.put_nowait(nbma)
        self.on_knock(nbma)

    def daemon(self, deadline: float = 5.0) -> Daemon:
        return Daemon(
            self.config, str(self.charon.path), str(self.vtysh), send_knock=self._knock, deadline=deadline
        )

    @asynccontextmanager
    async def running(self, deadline: float = 5.0) -> AsyncIterator[Daemon]:
        daemon = self.daemon(deadline)
        task = asyncio.create_task(daemon.run())
        try:
            yield daemon
            assert not task.done(), "the daemon has ended"
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def nhrpd(self) -> Nhrpd:
        """Connects as soon as the daemon listens, as nhrpd does by trying again."""
        while True:
            with suppress(OSError):
                connected = Nhrpd(*await asyncio.open_unix_connection(self.socket))
                self._connected.append(connected)  # asyncio closes what nobody holds
                return connected
            await asyncio.sleep(0)


Play = Callable[[Callable[[World], Awaitable[None]]], None]
