# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds by real packets how large a packet passes to a target: ICMP echo with Don't Fragment set.

All sizes are of whole IPv4 packets, header included, as an MTU is. If the full size does not pass, the
largest that does is searched for by halving. Each target has its own thread and its own socket, and all
are over at one deadline.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from .observe_run import Unreadable

# What path_mtu does if it is told nothing else; the timeout is of each packet, the deadline of all.
COUNT, TIMEOUT, DEADLINE = 3, 1.0, 45.0
HEADERS = 28
SMALLEST, LARGEST = 68, 65535
IP_MTU_DISCOVER, IP_PMTUDISC_DO = 10, 2
ECHO, ECHO_REPLY = 8, 0
GRAIN = 2
# A target in the argument spec of a module.
OPTIONS = {
    "address": {"type": "str", "required": True},
    "size": {"type": "int", "required": True},
    "source": {"type": "str"},
}


@dataclass(frozen=True, slots=True)
class Target:
    """``size`` in bytes, ``source`` an own address or None."""

    address: str
    size: int
    source: str | None = None


@dataclass(slots=True)
class Probe:
    """``passed`` is the largest size that was answered, None if none was; ``rtt`` in milliseconds, the
    median of full-size packets; ``loss`` the lost share of them, 0 to 1; ``error`` is the kernel's reason,
    ``told`` whether the kernel knew that the size is too large: else the packets vanished in silence."""

    address: str
    source: str | None
    size: int
    passed: int | None = None
    rtt: float | None = None
    loss: float | None = None
    error: str | None = None
    told: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def unfit(targets: Sequence[Target]) -> str | None:
    """What is wrong with the first size that cannot be sent."""
    for target in targets:
        if not SMALLEST <= target.size <= LARGEST:
            return f"size {target.size} is not {SMALLEST} to {LARGEST} (headers take {HEADERS})"
    return None


def probe_all(targets: Sequence[Target], count: int, timeout: float, deadline: float) -> list[Probe]:
    """Probes all targets at once, each with ``count`` packets per size that wait ``timeout`` seconds.

    ``deadline`` is in seconds from now. Raises :class:`Unreadable` without the right to open a raw socket.
    """
    if not targets:
        return []
    end = time.monotonic() + deadline
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        raise Unreadable("raw sockets are not allowed: become root") from None
    with ThreadPoolExecutor(max_workers=min(32, len(targets))) as pool:
        return list(pool.map(lambda target: probe(target, count, timeout, end), targets))


def probe(target: Target, count: int, timeout: float, end: float) -> Probe:
    """Probes one target until ``end`` on the monotonic clock."""
    result = Probe(target.address, target.source, target.size)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as echo:
            echo.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
            if target.source:
                echo.bind((target.source, 0))
            echo.connect((target.address, 0))
            pinger = Pinger(echo, timeout, end)
            times = [pinger.answered(target.size) for dummy in range(count)]
            heard = sorted(rtt for rtt in times if rtt is not None)
            result.loss = round(1 - len(heard) / len(times), 3)
            if heard:
                result.rtt = round(heard[len(heard) // 2] * 1000, 2)
                result.passed = target.size
            elif pinger.any_of(SMALLEST, count):
                result.passed = _search(pinger, SMALLEST, target.size, min(count, 2))
            result.error = pinger.error
            result.told = pinger.told
    except OSError as error:
        result.error = error.strerror or str(error)
    return result


def _search(pinger: Pinger, passes: int, fails: int, count: int) -> int:
    """The largest size that passes, to ``GRAIN`` bytes."""
    while fails - passes > GRAIN and not pinger.over():
        middle = (passes + fails) // 2
        if pinger.any_of(middle, count):
            passes = middle
        else:
            fails = middle
    return passes


class Pinger:
    """Echo requests over one connected raw socket."""

    _identifiers = iter(range(os.getpid() & 0xFFFF, 1 << 30))
    _lock = threading.Lock()

    def __init__(self, echo: socket.socket, timeout: float, end: float) -> None:
        self._echo = echo
        self._timeout = timeout
        self._end = end
        with self._lock:
            self._identifier = next(self._identifiers) & 0xFFFF
        self._sequence = 0
        self.error: str | None = None
        self.told = False

    def over(self) -> bool:
        return time.monotonic() >= self._end

    def any_of(self, size: int, count: int) -> bool:
        return any(self.answered(size) is not None for dummy in range(count))

    def answered(self, size: int) -> float | None:
        """The round-trip time in seconds of one packet, None if there was no answer."""
        if self.over():
            return None
        self._sequence = (self._sequence + 1) & 0xFFFF
        started = time.monotonic()
        try:
            self._echo.send(self._packet(size))
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                self.told = True
            else:
                self.error = error.strerror
            # Of EMSGSIZE: the kernel knows of a smaller path MTU already: that is an answer, and a quick one.
            return None
        until = min(started + self._timeout, self._end)
        while (left := until - time.monotonic()) > 0:
            if not select.select([self._echo], [], [], left)[0]:
                break
            try:
                data = self._echo.recv(65535)
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    self.told = True
                else:
                    self.error = error.strerror
                continue
            if self._is_mine(data, size):
                self.error = None
                return time.monotonic() - started
        return None

    def _packet(self, size: int) -> bytes:
        payload = bytes(size - HEADERS)
        header = struct.pack("!BBHHH", ECHO, 0, 0, self._identifier, self._sequence)
        total = checksum(header + payload)
        return struct.pack("!BBHHH", ECHO, 0, total, self._identifier, self._sequence) + payload

    def _is_mine(self, data: bytes, size: int) -> bool:
        start = (data[0] & 15) * 4 if data else 0
        if len(data) < start + 8 or len(data) != size:
            return False
        kind, identifier, sequence = struct.unpack_from("!BxxxHH", data, start)
        return bool(kind == ECHO_REPLY and identifier == self._identifier and sequence == self._sequence)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
