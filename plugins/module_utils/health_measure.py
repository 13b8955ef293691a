# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A state as metrics: what is watched between looks, and the values of one look.

What is not known gives no value; ``section_unreadable`` tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from .health_memory import Memory, Watched
from .health_metrics import Sample, sample
from .health_plan import CloudPlan, HealthPlan, Server
from .state import BfdPeer, Binding, IkeSa, State

STANDING = ("ESTABLISHED", "REKEYING", "REKEYED", "READY")


@dataclass(frozen=True, slots=True)
class Ping:
    """Pings to an overlay address: the lost share, 0 to 1, and the median time in seconds."""

    address: str
    loss: float | None
    rtt: float | None


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that one look at a router found. ``xfrm`` are the kernel's IPsec errors by reason.

    ``time`` is the router's clock where ages are its own, so that the way to it moves none of them.
    """

    plan: HealthPlan
    state: State
    pings: Sequence[Ping]
    xfrm: Mapping[str, int] | None
    time: float
    duration: float

    def ping(self, server: Server) -> Ping | None:
        return next((ping for ping in self.pings if ping.address == server.overlay), None)

    def sas(self, server: Server) -> list[IkeSa]:
        """IKE SAs that stand with a server. Clouds that share a WAN share them."""
        return [
            sa
            for sa in self.state.sas or []
            if server.nbma is not None and sa.remote == server.nbma and sa.state in STANDING
        ]


def watched(look: Look) -> Iterator[Watched]:
    """What is compared from look to look, for each next hop server."""
    for cloud in look.plan.clouds:
        for server in cloud.servers:
            yield Watched("nhs", cloud.name, server.name, _registered(look, cloud, server))
            yield _sa(look, cloud, server)
            if cloud.protocol != "static":
                up, since = _neighbour(look, cloud, server)
                yield Watched("neighbour", cloud.name, server.name, up, since)
            if sessions := [peer for peer in look.state.bfd or [] if peer.address == server.overlay]:
                yield Watched("bfd", cloud.name, server.name, _up(sessions))


def _up(sessions: list[BfdPeer]) -> bool | None:
    """Of two sessions with one peer (single hop and multihop) one that is up is enough."""
    known = [session.status == "up" for session in sessions if session.status is not None]
    return any(known) if known else None


def _dead(look: Look, daemon: str) -> bool:
    """A daemon that does not run keeps no session up."""
    return look.state.daemons is not None and look.state.daemons.get(daemon) in ("dead", "stopped")


def _entries(look: Look, cloud: CloudPlan) -> list[Binding]:
    nhrp = look.state.nhrp
    held = (nhrp.cache if nhrp else None) or []
    return [entry for entry in held if entry.interface in (None, cloud.interface)]


def _registered(look: Look, cloud: CloudPlan, server: Server) -> bool | None:
    nhrp = look.state.nhrp
    if nhrp is None or nhrp.cache is None:
        return False if _dead(look, "nhrpd") else None
    told = [nhs.responding for nhs in nhrp.nhs or [] if nhs.overlay == server.overlay]
    if told and told[0] is not None:
        return told[0]
    kinds = {entry.kind for entry in _entries(look, cloud) if entry.overlay == server.overlay}
    # A hub that registered here is reached by that entry, which then stands in the place of ours.
    return bool(kinds & {"nhs", "dynamic"}) or (
        "static" in kinds and _neighbour(look, cloud, server)[0] is True
    )


def _sa(look: Look, cloud: CloudPlan, server: Server) -> Watched:
    if look.state.sas is None or server.nbma is None:
        return Watched("sa", cloud.name, server.name, None)
    sas = look.sas(server)
    children = [child for sa in sas for child in sa.children if child.state == "INSTALLED"]
    established = tuple(look.time - sa.established for sa in sas if sa.established is not None)
    spis = tuple(sorted(child.spi_in for child in children if child.spi_in))
    since = min(established) if established else None
    return Watched("sa", cloud.name, server.name, bool(children), since, established, spis)


def _neighbour(look: Look, cloud: CloudPlan, server: Server) -> tuple[bool | None, float | None]:
    """Whether the routing session stands, and since when if the daemon tells."""
    state = look.state
    if cloud.protocol == "bgp" and state.bgp is not None:
        bgp = next((peer for peer in state.bgp if peer.address == server.overlay), None)
        up = bgp is not None and bgp.state == "Established"
        return up, look.time - bgp.uptime if bgp and up and bgp.uptime is not None else None
    if cloud.protocol == "eigrp" and state.eigrp is not None:
        eigrp = next((peer for peer in state.eigrp if peer.address == server.overlay), None)
        return eigrp is not None, look.time - eigrp.uptime if eigrp and eigrp.uptime is not None else None
    if cloud.protocol == "ospf" and state.ospf is not None:
        ospf = [peer.state or "" for peer in state.ospf if peer.address == server.overlay]
        return any(said.startswith("Full") for said in ospf), None
    return (False if _dead(look, f"{cloud.protocol}d") else None), None


def measure(look: Look, memory: Memory) -> list[Sample]:
    """The metrics of a look; ``memory`` is that after it."""
    return [*_router(look), *_services(look), *_guard(look), *_clouds(look), *_servers(look, memory)]


def _router(look: Look) -> Iterator[Sample]:
    site, state = look.plan.site, look.state
    yield sample("up", 1, site=site)
    yield sample("look_timestamp_seconds", look.time, site=site)
    yield sample("look_interval_seconds", look.plan.interval, site=site)
    yield sample("look_duration_seconds", look.duration, site=site)
    for section in sorted(state.unreadable.keys() - _unused(look.plan)):
        yield sample("section_unreadable", 1, site=site, section=section)
    if state.host.uptime is not None:
        yield sample("uptime_seconds", state.host.uptime, site=site)
    for certificate in state.certificates or []:
        if certificate.not_after is not None:
            name = (
                f"{certificate.path} (CA)" if look.plan.platform == "ios" and certificate.authority else None
            )
            yield sample(
                "certificate_not_after_timestamp_seconds",
                certificate.not_after,
                site=site,
                certificate=name or certificate.path,
            )
    for reason, count in sorted((look.xfrm or {}).items()):
        yield sample("xfrm_errors_total", count, site=site, reason=reason)
    if state.sas is not None:
        children = sum(child.state == "INSTALLED" for sa in state.sas for child in sa.children)
        yield sample("sas", sum(sa.state in STANDING for sa in state.sas), site=site, kind="ike")
        yield sample("sas", children, site=site, kind="esp")


def _unused(plan: HealthPlan) -> set[str]:
    """Sections that nothing of this router's clouds is told by."""
    unused = {"bgp", "ospf", "eigrp"} - {cloud.protocol for cloud in plan.clouds}
    return unused | {"bfd"} if plan.daemons and "bfdd" not in plan.daemons else unused


