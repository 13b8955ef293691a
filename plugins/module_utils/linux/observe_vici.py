# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security associations, asked of strongSwan over its control socket (vici), so that no key is ever near.

A packet is a length (32 bits, network order), a type (8 bits), for named types a name, and a message: a
tree of sections, values and lists. Only what ``list-sas`` needs is here.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any

from ..state import ChildSa, IkeSa, Suite
from .observe_run import Unreadable, integer, text

SOCKETS = ("/run/charon.vici", "/var/run/charon.vici")
COMMAND, RESPONSE, REGISTER, CONFIRM, EVENT = 0, 1, 3, 5, 7
SECTION, SECTION_END, VALUE, LIST, ITEM, LIST_END = 1, 2, 3, 4, 5, 6
LARGEST = 512 * 1024
Message = dict[str, Any]


def security_associations(timeout: float = 15.0) -> list[IkeSa]:
    """All IKE SAs with their children. Raises Unreadable, also if charon hangs."""
    return [sa for message in list_sas(timeout) for sa in parse_sa(message)]


def list_sas(timeout: float = 15.0) -> list[Message]:
    """The ``list-sa`` events, a section per IKE SA. Raises Unreadable, also if charon hangs."""
    last: OSError | None = None
    for path in SOCKETS:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout)
                connection.connect(path)
                return list(_list_sas(connection))
        except FileNotFoundError as error:
            last = last or error
        except TimeoutError:
            raise Unreadable(f"charon did not answer in {timeout:g} s") from None
        except (struct.error, IndexError):
            raise Unreadable("charon's answer is cut") from None
        except OSError as error:
            raise Unreadable(f"charon is not running ({path}: {error})") from None
    raise Unreadable("charon is not running (no control socket)") from last


def _list_sas(connection: socket.socket) -> Iterator[Message]:
    name = b"list-sa"
    _send(connection, REGISTER, name)
    if _receive(connection)[0] != CONFIRM:
        raise Unreadable("charon does not list SAs")
    _send(connection, COMMAND, b"list-sas")
    while True:
        kind, body = _receive(connection)
        if kind == RESPONSE:
            return
        if kind == EVENT and body[1 : 1 + body[0]] == name:
            yield decode(body[1 + body[0] :])


def _send(connection: socket.socket, kind: int, name: bytes, message: bytes = b"") -> None:
    body = bytes((kind, len(name))) + name + message
    connection.sendall(struct.pack("!I", len(body)) + body)


def _receive(connection: socket.socket) -> tuple[int, bytes]:
    (length,) = struct.unpack("!I", _exactly(connection, 4))
    if not 1 <= length <= LARGEST:
        raise Unreadable("charon's answer is not vici")
    body = _exactly(connection, length)
    return body[0], body[1:]


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise Unreadable("charon closed the connection")
        data += part
    return bytes(data)


def decode(data: bytes) -> Message:
    """A message as nested dictionaries of texts and lists. Raises IndexError or struct.error if it is cut."""
    root: Message = {}
    stack = [root]
    items: list[str] = []
    position = 0
    while position < len(data):
        element = data[position]
        position += 1
        if element in (SECTION, VALUE, LIST):
            size = data[position]
            key = data[position + 1 : position + 1 + size].decode(errors="replace")
            position += 1 + size
        if element == SECTION:
            inner: Message = {}
            stack[-1][key] = inner
            stack.append(inner)
        elif element == SECTION_END:
            stack.pop()
        elif element == LIST:
            items = stack[-1][key] = []
        elif element in (VALUE, ITEM):
            (size,) = struct.unpack_from("!H", data, position)
            value = data[position + 2 : position + 2 + size].decode(errors="replace")
            position += 2 + size
            if element == VALUE:
                stack[-1][key] = value
            else:
                items.append(value)
        elif element != LIST_END:
            raise Unreadable(f"charon's answer has an unknown element {element}")
    return root


def parse_sa(message: Message) -> list[IkeSa]:
    """One ``list-sa`` event: a section per IKE SA, named after its connection."""
    return [_ike(name, sa) for name, sa in message.items() if isinstance(sa, dict)]


def _ike(name: str, sa: Message) -> IkeSa:
    children = sa.get("child-sas")
    return IkeSa(
        connection=name,
        state=text(sa.get("state")),
        local=text(sa.get("local-host")),
        remote=text(sa.get("remote-host")),
        local_identity=text(sa.get("local-id")),
        remote_identity=text(sa.get("remote-id")),
        initiator=sa.get("initiator") == "yes",
        established=integer(sa.get("established")),
        rekey=integer(sa.get("rekey-time")),
        suite=_suite(sa),
        children=[_child(c) for c in children.values() if isinstance(c, dict)]
        if isinstance(children, dict)
        else [],
    )


def _child(sa: Message) -> ChildSa:
    return ChildSa(
        name=text(sa.get("name")),
        state=text(sa.get("state")),
        mode=text(sa.get("mode")),
        protocol=text(sa.get("protocol")),
        encapsulated=sa.get("encap") == "yes",
        spi_in=text(sa.get("spi-in")),
        spi_out=text(sa.get("spi-out")),
        suite=_suite(sa),
        bytes_in=integer(sa.get("bytes-in")),
        bytes_out=integer(sa.get("bytes-out")),
        packets_in=integer(sa.get("packets-in")),
        packets_out=integer(sa.get("packets-out")),
        installed=integer(sa.get("install-time")),
        rekey=integer(sa.get("rekey-time")),
        life=integer(sa.get("life-time")),
    )


def _suite(sa: Message) -> Suite:
    return Suite(
        encryption=text(sa.get("encr-alg")),
        key_bits=integer(sa.get("encr-keysize")),
        integrity=text(sa.get("integ-alg")),
        prf=text(sa.get("prf-alg")),
        group=text(sa.get("dh-group")),
    )
