# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads packet captures and counts what must never be on a WAN."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from .host import LabError

# Every LAN of a lab, and the overlay: addresses that no provider may ever see.
SITE_PREFIXES = (IPv4Network("10.0.0.0/8"),)
_GRE, _ESP, _UDP, _ICMP = 47, 50, 17, 1
_ICMP_ERRORS = {3, 4, 5, 11, 12}


@dataclass(slots=True)
class Count:
    """Packets of one or more captures.

    ``gre`` is protocol 47 in the clear; ``site`` has a site address, be it quoted by an ICMP error;
    ``esp`` includes ESP in UDP (NAT-T); ``ike`` is UDP 500, and 4500 where it is not ESP.
    """

    total: int = 0
    gre: int = 0
    site: int = 0
    esp: int = 0
    ike: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(Count)))


def count(files: Iterable[Path], prefixes: Iterable[IPv4Network] = SITE_PREFIXES) -> Count:
    """Count over several capture files. Raises LabError for a file that is no pcap of Ethernet."""
    networks = tuple(prefixes)
    result = Count()
    for file in files:
        for frame in frames(file):
            _judge(frame, networks, result)
    return result


def frames(file: Path) -> Iterator[bytes]:
    """The Ethernet frames of a capture; a last, half-written one is left out."""
    data = file.read_bytes()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}.get(data[:4])
    if order is None or len(data) < 24 or struct.unpack(f"{order}I", data[20:24])[0] != 1:
        raise LabError(f"{file}: no pcap file of Ethernet frames")
    position = 24
    while position + 16 <= len(data):
        length = struct.unpack(f"{order}I", data[position + 8 : position + 12])[0]
        position += 16
        if position + length > len(data):
            return
        yield data[position : position + length]
        position += length


def _judge(frame: bytes, networks: tuple[IPv4Network, ...], result: Count) -> None:
    result.total += 1
    if frame[12:14] != b"\x08\x00" or len(frame) < 34:
        return
    packet = frame[14:]
    payload = packet[(packet[0] & 15) * 4 :]
    first_fragment = not struct.unpack("!H", packet[6:8])[0] & 0x1FFF
    protocol = packet[9]
    result.gre += protocol == _GRE
    result.esp += protocol == _ESP
    seen = _addresses(packet)
    if protocol == _UDP and first_fragment and len(payload) >= 12:
        ports = struct.unpack("!HH", payload[:4])
        # RFC 3948: on port 4500 IKE begins with four zero bytes, ESP with an SPI that is not zero
        # (a keepalive is a single byte, and neither).
        if 4500 in ports:
            result.ike += payload[8:12] == bytes(4)
            result.esp += payload[8:12] != bytes(4)
        result.ike += 500 in ports
    if protocol == _ICMP and len(payload) >= 28 and payload[0] in _ICMP_ERRORS:
        seen += _addresses(payload[8:])
    result.site += any(address in network for address in seen for network in networks)


def _addresses(packet: bytes) -> list[IPv4Address]:
    return [IPv4Address(packet[12:16]), IPv4Address(packet[16:20])]
