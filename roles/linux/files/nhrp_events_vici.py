# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""strongSwan's control protocol, vici: messages as bytes, and one session that follows charon's events.

A packet is a length (32 bits, network order), a type, for some types a name, and a message: a tree of
sections, values and lists. charon answers one command at a time; events come whenever they happen.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Union

CMD_REQUEST, CMD_RESPONSE = 0, 1
EVENT_REGISTER, EVENT_CONFIRM, EVENT_UNKNOWN, EVENT = 3, 5, 6, 7
NAMED = frozenset({CMD_REQUEST, EVENT_REGISTER, EVENT})
SECTION_START, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = 1, 2, 3, 4, 5, 6

# charon's own limit for one packet; what is longer is not vici.
MAX_PACKET = 512 * 1024

Value = Union[str, list[str], "Message"]
Message = dict[str, Value]


class ViciError(Exception):
    """charon, or what sits at its socket, does not speak the protocol as expected."""


def section(message: Mapping[str, Value], name: str) -> Message:
    """A section of ``message``, empty if it is not there or something else."""
    value = message.get(name)
    return value if isinstance(value, dict) else {}


def text(message: Mapping[str, Value], name: str) -> str:
    """A value of ``message``, empty if it is not there or something else."""
    value = message.get(name)
    return value if isinstance(value, str) else ""


def _name(value: str) -> bytes:
    raw = value.encode("ascii")
    return bytes((len(raw),)) + raw


def _blob(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("!H", len(raw)) + raw


def encode(message: Mapping[str, str | Sequence[str] | Mapping[str, object]]) -> bytes:
    """A message as bytes. Names are ASCII of at most 255 bytes, values at most 65,535 bytes."""
    out = bytearray()
    for name, value in message.items():
        if isinstance(value, str):
            out += bytes((KEY_VALUE,)) + _name(name) + _blob(value)
        elif isinstance(value, Mapping):
            out += bytes((SECTION_START,)) + _name(name) + encode(value) + bytes((SECTION_END,))  # type: ignore[arg-type]
        else:
            out += bytes((LIST_START,)) + _name(name)
            for item in value:
                out += bytes((LIST_ITEM,)) + _blob(item)
            out += bytes((LIST_END,))
    return bytes(out)


def decode(data: bytes) -> Message:
    """The message in ``data``. Raises :class:`ViciError` if it is not one."""
    root: Message = {}
    open_sections = [root]
    items: list[str] | None = None
    position = 0

    def take(size: int) -> bytes:
        nonlocal position
        position += size
        if position > len(data):
            raise ViciError("a message ends in the middle of an element")
        return data[position - size : position]

    def name() -> str:
        return take(take(1)[0]).decode("ascii", "replace")

    def blob() -> str:
        return take(int(struct.unpack("!H", take(2))[0])).decode("utf-8", "replace")

    while position < len(data):
        kind = take(1)[0]
        if items is not None:
            if kind == LIST_ITEM:
                items.append(blob())
            elif kind == LIST_END:
                items = None
            else:
                raise ViciError(f"a list holds an element of type {kind}")
        elif kind == KEY_VALUE:
            key = name()
            open_sections[-1][key] = blob()
        elif kind == SECTION_START:
            inner: Message = {}
            open_sections[-1][name()] = inner
            open_sections.append(inner)
        elif kind == SECTION_END and len(open_sections) > 1:
            open_sections.pop()
        elif kind == LIST_START:
            items = []
            open_sections[-1][name()] = items
        else:
            raise ViciError(f"an element of type {kind} stands where none can be")
    if items is not None or len(open_sections) > 1:
        raise ViciError("a message ends inside a list or a section")
    return root


def pack(kind: int, name: str = "", message: bytes = b"") -> bytes:
    """One packet as it travels."""
    body = bytes((kind,)) + (_name(name) if kind in NAMED else b"") + message
    return struct.pack("!I", len(body)) + body


def unpack(body: bytes) -> tuple[int, str, Message]:
    """Type, name and message of a packet without its length. Raises :class:`ViciError`."""
    if not body:
        raise ViciError("an empty packet")
    kind, rest, name = body[0], body[1:], ""
    if kind in NAMED:
        if not rest or len(rest) <= rest[0]:
            raise ViciError("a packet ends in its name")
        name, rest = rest[1 : rest[0] + 1].decode("ascii", "replace"), rest[rest[0] + 1 :]
    return kind, name, decode(rest)


class Session:
    """One connection to charon that reports events and lists, in order, to a callback.

    ``on_event(name, message)`` gets every event; a list command's stream arrives the same way, and
    ``on_listed()`` follows its last event.
    """

    def __init__(self, on_event: Callable[[str, Message], None], on_listed: Callable[[], None]) -> None:
        self._on_event = on_event
        self._on_listed = on_listed
        self._writer: asyncio.StreamWriter | None = None
        self._listing = False

    async def run(self, path: str, events: Iterable[str]) -> None:
        """Follows ``events`` and lists all SAs once; returns never, but raises when charon goes.

        Raises OSError or EOFError when the connection ends, :class:`ViciError` for bytes that make no sense.
        """
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            for name in events:
                writer.write(pack(EVENT_REGISTER, name))
                while (kind := await self._packet(reader)) != EVENT_CONFIRM:
                    if kind == EVENT_UNKNOWN:
                        raise ViciError(f"charon knows no event {name}")
            self._writer = writer
            self.list_sas()
            while True:
                kind = await self._packet(reader)
                if kind == CMD_RESPONSE and self._listing:
                    self._listing = False
                    self._on_listed()
                elif kind != EVENT:
                    raise ViciError(f"an unexpected packet of type {kind}")
        finally:
            self._writer, self._listing = None, False
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def list_sas(self) -> bool:
        """Asks for all SAs; False if there is no connection or an answer is still under way."""
        if self._writer is None or self._listing:
            return False
        self._listing = True
        self._writer.write(pack(CMD_REQUEST, "list-sas"))
        return True

    async def _packet(self, reader: asyncio.StreamReader) -> int:
        (size,) = struct.unpack("!I", await reader.readexactly(4))
        if size > MAX_PACKET:
            raise ViciError(f"a packet of {size} bytes")
        kind, name, message = unpack(await reader.readexactly(size))
        if kind == EVENT:
            self._on_event(name, message)
        return kind
