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
from typing import Literal, Protocol

from .pace import NORMAL

Role = Literal["hub", "spoke"]
Platform = Literal["linux", "ios"]
NEWEST_IOS = (17, 15)
TUNNELS: dict[Platform, str] = {"linux": "dmvpn", "ios": "Tunnel"}


@dataclass(frozen=True, slots=True)
class Bfd:
    """Bidirectional forwarding detection (RFC 5880); the interval is in milliseconds."""

    interval: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class Routing:
    """How LAN prefixes travel over a cloud.

    ``spoke_asn`` equal to ``asn`` is iBGP with the hubs as route reflectors; any other is eBGP. EIGRP's
    autonomous system number is ``asn``.
    Timers are in seconds. ``area`` is OSPF's, in dotted form.
    """

    protocol: Literal["bgp", "ospf", "eigrp", "static"]
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
    """Protection of one cloud. Lifetimes are in seconds, and so is ``retransmit``: how long IKE waits for a
    first answer.

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
    retransmit: float = NORMAL.retransmit


@dataclass(frozen=True, slots=True)
class Cloud:
    """One DMVPN cloud: an overlay prefix, a GRE key, and the rules that all its members share.

    ``multicast_groups`` are the users'; ``rendezvous`` is PIM's rendezvous point for them, the first hub.
    """

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
    multicast_groups: tuple[IPv4Network, ...] = ()
    rendezvous: IPv4Address | None = None

    @property
    def interface(self) -> str:
        """The tunnel interface on Linux, at most 15 characters: dmvpn10."""
        return self.interface_on("linux")

    def interface_on(self, platform: Platform) -> str:
        """The tunnel interface on a router of that platform: dmvpn10 or Tunnel10."""
        return f"{TUNNELS[platform]}{self.number}"


@dataclass(frozen=True, slots=True)
class Transport:
    """One WAN of a router. ``address`` is None when DHCP assigns it.

    ``nbma`` is the address that peers see: the public one behind a static NAT, the own one on an
    open WAN, None where only the NAT or the provider knows it. ``vrf`` is the front-door VRF that the
    WAN interface is in, None for the global table.
    """

    name: str
    interface: str
    address: IPv4Address | None
    nat: bool
    nbma: IPv4Address | None
    path_mtu: int
    allow_gre: tuple[IPv4Address, ...]
    vrf: str | None = None


IOS_BFD = (16, 3)  # first release with BFD on multipoint GRE ("DMVPN with BFD", Cisco's feature information)


class Software(Protocol):
    """What a router runs, as :class:`Device` and :class:`Peer` say it."""

    @property
    def platform(self) -> Platform: ...
    @property
    def frr_version(self) -> tuple[int, int]: ...
    @property
    def ios_version(self) -> tuple[int, int]: ...


def can_bfd(router: Software) -> bool:
    """Whether a router can run BFD on a routing session over a multipoint tunnel."""
    return router.platform == "linux" or router.ios_version >= IOS_BFD


def waits_for_bfd(router: Software) -> bool:
    """Whether this router does not start BGP while BFD is down.

    FRR 10.2 and 10.3 are like that (``peer_active`` in bgpd/bgpd.c); from 10.4 only ``bfd strict`` is.
    A spoke that waits needs a hub whose BFD begins before BGP: a Linux hub's event daemon sees to that
    (docs/adr/0003), a Cisco hub has nothing of the kind.
    """
    return router.platform == "linux" and (10, 2) <= router.frr_version < (10, 4)


def keeps_bgp_when_bfd_is_joined(router: Software) -> bool:
    """Whether BGP with a hub survives the moment in which the hub's bgpd joins a BFD session that is up.

    For a neighbour of a ``bgp listen range`` that moment comes with every new session, and bfdd tells both
    ends that BFD is down. bgpd 8.4 then ends BGP, so that after a loss it never stays up again; 10.3 does
    not (docs/adr/0006).
    """
    return router.platform != "linux" or router.frr_version >= (10, 2)


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
    platform: Platform = "linux"
    ios_version: tuple[int, int] = NEWEST_IOS


@dataclass(frozen=True, slots=True)
class Membership:
    """A device's place in one cloud.

    ``hubs`` are the other hubs of the cloud in this device's order of preference; ``spokes`` is
    filled on hubs only. ``platform`` is the device's own.
    """

    cloud: Cloud
    role: Role
    overlay: IPv4Address
    transport: Transport
    shortcut: bool
    hubs: tuple[Peer, ...]
    spokes: tuple[Peer, ...]
    platform: Platform = "linux"

    @property
    def interface(self) -> str:
        """The tunnel interface on this router."""
        return self.cloud.interface_on(self.platform)

    def offers_bfd(self, own: Software, peer: Peer) -> bool:
        """Whether this router, which runs ``own``, runs BFD on its routing session with a peer."""
        if own.platform == peer.platform == "linux":
            return self._may_bfd(own) and self._survives_bfd(own, peer)
        return self._agree_on_bfd(own, peer)

    def offers_bfd_to_spokes(self, own: Software) -> bool:
        """Whether this hub, which runs ``own``, runs BFD with the spokes that its range accepts."""
        return self.role == "hub" and self._may_bfd(own) and self._survives_bfd(own)

    def runs_bfd(self, own: Software) -> bool:
        """Whether this router, which runs ``own``, runs BFD for this cloud at all."""
        return self.offers_bfd_to_spokes(own) or any(self.offers_bfd(own, hub) for hub in self.hubs)

    def expects_bfd(self, peer: Peer, own: Software) -> bool:
        """Whether a BFD session with this peer must stand: both ends offer it."""
        return self._agree_on_bfd(own, peer)

    @property
    def ibgp(self) -> bool:
        """Whether hubs and spokes of this cloud speak BGP within one AS."""
        rules = self.cloud.routing
        return rules.protocol == "bgp" and rules.asn == rules.spoke_asn

    def _may_bfd(self, router: Software) -> bool:
        rules = self.cloud.routing
        return rules.bfd is not None and rules.protocol != "static" and can_bfd(router)

    def _survives_bfd(self, own: Software, peer: Peer | None = None) -> bool:
        """Whether BFD with this peer strands neither; without one, with any spoke.

        A Linux hub accepts its spokes by a range; hubs name each other.
        """
        between_hubs = peer is not None and self.role == peer.role == "hub"
        hub = own if self.role == "hub" else peer
        if self.cloud.routing.protocol != "bgp" or between_hubs or (hub and hub.platform != "linux"):
            return True
        return all(keeps_bgp_when_bfd_is_joined(router) for router in (own, peer) if router is not None)

    def _agree_on_bfd(self, own: Software, peer: Peer) -> bool:
        """Whether the peer runs BFD too, and of the same kind.

        In iBGP bgpd takes a peer behind a /32 tunnel address for some hops away and runs multihop BFD
        (``PEER_IS_MULTIHOP`` in bgpd/bgp_bfd.h), while IOS sees it on its connected subnet.
        """
        if not (self._may_bfd(own) and self._may_bfd(peer) and self._survives_bfd(own, peer)):
            return False
        if own.platform == peer.platform or self.cloud.routing.protocol != "bgp":
            return True
        between_hubs = self.role == peer.role == "hub"
        return not (self.ibgp or between_hubs or waits_for_bfd(own) or waits_for_bfd(peer))


@dataclass(frozen=True, slots=True)
class Device:
    """One router and all that the inventory wants of it.

    ``frr_version`` and ``ios_version`` are what the inventory declares; of the two only that of the
    platform means anything, and ``apply`` refuses a router that runs another FRR. ``trustpoint`` and
    ``ios_key`` tell an IOS router which of its certificates to use and what its key is.
    ``multicast_interfaces`` are LANs with users of multicast. ``drained`` is a hub that spokes take last.
    """

    name: str
    platform: Platform
    site: int
    frr_version: tuple[int, int]
    firewall: Literal["nftables", "iptables"]
    lans: tuple[IPv4Network, ...]
    transports: tuple[Transport, ...]
    memberships: tuple[Membership, ...]
    ios_version: tuple[int, int] = NEWEST_IOS
    trustpoint: str = "mgre-dmvpn"
    ios_key: Literal["rsa", "ec"] = "rsa"
    multicast_interfaces: tuple[str, ...] = ()
    drained: bool = False

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
