# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was found on a router: one shape for every platform.

Facts only, without a judgement and without a secret. ``None`` means "not known": the section could not
be read (``State.unreadable`` says why) or this version of a daemon does not tell. An empty list means
"read, and there is nothing". Times are in seconds, sizes in bytes, unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Host:
    """The router itself. ``time`` is its clock (seconds since 1970).

    ``rollback`` is the time that an unconfirmed change of the configuration has left, 0 if none waits, None
    where there is no such thing.
    """

    name: str | None = None
    distribution: str | None = None
    kernel: str | None = None
    time: float | None = None
    uptime: float | None = None
    forwarding: bool | None = None
    versions: dict[str, str | None] = field(default_factory=dict)
    rollback: float | None = None
    ahead: float | None = None


@dataclass(slots=True)
class Kernel:
    """Settings and limits of the kernel that decide whether packets cross.

    ``rp_filter`` is by interface, "all" included: 0 off, 1 strict, 2 loose. ``neighbours`` of at most
    ``neighbour_limit`` entries of the IPv4 neighbour table are in use; ``overflows`` counts the entries that
    found no room since the start.
    """

    rp_filter: dict[str, int] = field(default_factory=dict)
    neighbours: int | None = None
    neighbour_limit: int | None = None
    overflows: int | None = None


@dataclass(slots=True)
class Interface:
    """A network interface; ``key``, ``local`` and ``underlay`` are a tunnel's GRE key, source and WAN.

    ``protected`` tells on IOS whether an IPsec profile protects the tunnel; there a ``key`` of 0 is none.
    """

    name: str
    kind: str | None = None
    up: bool | None = None
    mtu: int | None = None
    addresses: list[str] = field(default_factory=list)
    key: int | None = None
    local: str | None = None
    underlay: str | None = None
    protected: bool | None = None
    bytes_in: int | None = None
    bytes_out: int | None = None
    packets_in: int | None = None
    packets_out: int | None = None
    errors: int | None = None


@dataclass(slots=True)
class Neighbour:
    """A tunnel's neighbour entry: which NBMA address packets for an overlay address are sent to."""

    interface: str
    address: str
    nbma: str | None = None
    states: list[str] = field(default_factory=list)


@dataclass(slots=True)
class NextHop:
    gateway: str | None = None
    interface: str | None = None


@dataclass(slots=True)
class Route:
    """A route that the kernel forwards by. ``kind`` is unicast, blackhole, unreachable or prohibit."""

    prefix: str
    protocol: str | None = None
    kind: str = "unicast"
    metric: int | None = None
    next_hops: list[NextHop] = field(default_factory=list)


@dataclass(slots=True)
class Nhs:
    """A next hop server that is configured.

    ``responding``: whether it answers our registrations. None on Linux, where the cache tells.
    """

    interface: str | None
    overlay: str | None
    nbma: str | None
    responding: bool | None = None


@dataclass(slots=True)
class Binding:
    """An entry of the NHRP cache. ``kind`` is dynamic, nhs, static, local, cached, incomplete, negative."""

    interface: str | None
    kind: str | None
    overlay: str | None
    nbma: str | None
    claimed_nbma: str | None = None
    used: bool | None = None
    identity: str | None = None


@dataclass(slots=True)
class Shortcut:
    kind: str | None
    prefix: str | None
    via: str | None
    identity: str | None = None


@dataclass(slots=True)
class NhrpInterface:
    """How NHRP is configured on a tunnel. ``authentication`` is none, applied (the secret that was put on the
    router) or other; the secret itself is told nowhere.
    """

    interface: str
    network_id: int | None = None
    authentication: str | None = None
    redirect: bool = False
    shortcut: bool = False


@dataclass(slots=True)
class Nhrp:
    """``interfaces`` is the running configuration."""

    nhs: list[Nhs] | None = None
    cache: list[Binding] | None = None
    shortcuts: list[Shortcut] | None = None
    interfaces: list[NhrpInterface] | None = None


@dataclass(slots=True)
class Suite:
    """Negotiated algorithms, in the names of IANA's IKEv2 registry."""

    encryption: str | None = None
    key_bits: int | None = None
    integrity: str | None = None
    prf: str | None = None
    group: str | None = None


