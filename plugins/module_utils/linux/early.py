# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packets that a peer sends over a new SA before it is installed here, delivered once more when it is.

The end that answers an exchange has both SAs installed before the other has its answer, and the kernel
sends by the newest: until the answer is read and the SA installed, whatever arrives over it is dropped for
want of a state (XfrmInNoStates). A copy of each packet is kept meanwhile, and then sent to the router itself,
from where it takes the way that it would have taken.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Iterable
from ipaddress import IPv4Address
from types import TracebackType

ETH_P_IP = 0x0800
SO_ATTACH_FILTER, SO_RCVBUFFORCE = 26, 33
PACKET_HOST = 0
BUFFER = 32 * 1024 * 1024
ESP, UDP = 50, 17
NAT_T = 4500
# Classic BPF (bpf(4)): load a word, compare, return.
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
SOURCE = 12  # offset in the IPv4 header


class Early:
    """Keeps copies from its beginning to its end. A router without AF_PACKET keeps none."""

    def __init__(self, peer: str) -> None:
        self._peer = int(IPv4Address(peer))
        self._socket: socket.socket | None = None

    def __enter__(self) -> Early:
        try:
            sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        except OSError:
            return self
        program = b"".join(
            struct.pack("HBBI", *row)
            for row in (
                (LOAD, 0, 0, SOURCE),
                (EQUAL, 0, 1, self._peer),
                (RETURN, 0, 0, 0xFFFF),
                (RETURN, 0, 0, 0),
            )
        )
        held = ctypes.create_string_buffer(program)
        sniffer.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", 4, ctypes.addressof(held)))
        sniffer.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        sniffer.setblocking(False)
        self._socket = sniffer
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def deliver(self, spis: Iterable[str]) -> int:
        """Gives the router once more what came for these SPIs (hexadecimal). Returns how many packets."""
        wanted = {int(spi, 16) for spi in spis}
        packets = [packet for packet in self._kept() if spi_of(packet) in wanted]
        self.__exit__(None, None, None)  # else the copies would be copied
        if packets:
            with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
                for packet in packets:
                    raw.sendto(packet, (str(IPv4Address(packet[16:20])), 0))
        return len(packets)

    def _kept(self) -> Iterable[bytes]:
        while self._socket is not None:
            try:
                packet, address = self._socket.recvfrom(65535)
            except BlockingIOError:
                return
            if address[2] == PACKET_HOST:
                yield packet


def spi_of(packet: bytes) -> int | None:
    """The SPI of an ESP packet, in UDP or not; None for any other."""
    header = (packet[0] & 15) * 4
    if packet[9] == ESP:
        return _word(packet, header)
    if (
        packet[9] == UDP
        and packet[header : header + 4]
        and NAT_T in struct.unpack_from("!HH", packet, header)
    ):
        return _word(packet, header + 8) or None  # 0 marks IKE (RFC 3948)
    return None


def _word(packet: bytes, offset: int) -> int | None:
    if len(packet) < offset + 4:
        return None
    (word,) = struct.unpack_from("!I", packet, offset)
    return int(word)