def _services(look: Look) -> Iterator[Sample]:
    site, state = look.plan.site, look.state
    running = state.daemons
    for daemon in look.plan.daemons if running is not None else ():
        yield sample("daemon_running", (running or {}).get(daemon) == "running", site=site, daemon=daemon)
    for unit, service in (state.services or {}).items():
        if service.active is not None:
            yield sample("service_active", service.active == "active", site=site, unit=unit)
        if service.restarts is not None:
            yield sample("service_restarts_total", service.restarts, site=site, unit=unit)


def _guard(look: Look) -> Iterator[Sample]:
    site, guard = look.plan.site, look.state.guard
    if guard is not None:
        yield sample("guard_present", guard.present, site=site)
        dropped: dict[tuple[str, str], int] = {}
        for drop in guard.drops:
            if drop.packets is not None:
                dropped[drop.hook, drop.what] = dropped.get((drop.hook, drop.what), 0) + drop.packets
        for (hook, what), packets in sorted(dropped.items()):
            yield sample("guard_dropped_packets_total", packets, site=site, hook=hook, what=what)
    wanted = {*look.plan.wans, *(cloud.interface for cloud in look.plan.clouds)}
    for interface in look.state.interfaces or []:
        if interface.name not in wanted:
            continue
        if interface.up is not None:
            yield sample("interface_up", interface.up, site=site, interface=interface.name)
        if interface.errors is not None:
            yield sample("interface_errors_total", interface.errors, site=site, interface=interface.name)
        for direction, count in (("in", interface.bytes_in), ("out", interface.bytes_out)):
            if count is not None:
                yield sample(
                    "interface_bytes_total", count, site=site, interface=interface.name, direction=direction
                )


