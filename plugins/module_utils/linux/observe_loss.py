# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Loss and latency by real packets: echo requests at an even pace, all targets at once.

Unlike the search for the path MTU this waits for no answer before it sends the next packet, so that a look
takes the same two seconds on a good path and on a dead one.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from ..health_measure import Ping
from .observe_path import ECHO, ECHO_REPLY, checksum

COUNT = 20
PACE = 0.05
WAIT = 1.0
PAYLOAD = 72  # with its headers a packet of 100 bytes


def ping_all(targets: Sequence[tuple[str, str]]) -> list[Ping]:
    """Pings each (address, own address to send from)."""
    if not targets:
        return []
    with ThreadPoolExecutor(max_workers=min(32, len(targets))) as pool:
        return list(pool.map(lambda item: _ping(item[1], item[0]), enumerate(targets)))


def _ping(target: tuple[str, str], number: int) -> Ping:
    address, source = target
    identifier = (os.getpid() + number) & 0xFFFF
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as echo:
            echo.bind((source, 0))
            echo.connect((address, 0))
            times = _times(echo, identifier)
    except PermissionError:
        return Ping(address, None, None)
    except OSError:
        # No address to send from, no route, a tunnel that knows no way: nothing gets through.
        return Ping(address, 1.0, None)
    heard = sorted(times.values())
    return Ping(address, round(1 - len(heard) / COUNT, 3), heard[len(heard) // 2] if heard else None)


def _times(echo: socket.socket, identifier: int) -> dict[int, float]:
    """Round-trip time in seconds by sequence number, of those that were answered in time."""
    sent: dict[int, float] = {}
    times: dict[int, float] = {}
    begun = time.monotonic()
    while len(times) < COUNT:
        now = time.monotonic()
        if len(sent) < COUNT and now >= begun + len(sent) * PACE:
            sequence = len(sent)
            sent[sequence] = now
            with suppress(OSError):  # what cannot be sent is lost
                echo.send(_packet(identifier, sequence))
            continue
        end = begun + (len(sent) * PACE if len(sent) < COUNT else COUNT * PACE + WAIT)
        if now >= end:
            break
        if select.select([echo], [], [], end - now)[0]:
            try:
                sequence = _answered(echo.recv(65535), identifier)
            except OSError:
                continue  # an ICMP error for an earlier packet
            if sequence in sent:
                times.setdefault(sequence, time.monotonic() - sent[sequence])
    return times


def _packet(identifier: int, sequence: int) -> bytes:
    body = bytes(PAYLOAD)
    total = checksum(struct.pack("!BBHHH", ECHO, 0, 0, identifier, sequence) + body)
    return struct.pack("!BBHHH", ECHO, 0, total, identifier, sequence) + body


def _answered(data: bytes, identifier: int) -> int:
    """The sequence number that an echo reply answers, -1 if it is not ours."""
    start = (data[0] & 15) * 4 if data else 0
    if len(data) < start + 8:
        return -1
    kind, found, sequence = struct.unpack_from("!BxxxHH", data, start)
    return int(sequence) if (kind, found) == (ECHO_REPLY, identifier) else -1
