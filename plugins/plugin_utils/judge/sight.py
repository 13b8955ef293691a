# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that is known of one router: what is wanted of it, what was found, and what other routers told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ...module_utils.linux.observe_path import Probe
from ...module_utils.state import (
    BfdPeer,
    BgpNeighbour,
    Binding,
    ChildSa,
    EigrpNeighbour,
    IkeSa,
    Interface,
    Nhs,
    OspfNeighbour,
    State,
)
from ..fleet.intent import Device, Membership, Peer
from .fib import Fib


@dataclass(slots=True)
class Sight:
    """All that is known of one router. ``earlier`` is an older state of it, to see what moves.

    ``others`` are all routers that were looked at together, by name, this one among them, and ``toward``
    those whose LANs it has to reach. Both are empty where a router is judged alone.
    """

    device: Device
    state: State
    probes: list[Probe] = field(default_factory=list)
    earlier: State | None = None
    others: dict[str, Sight] = field(default_factory=dict, repr=False)
    toward: tuple[str, ...] = ()
    fib: Fib = field(init=False)

    # A hub looks up thousands of peers: once through each list, not once per peer.
    _sas: dict[str, list[IkeSa]] = field(init=False)
    _bgp: dict[str, BgpNeighbour] = field(init=False)
    _ospf: dict[str | None, OspfNeighbour] = field(init=False)
    _eigrp: dict[str, EigrpNeighbour] = field(init=False)
    _bfd: dict[str, list[BfdPeer]] = field(init=False)
    _bindings: dict[str | None, list[Binding]] = field(init=False)
    _addresses: dict[str, set[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.fib = Fib(self.state.routes or [])
        self._sas = sas_by_name(self.state)
        self._bgp = {neighbour.address: neighbour for neighbour in self.state.bgp or []}
        self._ospf = {neighbour.address: neighbour for neighbour in self.state.ospf or []}
        self._eigrp = {neighbour.address: neighbour for neighbour in self.state.eigrp or []}
        self._bfd, self._bindings = {}, {}
        for session in self.state.bfd or []:
            self._bfd.setdefault(session.address, []).append(session)
        for binding in (self.state.nhrp.cache if self.state.nhrp else None) or []:
            self._bindings.setdefault(binding.overlay, []).append(binding)
        self._addresses = {}
        for member in self.device.memberships:
            for peer in (*member.hubs, *member.spokes):
                if address := self.nbma(peer):
                    self._addresses.setdefault(peer.name, set()).add(address)

    def tunnel(self, member: Membership) -> Interface | None:
        return self.interface(member.interface)

    def interface(self, name: str) -> Interface | None:
        return next((i for i in self.state.interfaces or [] if i.name == name), None)

    @property
    def tunnels(self) -> set[str]:
        return {member.interface for member in self.device.memberships}

    def bgp(self, peer: Peer) -> BgpNeighbour | None:
        return self._bgp.get(str(peer.overlay))

    def ospf(self, peer: Peer) -> OspfNeighbour | None:
        return self._ospf.get(str(peer.overlay))

    def eigrp(self, peer: Peer) -> EigrpNeighbour | None:
        return self._eigrp.get(str(peer.overlay))

    def bfd(self, peer: Peer) -> list[BfdPeer]:
        """The sessions with the peer: there may be a single-hop and a multihop one."""
        return self._bfd.get(str(peer.overlay), [])

    def bindings(self, peer: Peer) -> list[Binding]:
        """What the NHRP cache holds for the peer's overlay address."""
        return self._bindings.get(str(peer.overlay), [])

    def server(self, member: Membership, peer: Peer) -> Nhs | None:
        """The peer as a next hop server of this router."""
        servers = (self.state.nhrp.nhs if self.state.nhrp else None) or []
        ours = (server for server in servers if server.interface in (None, member.interface))
        return next((server for server in ours if server.overlay == str(peer.overlay)), None)

    def served(self, hub: Peer) -> bool:
        """Whether a hub is configured as a next hop server; while it is silent, FRR tells its NBMA only."""
        servers = (self.state.nhrp.nhs if self.state.nhrp else None) or []
        return any(s.overlay == str(hub.overlay) or s.nbma == str(hub.nbma) for s in servers)

    def routed(self, member: Membership, peer: Peer) -> bool:
        """Whether the routing protocol has this peer as a neighbour: then packets cross both ways."""
        if member.cloud.routing.protocol == "ospf":
            adjacent = self.ospf(peer)
            return adjacent is not None and (adjacent.state or "").startswith("Full")
        if member.cloud.routing.protocol == "eigrp":
            return self.eigrp(peer) is not None
        neighbour = self.bgp(peer)
        return neighbour is not None and neighbour.state == "Established"

    def nbma(self, peer: Peer) -> str | None:
        """The address that packets for this peer are sent to: as intended, or as NHRP learned it."""
        if peer.nbma is not None:
            return str(peer.nbma)
        return next((entry.nbma for entry in self.bindings(peer) if entry.kind != "local"), None)

    def sas(self, peer: Peer, state: State | None = None) -> list[IkeSa]:
        """IKE SAs with this peer, by address or identity; in another state of the router if one is given.

        One with the same router at its address on another transport is another peer's, so to speak.
        """
        held = sas_by_name(state) if state else self._sas
        here = self.nbma(peer)
        elsewhere = self._addresses.get(peer.name, set()) - {here}
        found = {id(sa): sa for name in (here, peer.name) if name for sa in held.get(name, [])}
        return [sa for sa in found.values() if sa.remote not in elsewhere]

    def children(self, peer: Peer, state: State | None = None) -> list[ChildSa]:
        """Standing ESP SAs with this peer, those that are being rekeyed included."""
        return [child for sa in self.sas(peer, state) for child in sa.children if child.standing]

    def there(self, peer: Peer | None) -> Sight | None:
        """The other end's view, if it is known."""
        return self.others.get(peer.name) if peer else None

    def as_peer(self, of: Sight) -> Peer | None:
        """This router as another one knows it."""
        peers = (peer for member in of.device.memberships for peer in (*member.hubs, *member.spokes))
        return next((peer for peer in peers if peer.name == self.device.name), None)

    def shared(self, other: Sight) -> Membership | None:
        """This router's place in the first cloud that both are in."""
        clouds = {member.cloud.name for member in other.device.memberships}
        return next((member for member in self.device.memberships if member.cloud.name in clouds), None)

    @property
    def wan_addresses(self) -> set[str]:
        """NBMA addresses that this router has now, and that it is known by."""
        wans = {transport.interface for transport in self.device.transports}
        held = {
            address.split("/")[0]
            for interface in self.state.interfaces or []
            if interface.name in wans
            for address in interface.addresses
        }
        return held | {str(t.nbma) for t in self.device.transports if t.nbma and t.nat}

    def moved(self, peer: Peer) -> tuple[int, int] | None:
        """Packets in and out over the SAs with a peer: since the earlier state if there is one."""
        received, sent = carried(self.children(peer))
        if received is None or sent is None:
            return None
        if self.earlier is not None:
            before_in, before_out = carried(self.children(peer, self.earlier))
            if None not in (before_in, before_out) and before_in <= received and before_out <= sent:  # type: ignore[operator]
                return received - before_in, sent - before_out  # type: ignore[operator]
        return received, sent

    def pinged(self, address: str | None) -> bool | None:
        """Whether a small packet to an underlay address was answered; None if none was sent."""
        probes = [probe for probe in self.probes if probe.address == address and probe.source is None]
        return any(probe.passed is not None for probe in probes) if probes else None

    def probes_to(self, address: IPv4Address | str) -> list[Probe]:
        return [probe for probe in self.probes if probe.address == str(address)]

    def answers(self, peer: Peer) -> bool | None:
        """Whether the peer answered a probe to its overlay address; None if none was sent."""
        probes = self.probes_to(peer.overlay)
        return any(probe.passed is not None for probe in probes) if probes else None


def carried(children: list[ChildSa]) -> tuple[int | None, int | None]:
    """Packets in and out over all children, since a new one after a rekey starts at nought."""
    sums = []
    for values in ([c.packets_in for c in children], [c.packets_out for c in children]):
        sums.append(None if None in values else sum(value or 0 for value in values))
    return sums[0], sums[1]


def sas_by_name(state: State) -> dict[str, list[IkeSa]]:
    """IKE SAs by the peer's NBMA address and by its name (the certificate's CN, or NAME.CLOUD.mgre-dmvpn)."""
    found: dict[str, list[IkeSa]] = {}
    for sa in state.sas or []:
        identity = sa.remote_identity or ""
        common = next((p.strip()[3:] for p in identity.split(",") if p.strip().startswith("CN=")), None)
        for name in {sa.remote, common or re.sub(r"\.[^.]+\.mgre-dmvpn$", "", identity)} - {None, ""}:
            found.setdefault(str(name), []).append(sa)
    return found
