# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One peer: how an SA to it is asked for, and what the SAs there are say on its claim."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Network

from nhrp_events_config import Interface
from nhrp_events_sas import Sa, held_addresses


@dataclass(frozen=True, slots=True)
class Verdict:
    accepted: bool
    reason: str


def gre_packet(key: int) -> bytes:
    """The smallest GRE packet with a key (RFC 2890). Protocol 0 is what nobody delivers anywhere."""
    return struct.pack("!HHI", 0x2000, 0, key)


def knock(interface: Interface, nbma: str) -> None:
    """Sends one GRE packet, so that the kernel's trap asks charon for an SA. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_GRE) as raw:
        raw.setblocking(False)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.dev.encode() + b"\0")
        if interface.source:
            raw.bind((interface.source, 0))
        raw.sendto(gre_packet(interface.key), (nbma, 0))


def judge(interface: Interface, address: str, sas: list[Sa]) -> Verdict | None:
    """What the SAs towards a peer say on its claim; None if there are none, so that nothing can be said.

    ``address`` is a tunnel address, which the peer's certificate must list. Or it is a host in the network
    behind the peer: nhrpd binds those too, because a shortcut is a route on the tunnel without a next hop.
    No certificate lists them, so the peer must hold some tunnel address of the cloud.
    """
    if not sas:
        return None
    if not interface.check_identity:
        return Verdict(True, f"an SA with {sas[0].identity} stands; identities are not checked")
    claim = IPv4Network(address)
    wanted = claim if claim.subnet_of(interface.prefix) else interface.prefix
    for sa in sas:
        if any(held in wanted for held in held_addresses(sa.identity)):
            return Verdict(True, f"an SA with {sa.identity} stands")
    which = address if wanted is claim else f"an address in {wanted}"
    return Verdict(False, f"the SA there is with {sas[0].identity}, whose OU does not list {which}")
