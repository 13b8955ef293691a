# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Requests to charon over its control socket, for what swanctl cannot do with one connection alone."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .observe_run import Unreadable
from .observe_vici import (
    COMMAND,
    ITEM,
    LIST,
    LIST_END,
    RESPONSE,
    SECTION,
    SECTION_END,
    SOCKETS,
    VALUE,
    Message,
    _receive,
    _send,
    decode,
)


class Vici:
    """One connection to charon. Raises ``Unreadable`` where charon does not answer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def opened(cls, timeout: float) -> Iterator[Vici]:
        """``timeout`` in seconds is for each answer."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            try:
                connection.connect(SOCKETS[0])
            except OSError as error:
                raise Unreadable(f"charon is not running ({SOCKETS[0]}: {error})") from None
            yield cls(connection)

    def request(self, command: str, message: Mapping[str, Any]) -> Message:
        """Charon's answer to a command."""
        try:
            _send(self._connection, COMMAND, command.encode(), encode(message))
            while True:
                kind, body = _receive(self._connection)
                if kind == RESPONSE:
                    return decode(body)
        except TimeoutError:
            raise Unreadable(f"charon did not answer {command}") from None
        except (OSError, struct.error, IndexError) as error:
            raise Unreadable(f"charon: {command}: {error}") from None


def encode(message: Mapping[str, Any]) -> bytes:
    """Nested mappings, texts, bytes and lists of these as a vici message."""
    data = bytearray()
    for key, value in message.items():
        name = bytes((len(key),)) + key.encode()
        if isinstance(value, Mapping):
            data += bytes((SECTION,)) + name + encode(value) + bytes((SECTION_END,))
        elif isinstance(value, list):
            items = b"".join(bytes((ITEM,)) + _sized(item) for item in value)
            data += bytes((LIST,)) + name + items + bytes((LIST_END,))
        else:
            data += bytes((VALUE,)) + name + _sized(value)
    return bytes(data)


def _sized(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(raw)) + raw
