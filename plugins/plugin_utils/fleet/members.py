# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is a member of which cloud, and with which address on which WAN."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from ..findings import Finding
from .cloud_models import CloudInput
from .declared import CLOUDS, FLEET, Declared, Member, Site
from .intent import Role
from .models import SiteInput, TransportInput
from .nearest import nearest, or_one_of

NOTHING = SiteInput()


def resolve_members(declared: Declared) -> Iterator[Finding]:
    """Fills ``declared.members``, hubs first in their order of preference."""
    numberless: set[str] = set()
    for cloud in declared.clouds.values():
        members: list[Member] = []
        declared.members[cloud.name] = members
        for role, site, found in named(declared, cloud):
            yield from found
            if site is None:
                continue
            member = Member(site, cloud, role, None, None)
            if site.vars.dmvpn_site is not None:
                yield from place(member, site.vars.dmvpn_site)
            elif "dmvpn_site" not in site.broken and site.name not in numberless:
                numberless.add(site.name)
                problem = f"is missing, and the host is a member of cloud {cloud.name!r}"
                yield Finding(site.name, "dmvpn_site", problem, "write the number of the site")
            yield from connect(member)
            members.append(member)
    yield from in_no_cloud(declared)


def named(declared: Declared, cloud: CloudInput) -> Iterator[tuple[Role, Site | None, list[Finding]]]:
    """The hosts that a cloud names, each once; a name that leads nowhere gives a finding."""
    where = f"{CLOUDS}[{cloud.name}]"
    hubs: dict[str, None] = {}
    for hub in cloud.hubs:
        if hub in hubs:
            remedy = "name each hub once"
            yield "hub", None, [Finding(FLEET, f"{where}.hubs", f"{hub!r} is there twice", remedy)]
            continue
        hubs[hub] = None
        if hub not in declared.hosts:
            known = tuple(declared.hosts)
            remedy = (
                or_one_of(nearest(hub, known), ()) if nearest(hub, known) else "name a host of the inventory"
            )
            yield "hub", None, [Finding(FLEET, f"{where}.hubs", f"{hub!r} is not in the inventory", remedy)]
        elif hub not in declared.sites:
            remedy = "give it dmvpn_site, dmvpn_transports and dmvpn_lans"
            yield "hub", None, [Finding(hub, f"{where}.hubs", "this hub has no dmvpn_ variables", remedy)]
        else:
            yield "hub", declared.sites[hub], []
    if cloud.spokes not in declared.groups:
        groups = [name for name in declared.groups if name not in ("all", "ungrouped")]
        problem = f"{cloud.spokes!r} is not a group of the inventory"
        remedy = or_one_of(nearest(cloud.spokes, groups), groups)
        yield "spoke", None, [Finding(FLEET, f"{where}.spokes", problem, remedy)]
        return
    spokes = declared.groups[cloud.spokes]
    if not spokes:
        problem, remedy = f"the group {cloud.spokes!r} is empty", "put at least one router into it"
        yield "spoke", None, [Finding(FLEET, f"{where}.spokes", problem, remedy)]
    for spoke in dict.fromkeys(spokes):
        if spoke in hubs:
            remedy = f"take it out of the group {cloud.spokes!r}, or out of the cloud's hubs"
            yield "spoke", None, [Finding(spoke, where, "is hub and spoke in the same cloud", remedy)]
        else:
            # A host without variables is told which ones it lacks.
            yield "spoke", declared.sites.get(spoke) or Site(spoke, NOTHING), []


def place(member: Member, number: int) -> Iterator[Finding]:
    """The member's overlay address: what ``dmvpn_overlay`` says, or host number ``dmvpn_site``."""
    site, prefix = member.site, member.cloud.prefix
    first, last = int(prefix.network_address), int(prefix.broadcast_address)
    override = site.vars.dmvpn_overlay.get(member.cloud.name)
    if override is not None:
        if first < int(override) < last:
            member.overlay = override
            return
        why = "is not a host address of" if override in prefix else "is outside of"
        subject = f"dmvpn_overlay.{member.cloud.name}"
        remedy = f"write an address from {IPv4Address(first + 1)} to {IPv4Address(last - 1)}"
        yield Finding(site.name, subject, f"{override} {why} the cloud's prefix {prefix}", remedy)
    elif number >= last - first:
        why = (
            f"gives the broadcast address of {prefix}"
            if number == last - first
            else f"has no room in {prefix}"
        )
        problem = f"{number} {why}, the prefix of cloud {member.cloud.name!r}"
        remedy = f"write a number from 1 to {last - first - 1}, or give the cloud a larger prefix"
        yield Finding(site.name, "dmvpn_site", problem, remedy)
    elif "dmvpn_overlay" not in site.broken:
        member.overlay = IPv4Address(first + number)


def connect(member: Member) -> Iterator[Finding]:
    """The WAN that carries the cloud at this site."""
    site, name = member.site, member.cloud.transport
    transport: TransportInput | None = site.vars.dmvpn_transports.get(name)
    if transport is not None:
        member.transport = transport
    elif "dmvpn_transports" not in site.broken:
        found = nearest(name, site.vars.dmvpn_transports)
        rename = f"call {found!r} {name!r}" if found else f"write {name}: {{interface: ..., address: ...}}"
        problem = f"has no {name!r}, which carries cloud {member.cloud.name!r}"
        yield Finding(site.name, "dmvpn_transports", problem, rename)


def in_no_cloud(declared: Declared) -> Iterator[Finding]:
    """A site number says that a host wants to be a member: it was forgotten in a group."""
    clouds = declared.clouds.values()
    if declared.lost or not clouds or any(cloud.spokes not in declared.groups for cloud in clouds):
        return
    members = {member.site.name for held in declared.members.values() for member in held}
    hubs = {hub for cloud in clouds for hub in cloud.hubs}
    groups = sorted({cloud.spokes for cloud in clouds})
    for site in declared.sites.values():
        if site.vars.dmvpn_site is not None and site.name not in members and site.name not in hubs:
            remedy = f"put the host into {' or '.join(map(repr, groups))}, or remove its dmvpn_site"
            yield Finding(site.name, "dmvpn_site", "is set, but the host is in no cloud", remedy)
