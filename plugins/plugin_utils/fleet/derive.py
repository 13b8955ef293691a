# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From validated variables to the resolved fleet. Takes what the checks found to be right."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TypeVar

from .cloud_models import CloudInput
from .declared import Declared, Member, Site
from .intent import (
    Bfd,
    Cloud,
    Device,
    Fleet,
    Ipsec,
    Membership,
    Peer,
    Routing,
    Transport,
)
from .models import TransportInput
from .pace import Pace
from .paced import neighbour_timers, pace_of, said
from .suites import DEFAULT_MTU, IPV4_TCP, SUITES, largest_inner

T = TypeVar("T")

DEFAULT_PATH_MTU = 1500  # of a WAN that carries no cloud


def derive(declared: Declared) -> Fleet:
    """The fleet; raises nothing, provided that reading and checking gave no finding."""
    peers = {
        name: {member.site.name: derive_peer(member) for member in members}
        for name, members in declared.members.items()
    }
    hubs = {name: tuple(peers[name][hub] for hub in cloud.hubs) for name, cloud in declared.clouds.items()}
    clouds = {
        name: derive_cloud(
            cloud,
            pace_of(declared, cloud),
            any(name in m.site.vars.dmvpn_nhrp_secrets for m in declared.members[name]),
            hubs[name][0].overlay,
        )
        for name, cloud in declared.clouds.items()
    }
    spokes = {
        name: tuple(peer for peer in held.values() if peer.role == "spoke") for name, held in peers.items()
    }
    memberships = declared.memberships()
    devices = {}
    for site in declared.sites.values():
        held = memberships.get(site.name)
        if held:
            devices[site.name] = derive_device(site, held, clouds, hubs, spokes)
    return Fleet(clouds, devices)


def known(value: T | None) -> T:
    """What is None only where a finding says so."""
    if value is None:
        raise ValueError("an inventory with findings has no fleet")
    return value


def tunnel_mtu(cloud: CloudInput) -> int:
    """Bytes; with NAT-T always, because a site that moves behind NAT must not change the others."""
    if cloud.mtu is not None:
        return cloud.mtu
    return min(DEFAULT_MTU, largest_inner(cloud.ipsec.suite, cloud.path_mtu, nat_t=True))


def derive_cloud(cloud: CloudInput, pace: Pace, nhrp_authenticated: bool, first_hub: IPv4Address) -> Cloud:
    routing, ipsec = cloud.routing, cloud.ipsec
    keepalive, holdtime = neighbour_timers(cloud, pace)
    mtu = tunnel_mtu(cloud)
    return Cloud(
        name=cloud.name,
        number=cloud.number,
        prefix=cloud.prefix,
        key=cloud.key or cloud.number,
        network_id=cloud.network_id or cloud.number,
        phase=cloud.phase,
        transport=cloud.transport,
        nhrp_holdtime=said(cloud, "nhrp_holdtime", pace.nhrp_holdtime),
        nhrp_authenticated=nhrp_authenticated,
        path_mtu=cloud.path_mtu,
        mtu=mtu,
        mss=cloud.mss or mtu - IPV4_TCP,
        routing=Routing(
            protocol=routing.protocol,
            asn=routing.asn,
            spoke_asn=routing.spoke_asn or routing.asn,
            keepalive=keepalive,
            holdtime=holdtime,
            area=routing.area,
            bfd=Bfd(
                said(routing.bfd, "interval", pace.bfd_interval),
                said(routing.bfd, "multiplier", pace.bfd_multiplier),
            )
            if routing.bfd
            else None,
            summaries=tuple(routing.summaries),
        ),
        ipsec=Ipsec(
            auth=ipsec.auth,
            suite=SUITES[ipsec.suite],
            ike_lifetime=ipsec.ike_lifetime,
            esp_lifetime=ipsec.esp_lifetime,
            dpd=said(ipsec, "dpd", pace.dpd),
            remote_id=ipsec.remote_id,
            check_identity=ipsec.check_identity,
            retransmit=pace.retransmit,
        ),
        multicast_groups=tuple(cloud.multicast_groups),
        rendezvous=first_hub if cloud.multicast_groups else None,
    )


def nbma(transport: TransportInput) -> IPv4Address | None:
    """What peers see: None where only the NAT or the provider knows it."""
    if transport.public_address is not None:
        return transport.public_address
    return None if transport.nat else transport.address


def behind_nat(transport: TransportInput) -> bool:
    return transport.nat or transport.public_address is not None


def derive_peer(member: Member) -> Peer:
    site, transport = member.site, known(member.transport)
    return Peer(
        name=site.name,
        role=member.role,
        site=known(site.vars.dmvpn_site),
        frr_version=site.vars.dmvpn_frr_version,
        overlay=known(member.overlay),
        nbma=nbma(transport),
        nat=behind_nat(transport),
        lans=tuple(site.vars.dmvpn_lans),
        platform=site.vars.dmvpn_platform,
        ios_version=site.vars.dmvpn_ios_version,
    )


def derive_transport(name: str, transport: TransportInput, members: list[Member]) -> Transport:
    carried = [m.cloud.path_mtu for m in members if m.cloud.transport == name]
    return Transport(
        name=name,
        interface=transport.interface,
        address=transport.address,
        nat=behind_nat(transport),
        nbma=nbma(transport),
        path_mtu=transport.path_mtu or min(carried, default=DEFAULT_PATH_MTU),
        allow_gre=tuple(transport.allow_gre),
        vrf=transport.vrf,
    )


def preferred(hubs: tuple[Peer, ...], member: Member, site: int) -> tuple[Peer, ...]:
    """The other hubs; with ``balance`` a spoke starts elsewhere in the ring, the same place every time."""
    if member.role == "hub":
        return tuple(hub for hub in hubs if hub.name != member.site.name)
    start = site % len(hubs) if member.cloud.balance else 0
    return hubs[start:] + hubs[:start]


def derive_device(
    site: Site,
    members: list[Member],
    clouds: dict[str, Cloud],
    hubs: dict[str, tuple[Peer, ...]],
    spokes: dict[str, tuple[Peer, ...]],
) -> Device:
    number = known(site.vars.dmvpn_site)
    transports = {
        name: derive_transport(name, transport, members)
        for name, transport in site.vars.dmvpn_transports.items()
    }
    memberships = []
    for member in members:
        cloud = clouds[member.cloud.name]
        memberships.append(
            Membership(
                cloud=cloud,
                role=member.role,
                overlay=known(member.overlay),
                transport=transports[cloud.transport],
                # Also behind NAT: the event daemon lets a shortcut in only where an SA stands.
                shortcut=cloud.phase == 3,
                hubs=preferred(hubs[cloud.name], member, number),
                spokes=spokes[cloud.name] if member.role == "hub" else (),
                platform=site.vars.dmvpn_platform,
            )
        )
    return Device(
        name=site.name,
        platform=site.vars.dmvpn_platform,
        site=number,
        frr_version=site.vars.dmvpn_frr_version,
        firewall=site.vars.dmvpn_firewall,
        lans=tuple(site.vars.dmvpn_lans),
        transports=tuple(transports.values()),
        memberships=tuple(memberships),
        ios_version=site.vars.dmvpn_ios_version,
        trustpoint=site.vars.dmvpn_ios_trustpoint,
        ios_key=site.vars.dmvpn_ios_key,
        multicast_interfaces=tuple(site.vars.dmvpn_multicast_interfaces),
        drained=site.vars.dmvpn_drained,
    )