@dataclass(slots=True)
class ChildSa:
    """A pair of ESP SAs. SPIs are hexadecimal; ``encapsulated`` means ESP in UDP (NAT traversal)."""

    name: str | None = None
    state: str | None = None
    mode: str | None = None
    protocol: str | None = None
    encapsulated: bool | None = None
    spi_in: str | None = None
    spi_out: str | None = None
    suite: Suite = field(default_factory=Suite)
    bytes_in: int | None = None
    bytes_out: int | None = None
    packets_in: int | None = None
    packets_out: int | None = None
    installed: int | None = None
    rekey: int | None = None
    life: int | None = None

    @property
    def standing(self) -> bool:
        """Whether it carries packets; one that is being rekeyed still does."""
        return self.state in ("INSTALLED", "REKEYING", "REKEYED")


@dataclass(slots=True)
class IkeSa:
    """An IKE SA with its children; ``established`` and ``rekey`` count from and to now."""

    connection: str | None = None
    state: str | None = None
    local: str | None = None
    remote: str | None = None
    local_identity: str | None = None
    remote_identity: str | None = None
    initiator: bool | None = None
    established: int | None = None
    rekey: int | None = None
    suite: Suite = field(default_factory=Suite)
    children: list[ChildSa] = field(default_factory=list)


@dataclass(slots=True)
class IkeError:
    """A line that the IKE daemon logged lately; ``peer`` is the NBMA address that it is about, if known."""

    peer: str | None
    message: str
    age: float | None = None


@dataclass(slots=True)
class BgpNeighbour:
    """``last_reset`` is the daemon's reason for the last fall, e.g. ``OPEN Message Error/Bad Peer AS``."""

    address: str
    state: str | None = None
    admin_down: bool | None = None
    remote_as: int | None = None
    local_as: int | None = None
    uptime: float | None = None
    prefixes_in: int | None = None
    prefixes_out: int | None = None
    dropped: int | None = None
    last_reset: str | None = None


@dataclass(slots=True)
class OspfNeighbour:
    router_id: str
    address: str | None = None
    state: str | None = None
    interface: str | None = None


@dataclass(slots=True)
class EigrpNeighbour:
    """A neighbour that is there is up; ``uptime`` in seconds."""

    address: str
    interface: str | None = None
    asn: int | None = None
    uptime: float | None = None


@dataclass(slots=True)
class BfdPeer:
    address: str
    local: str | None = None
    status: str | None = None
    diagnostic: str | None = None
    remote_diagnostic: str | None = None


@dataclass(slots=True)
class Drop:
    """A rule that drops packets without IPsec; ``what`` is gre or site, ``hook`` output, input or forward."""

    hook: str
    what: str
    packets: int | None = None


@dataclass(slots=True)
class Guard:
    """What keeps packets from leaving in the clear.

    On Linux firewall rules; ``interfaces`` are the WANs that they stand on. On IOS (``kind`` ios)
    ``interfaces`` are the tunnels that an IPsec profile protects, and ``prefixes`` end in Null0 where nothing
    better leads elsewhere. ``redirects`` are the tunnels whose packets tell nhrpd of a shorter way,
    ``clamps`` the largest TCP segment that is let through each tunnel, both ways; both are None on IOS.
    """

    kind: str
    present: bool
    interfaces: list[str] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    redirects: list[str] | None = None
    clamps: dict[str, int] | None = None


@dataclass(slots=True)
class Service:
    """A unit of the init system; ``load`` is ``not-found`` when it does not exist."""

    load: str | None = None
    active: str | None = None
    sub: str | None = None
    result: str | None = None
    restarts: int | None = None


@dataclass(slots=True)
class Certificate:
    """``not_before`` and ``not_after`` in seconds since 1970; ``subject`` as in RFC 4514, without blanks
    after commas.

    ``path`` is a file, or the name of a trustpoint; ``authority`` marks a CA's.
    """

    path: str
    subject: str | None = None
    not_after: float | None = None
    authority: bool = False
    not_before: float | None = None


@dataclass(slots=True)
class State:
    """All of it. ``daemons`` are those of the routing suite: running, stopped (SIGSTOP) or dead."""

    host: Host = field(default_factory=Host)
    kernel: Kernel | None = None
    interfaces: list[Interface] | None = None
    neighbours: list[Neighbour] | None = None
    routes: list[Route] | None = None
    nhrp: Nhrp | None = None
    sas: list[IkeSa] | None = None
    ike_errors: list[IkeError] | None = None
    bgp: list[BgpNeighbour] | None = None
    ospf: list[OspfNeighbour] | None = None
    eigrp: list[EigrpNeighbour] | None = None
    bfd: list[BfdPeer] | None = None
    guard: Guard | None = None
    services: dict[str, Service] | None = None
    daemons: dict[str, str] | None = None
    certificates: list[Certificate] | None = None
    unreadable: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
