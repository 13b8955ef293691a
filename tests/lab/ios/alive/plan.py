# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a configuration asks of the node: plain data, without any word of IOS, FRR or strongSwan syntax."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network


@dataclass(frozen=True, slots=True)
class Port:
    """An interface of the node: its name on IOS, the node's own, and its address if it has one now."""

    name: str
    device: str
    address: IPv4Interface | None
    dhcp: bool = False


@dataclass(frozen=True, slots=True)
class Nhs:
    """A next-hop server: tunnel address, NBMA address, and its place in the order (0 is first)."""

    address: IPv4Address
    nbma: str
    multicast: bool = False
    priority: int = 0
    cluster: int = 0


@dataclass(frozen=True, slots=True)
class Nhrp:
    """``multicast`` is a list of NBMA addresses, and `dynamic` for whoever registers."""

    network_id: int
    authentication: str = ""
    holdtime: int = 600
    servers: tuple[Nhs, ...] = ()
    multicast: tuple[str, ...] = ()
    shortcut: bool = False
    redirect: bool = False
    no_unique: bool = False


@dataclass(frozen=True, slots=True)
class Ospf:
    """OSPF on one tunnel; seconds."""

    area: str
    network: str = "broadcast"
    hello: int = 10
    dead: int = 40
    cost: int | None = None
    priority: int = 1
    mtu_ignore: bool = False
    bfd: bool = False


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One mGRE tunnel (or GRE, with a ``destination``).

    ``protected`` says that no packet may leave it in the clear, ``connection`` which IKE connection protects
    it. With ``if_state`` its line protocol follows NHRP. ``down`` is why it cannot come up; empty if it can.
    """

    name: str
    number: int
    address: IPv4Interface | None
    source: Port | None
    key: int | None
    destination: str = ""
    mtu: int = 1476
    mss: int = 0
    nhrp: Nhrp | None = None
    protected: bool = False
    profile: str = ""
    connection: str = ""
    if_state: bool = False
    ospf: Ospf | None = None
    bfd: tuple[int, int, int] | None = None
    down: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """A pre-shared key and the identity of the peer that it is for; empty for any."""

    peer: str
    value: str


@dataclass(frozen=True, slots=True)
class Connection:
    """One IKEv2 profile on one source address. Proposals are in strongSwan's keywords.

    An empty ``local_id`` is the subject of the trustpoint's certificate.
    """

    name: str
    profile: str
    source: IPv4Address
    proposals: tuple[str, ...]
    esp: tuple[str, ...]
    transport: bool
    local_id: str
    remote_id: str
    local_auth: str
    remote_auth: str
    trustpoint: str = ""
    secrets: tuple[Secret, ...] = ()
    ike_seconds: int = 86400
    esp_seconds: int = 3600
    dpd_seconds: int = 0
    dpd_retry: int = 2
    window: int = 64


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A BGP neighbour or peer-group: lines of its session and its address-family, as FRR takes them."""

    name: str
    session: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    is_group: bool = False
    bfd: bool = False


@dataclass(frozen=True, slots=True)
class Bgp:
    """One BGP process."""

    asn: int
    router_id: str = ""
    default_unicast: bool = True
    neighbors: tuple[Neighbor, ...] = ()
    ranges: tuple[tuple[IPv4Network, str], ...] = ()
    listen_limit: int = 100
    family: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OspfProcess:
    """One OSPF process; ``lines`` as FRR takes them."""

    number: int
    router_id: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Static:
    """A static route; no ``via`` means that what it covers is dropped."""

    prefix: IPv4Network
    via: str = ""
    distance: int = 1
    tag: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the node has besides the configuration.

    ``ports`` by their IOS names; ``trustpoints`` are names of enrolled certificates, with their subjects;
    ``release`` decides on defaults, such as (17, 15).
    """

    ports: dict[str, Port]
    trustpoints: dict[str, str] = field(default_factory=dict)
    release: tuple[int, int] = (17, 15)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a configuration asks for.

    ``ospf_ports`` are devices that are no tunnels; ``policy`` are FRR's lines of prefix lists and route maps;
    ``unmet`` are the lines that nothing here can fulfil, and why.
    """

    hostname: str = "Router"
    tunnels: tuple[Tunnel, ...] = ()
    connections: tuple[Connection, ...] = ()
    bgp: Bgp | None = None
    ospf: OspfProcess | None = None
    ospf_ports: tuple[tuple[str, Ospf], ...] = ()
    routes: tuple[Static, ...] = ()
    policy: tuple[str, ...] = ()
    unmet: tuple[str, ...] = field(default=())

    def up(self) -> list[Tunnel]:
        """The tunnels that can come up."""
        return [tunnel for tunnel in self.tunnels if not tunnel.down]
