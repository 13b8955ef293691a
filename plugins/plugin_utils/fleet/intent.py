# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the inventory means: the resolved fleet.

Everything here is derived and final. Nothing downstream looks at an inventory variable: ``render``
turns a :class:`Device` into files, ``judge`` compares it with the state of the router. Addresses
are NBMA (underlay), overlay (tunnel) or LAN, in the sense of RFC 2332.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

Role = Literal["hub", "spoke"]
Platform = Literal["linux", "ios"]


@dataclass(frozen=True, slots=True)
class Bfd:
    """Bidirectional forwarding detection (RFC 5880); the interval is in milliseconds."""

    interval: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class Routing:
    """How LAN prefixes travel over a cloud.

    ``spoke_asn`` equal to ``asn`` is iBGP with the hubs as route reflectors; any other is eBGP.
    Timers are in seconds. ``area`` is OSPF's, in dotted form.
    """

    protocol: Literal["bgp", "ospf", "static"]
    asn: int
    spoke_asn: int
    keepalive: int
    holdtime: int
    area: str
    bfd: Bfd | None
    summaries: tuple[IPv4Network, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """One named cryptographic suite, as strongSwan's proposal strings (RFC 7296, RFC 4303)."""

    name: str
    ike: str
    esp: str


@dataclass(frozen=True, slots=True)
class Ipsec:
    """Protection of one cloud. Lifetimes are in seconds.

    ``remote_id`` is the pattern that a peer's certificate subject must match; with
    ``check_identity`` the subject's OU lists the tunnel addresses that the peer may hold.
    """

    auth: Literal["certificate", "psk"]
    suite: Suite
    ike_lifetime: int
    esp_lifetime: int
    dpd: int
    remote_id: str
    check_identity: bool


@dataclass(frozen=True, slots=True)
class Cloud:
    """One DMVPN cloud: an overlay prefix, a GRE key, and the rules that all its members share."""

    name: str
    number: int
    prefix: IPv4Network
    key: int
    network_id: int
    phase: Literal[1, 2, 3]
    transport: str
    nhrp_holdtime: int
    nhrp_authenticated: bool
    path_mtu: int
    mtu: int
    mss: int
    routing: Routing
    ipsec: Ipsec

    @property
    def interface(self) -> str:
        """The tunnel interface on Linux, at most 15 characters: dmvpn10."""
        return f"dmvpn{self.number}"


@dataclass(frozen=True, slots=True)
class Transport:
    """One WAN of a router. ``address`` is None when DHCP assigns it.

    ``nbma`` is the address that peers see: the public one behind a static NAT, the own one on an
    open WAN, None where only the NAT or the provider knows it.
    """

    name: str
    interface: str
    address: IPv4Address | None
    nat: bool
    nbma: IPv4Address | None
    path_mtu: int
    allow_gre: tuple[IPv4Address, ...]


def dynamic_bfd(frr_version: tuple[int, int]) -> bool:
    """Whether this FRR can run BFD on a BGP session that a hub accepts by ``bgp listen range``.

    10.2 and 10.3 do not start BGP while BFD is down (``peer_active`` in bgpd/bgpd.c), and the hub has
    no BFD session with a dynamic neighbour until BGP is up: after one failure neither ever comes back.
    From 10.4 only ``bfd strict`` does that.
    """
    return not (10, 2) <= frr_version < (10, 4)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another member of a cloud, as far as this device has to know it."""

    name: str
    role: Role
    site: int
    frr_version: tuple[int, int]
    overlay: IPv4Address
    nbma: IPv4Address | None
    nat: bool
    lans: tuple[IPv4Network, ...]


@dataclass(frozen=True, slots=True)
class Membership:
    """A device's place in one cloud.

    ``hubs`` are the other hubs of the cloud in this device's order of preference; ``spokes`` is
    filled on hubs only.
    """

    cloud: Cloud
    role: Role
    overlay: IPv4Address
    transport: Transport
    shortcut: bool
    hubs: tuple[Peer, ...]
    spokes: tuple[Peer, ...]

    def offers_bfd(self, role: Role, frr_version: tuple[int, int]) -> bool:
        """Whether this router, with that FRR, runs BFD on its routing sessions with peers of that role."""
        rules = self.cloud.routing
        if rules.bfd is None or rules.protocol == "static":
            return False
        dynamic = rules.protocol == "bgp" and "spoke" in (self.role, role)
        return dynamic_bfd(frr_version) if dynamic else True

    def runs_bfd(self, frr_version: tuple[int, int]) -> bool:
        """Whether this router, with that FRR, runs BFD for this cloud at all."""
        to_hubs = bool(self.hubs) and self.offers_bfd("hub", frr_version)
        return to_hubs or (self.role == "hub" and self.offers_bfd("spoke", frr_version))

    def expects_bfd(self, peer: Peer, frr_version: tuple[int, int]) -> bool:
        """Whether a BFD session with this peer must stand: both ends offer it."""
        return all(self.offers_bfd(peer.role, version) for version in (frr_version, peer.frr_version))


@dataclass(frozen=True, slots=True)
class Device:
    """One router and all that the inventory wants of it.

    ``frr_version`` is what the inventory declares; ``apply`` refuses a router that runs another.
    """

    name: str
    platform: Platform
    site: int
    frr_version: tuple[int, int]
    firewall: Literal["nftables", "iptables"]
    lans: tuple[IPv4Network, ...]
    transports: tuple[Transport, ...]
    memberships: tuple[Membership, ...]

    @property
    def identity(self) -> str:
        """The subject of this router's certificate, which is its IKE identity."""
        held = " ".join(str(m.overlay) for m in self.memberships)
        return f"O=mgre-dmvpn, OU={held}, CN={self.name}"


@dataclass(frozen=True, slots=True)
class Fleet:
    """All clouds and devices, by name, in inventory order."""

    clouds: dict[str, Cloud]
    devices: dict[str, Device]