def _clouds(look: Look) -> Iterator[Sample]:
    site, state = look.plan.site, look.state
    for cloud in look.plan.clouds:
        labels = {"site": site, "cloud": cloud.name}
        yield sample("ike_sa_lifetime_seconds", cloud.ike_lifetime, **labels)
        yield sample("esp_sa_lifetime_seconds", cloud.esp_lifetime, **labels)
        prefix = IPv4Network(cloud.prefix)
        if state.nhrp is not None and state.nhrp.cache is not None and cloud.role == "hub":
            spokes = {entry.overlay for entry in _entries(look, cloud) if entry.kind == "dynamic"}
            hubs = {server.overlay for server in cloud.servers}
            yield sample("spokes_registered", len(spokes - hubs), **labels)
        if state.nhrp is not None and state.nhrp.shortcuts is not None:
            ways = [shortcut.via for shortcut in state.nhrp.shortcuts if shortcut.via]
            yield sample("shortcuts", sum(IPv4Address(via) in prefix for via in ways), **labels)
        up = _sessions(state, cloud.protocol)
        if up is not None:
            standing = sum(IPv4Address(address) in prefix for address in up)
            yield sample("neighbours_up", standing, **labels, protocol=cloud.protocol)


def _sessions(state: State, protocol: str) -> list[str] | None:
    """Addresses of the neighbours whose session stands; None if that is not known."""
    if protocol == "bgp" and state.bgp is not None:
        return [p.address for p in state.bgp if p.state == "Established" and ":" not in p.address]
    if protocol == "ospf" and state.ospf is not None:
        return [p.address for p in state.ospf if p.address and (p.state or "").startswith("Full")]
    if protocol == "eigrp" and state.eigrp is not None:
        return [p.address for p in state.eigrp]
    return None


def _servers(look: Look, memory: Memory) -> Iterator[Sample]:
    for item in watched(look):
        held, labels = memory.get(item.key), {"site": look.plan.site, "cloud": item.cloud, "peer": item.peer}
        if item.kind == "neighbour":
            labels["protocol"] = {c.name: c.protocol for c in look.plan.clouds}[item.cloud]
        if item.up is not None:
            name = {"nhs": "nhs_registered", "sa": "sa_installed"}.get(item.kind, f"{item.kind}_up")
            yield sample(name, item.up, **labels)
        if held is not None:
            if item.kind != "bfd":
                yield sample(f"{item.kind}_change_timestamp_seconds", held.changed, **labels)
            yield sample(f"{item.kind}_flaps_total", held.flaps, **labels)
            if item.kind == "sa":
                yield sample("ike_rekeys_total", held.ike_rekeys, **labels)
                yield sample("esp_rekeys_total", held.esp_rekeys, **labels)
    for cloud in look.plan.clouds:
        for server in cloud.servers:
            yield from _server(
                look, server, {"site": look.plan.site, "cloud": cloud.name, "peer": server.name}
            )


def _server(look: Look, server: Server, labels: dict[str, str]) -> Iterator[Sample]:
    ping, sas = look.ping(server), look.sas(server)
    if ping is not None and ping.loss is not None:
        yield sample("nhs_loss_ratio", ping.loss, **labels)
        if ping.rtt is not None:
            yield sample("nhs_rtt_seconds", ping.rtt, **labels)
    established = [sa.established for sa in sas if sa.established is not None]
    installed = [
        c.installed for sa in sas for c in sa.children if c.state == "INSTALLED" and c.installed is not None
    ]
    if established:
        yield sample("ike_sa_age_seconds", min(established), **labels)
    if installed:
        yield sample("esp_sa_age_seconds", min(installed), **labels)
