# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The packet counter that the no-cleartext proofs stand on, on packets made by hand. Needs no root."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.host import LabError
from ansible_collections.mgre.dmvpn.tests.lab.pcap import Count, count

HUB, SPOKE = "198.51.100.2", "198.51.100.10"


def ip(
    protocol: int, payload: bytes, source: str = SPOKE, destination: str = HUB, fragment: int = 0
) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, 0)
    return head + IPv4Address(source).packed + IPv4Address(destination).packed + payload


def udp(port: int, payload: bytes) -> bytes:
    return ip(17, struct.pack("!HHHH", port, port, 8 + len(payload), 0) + payload)


def written(path: Path, *packets: bytes, order: str = "<") -> Path:
    data = struct.pack(f"{order}IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for packet in packets:
        frame = bytes(12) + b"\x08\x00" + packet
        data += struct.pack(f"{order}IIII", 0, 0, len(frame), len(frame)) + frame
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (ip(47, b"\x20\x00\x08\x00" + bytes(24)), Count(total=1, gre=1)),
        (ip(50, bytes(40)), Count(total=1, esp=1)),
        (udp(500, bytes(28)), Count(total=1, ike=1)),
        (udp(4500, bytes(4) + bytes(28)), Count(total=1, ike=1)),
        (udp(4500, b"\x01\x02\x03\x04" + bytes(28)), Count(total=1, esp=1)),
        (udp(4500, b"\xff"), Count(total=1)),
        (ip(1, bytes(20), source="10.11.0.10"), Count(total=1, site=1)),
        (ip(1, bytes(20), destination="10.255.0.1"), Count(total=1, site=1)),
        (ip(1, b"\x03\x00" + bytes(6) + ip(6, bytes(8), destination="10.1.0.10")), Count(total=1, site=1)),
        (ip(1, b"\x08\x00" + bytes(6) + ip(6, bytes(8), destination="10.1.0.10")), Count(total=1)),
        (ip(17, bytes(20), fragment=185), Count(total=1)),
        (ip(47, bytes(20), fragment=185), Count(total=1, gre=1)),
    ],
    ids=[
        *[
            "gre",
            "esp",
            "ike",
            "ike-nat-t",
            "esp-in-udp",
            "nat-keepalive",
            "site-source",
            "overlay-destination",
        ],
        *["icmp-error-quotes-site", "echo-payload-is-no-address", "later-udp-fragment", "later-gre-fragment"],
    ],
)
def test_a_packet_is_counted_as_what_it_is(tmp_path: Path, packet: bytes, expected: Count) -> None:
    assert count([written(tmp_path / "a.pcap", packet)]) == expected


def test_counts_of_several_files_and_both_byte_orders_add_up(tmp_path: Path) -> None:
    gre = ip(47, bytes(24))
    files = [written(tmp_path / "a.pcap", gre), written(tmp_path / "b.pcap", gre, order=">")]
    assert count(files) == Count(total=2, gre=2)


def test_a_half_written_last_packet_is_left_out(tmp_path: Path) -> None:
    file = written(tmp_path / "a.pcap", ip(47, bytes(24)), ip(47, bytes(24)))
    file.write_bytes(file.read_bytes()[:-5])
    assert count([file]) == Count(total=1, gre=1)


def test_a_file_that_is_no_capture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(b"hello")
    with pytest.raises(LabError, match="no pcap file of Ethernet frames"):
        count([tmp_path / "a.pcap"])
