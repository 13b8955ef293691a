# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""charon's control protocol, vici, as far as listing and ending SAs needs it.

A packet is a 4-byte length, a type, for some types a name, and a message of nested elements (strongSwan,
src/libcharon/plugins/vici/README.md).
"""

from __future__ import annotations

import socket
import struct
from typing import Union

SOCKET = "/run/charon.vici"
Message = dict[str, Union[str, list[str], "Message"]]
_REQUEST, _REPLY, _REGISTER, _CONFIRM, _EVENT = 0, 1, 3, 5, 7
_SECTION, _END, _VALUE, _LIST, _ITEM, _LIST_END = 1, 2, 3, 4, 5, 6


class ViciError(Exception):
    """charon is not there, or does not understand."""


def sas(path: str = SOCKET) -> list[tuple[str, Message]]:
    """Every IKE SA, as name of its connection and what charon tells of it. Raises ViciError."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as charon:
            charon.settimeout(10)
            charon.connect(path)
            _send(charon, _REGISTER, "list-sa")
            if _receive(charon)[0] != _CONFIRM:
                raise ViciError("charon has no event list-sa")
            _send(charon, _REQUEST, "list-sas")
            found: list[tuple[str, Message]] = []
            while True:
                kind, message = _receive(charon)
                if kind == _REPLY:
                    return found
                found += [(name, value) for name, value in message.items() if isinstance(value, dict)]
    except OSError as error:
        raise ViciError(f"charon does not answer: {error}") from error


def _send(charon: socket.socket, kind: int, name: str) -> None:
    body = bytes([kind, len(name)]) + name.encode()
    charon.sendall(struct.pack("!I", len(body)) + body)


def _receive(charon: socket.socket) -> tuple[int, Message]:
    (length,) = struct.unpack("!I", _exactly(charon, 4))
    body = _exactly(charon, length)
    kind = body[0]
    start = 2 + body[1] if kind == _EVENT else 1
    return kind, decode(body[start:])


def _exactly(charon: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = charon.recv(length - len(data))
        if not part:
            raise ViciError("charon hung up")
        data += part
    return data


def decode(data: bytes) -> Message:
    """The message in a packet."""
    root: Message = {}
    stack = [root]
    listed: list[str] = []
    place = 0
    while place < len(data):
        element = data[place]
        place += 1
        name = value = ""
        if element in (_SECTION, _VALUE, _LIST):
            end = place + 1 + data[place]
            name, place = data[place + 1 : end].decode(), end
        if element in (_VALUE, _ITEM):
            end = place + 2 + struct.unpack_from("!H", data, place)[0]
            value, place = data[place + 2 : end].decode(errors="replace"), end
        if element == _SECTION:
            inner: Message = {}
            stack[-1][name] = inner
            stack.append(inner)
        elif element == _END:
            stack.pop()
        elif element == _VALUE:
            stack[-1][name] = value
        elif element == _LIST:
            listed = []
            stack[-1][name] = listed
        elif element == _ITEM:
            listed.append(value)
    return root
