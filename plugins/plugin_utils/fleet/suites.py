# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Named cryptographic suites, and how much fits into a packet that they protect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .intent import Suite

SuiteName = Literal["aes-gcm-256", "aes-gcm-128", "aes-cbc-256"]

# No ESN: IOS does not offer it, and strongSwan offers none unless told to.
SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite("aes-gcm-256", "aes256gcm16-prfsha384-ecp384", "aes256gcm16"),
        Suite("aes-gcm-128", "aes128gcm16-prfsha256-ecp256", "aes128gcm16"),
        Suite("aes-cbc-256", "aes256-sha256-ecp256", "aes256-sha256"),
    )
}


@dataclass(frozen=True, slots=True)
class IosSuite:
    """The same suite in IOS words: an IKEv2 proposal and a transform set.

    ``proposal`` are its lines; ``since`` is the first release that has all of it. A proposal without
    ``prf`` takes that of its integrity, as RFC 7296 has it and strongSwan does.
    """

    proposal: tuple[str, ...]
    transform: str
    since: tuple[int, int]


# IKEv2 with AES-GCM came with 15.4(2)T, groups 19 and 20 with 15.1(2)T (Cisco's feature information).
IOS_SUITES: dict[str, IosSuite] = {
    "aes-gcm-256": IosSuite(("encryption aes-gcm-256", "prf sha384", "group 20"), "esp-gcm 256", (15, 4)),
    "aes-gcm-128": IosSuite(("encryption aes-gcm-128", "prf sha256", "group 19"), "esp-gcm", (15, 4)),
    "aes-cbc-256": IosSuite(
        ("encryption aes-cbc-256", "integrity sha256", "group 19"), "esp-aes 256 esp-sha256-hmac", (15, 2)
    ),
}

IPV4 = 20  # header without options, RFC 791
UDP = 8  # NAT-T, RFC 3948
ESP = 8  # SPI and sequence number, RFC 4303
TRAILER = 2  # pad length and next header
GRE = 8  # with a key, RFC 2890
IPV4_TCP = 40  # what TCP and IPv4 take of a packet

DEFAULT_MTU = 1400  # never more unless the inventory says so: safe on every path of 1480 bytes or more
MIN_MTU = 576  # every IPv4 host takes that much (RFC 791)


@dataclass(frozen=True, slots=True)
class EspSizes:
    """Bytes on the wire: the IV, the integrity check value, and the multiple that padding fills up to."""

    iv: int
    icv: int
    block: int


GCM = EspSizes(iv=8, icv=16, block=4)  # RFC 4106
CBC_SHA256 = EspSizes(iv=16, icv=16, block=16)  # RFC 3602, RFC 4868
SIZES = {"aes-gcm-256": GCM, "aes-gcm-128": GCM, "aes-cbc-256": CBC_SHA256}


def largest_inner(suite: str, path_mtu: int, nat_t: bool) -> int:
    """The largest packet that crosses a tunnel in one piece; GRE with key, ESP in transport mode."""
    sizes = SIZES[suite]
    sealed = path_mtu - IPV4 - (UDP if nat_t else 0) - ESP - sizes.iv - sizes.icv
    return sealed // sizes.block * sizes.block - TRAILER - GRE


def path_needed(suite: str, mtu: int) -> int:
    """The smallest path MTU on which packets of ``mtu`` bytes cross in one piece, with NAT-T."""
    sizes = SIZES[suite]
    sealed = -(-(mtu + GRE + TRAILER) // sizes.block) * sizes.block
    return sealed + sizes.icv + sizes.iv + ESP + UDP + IPV4
