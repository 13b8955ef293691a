# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The search for the largest packet, against paths of known size."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import observe_path
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import (
    GRAIN,
    Pinger,
    _search,
    checksum,
)

STOP = b"stop"


class Path:
    """Answers echo requests up to a size, over a pair of sockets: a path without the kernel's ICMP."""

    def __init__(self, largest: int) -> None:
        self.near, self._far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._largest = largest
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        while (request := self._far.recv(65535)) != STOP:
            size = len(request) + 20
            if size > self._largest:
                continue
            kind, identifier, sequence = struct.unpack_from("!BxxxHH", request)
            assert kind == observe_path.ECHO and checksum(request) == 0
            reply = struct.pack("!BBHHH", observe_path.ECHO_REPLY, 0, 0, identifier, sequence) + request[8:]
            self._far.send(bytes([0x45]) + bytes(19) + reply)

    def close(self) -> None:
        self.near.send(STOP)
        self._thread.join(2)
        self.near.close()
        self._far.close()


@pytest.fixture(params=(68, 300, 1238, 1399))
def path(request: pytest.FixtureRequest) -> Iterator[tuple[Path, int]]:
    made = Path(request.param)
    yield made, request.param
    made.close()


def test_search_finds_the_largest_size_that_passes(path: tuple[Path, int]) -> None:
    way, largest = path
    # Answers come at once, and a busy machine may hold one back: it is asked for twice.
    pinger = Pinger(way.near, timeout=0.25, end=time.monotonic() + 60)
    assert pinger.answered(1400) is None
    found = _search(pinger, 68, 1400, count=2)
    assert largest - GRAIN < found <= largest


def test_full_size_is_answered_with_its_time(path: tuple[Path, int]) -> None:
    way, largest = path
    rtt = Pinger(way.near, timeout=1, end=time.monotonic() + 5).answered(largest)
    assert rtt is not None and 0 < rtt < 1


def test_nothing_is_sent_after_the_deadline(path: tuple[Path, int]) -> None:
    way = path[0]
    pinger = Pinger(way.near, timeout=1, end=time.monotonic() - 1)
    assert pinger.over() and pinger.answered(68) is None


@pytest.mark.parametrize(
    ("data", "sum_"), [(b"", 0xFFFF), (b"\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 0x220D), (b"\x01", 0xFEFF)]
)
def test_checksum_of_rfc_1071(data: bytes, sum_: int) -> None:
    assert checksum(data) == sum_
