# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of one router at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...findings import Finding
from ..declared import Declared, Site
from ..derive import nbma
from ..nearest import nearest, or_one_of

OLDEST_FRR = (8, 4)
BAD_FRR = {
    (10, 0): "loses shortcuts to /32 prefixes",
    (10, 1): "loses shortcuts to /32 prefixes",
}


def hubs_are_reachable(declared: Declared) -> Iterator[Finding]:
    """Spokes have to know a hub's NBMA address."""
    told: set[tuple[str, str]] = set()
    for members in declared.members.values():
        for member in members:
            name, transport = member.cloud.transport, member.transport
            if (
                member.role != "hub"
                or transport is None
                or nbma(transport)
                or (member.site.name, name) in told
            ):
                continue
            told.add((member.site.name, name))
            subject = f"dmvpn_transports.{name}.public_address"
            if transport.nat:
                problem = "is missing: this hub is behind NAT"
                remedy = "write the address that the NAT forwards to it"
            else:
                problem = "is missing: this hub gets its address by DHCP, so spokes cannot know it"
                remedy = "write the router's fixed address as address, or here what peers always see of it"
            yield Finding(member.site.name, subject, problem, remedy)


def wans_differ(declared: Declared) -> Iterator[Finding]:
    """An interface or an address of one router belongs to one transport."""
    for site in declared.sites.values():
        if len(site.vars.dmvpn_transports) < 2:
            continue
        for key in ("interface", "address"):
            owner: dict[object, str] = {}
            for name, transport in site.vars.dmvpn_transports.items():
                value = getattr(transport, key)
                other = owner.setdefault(value, name)
                if other != name and value is not None:
                    problem = f"{value} is also that of {other!r}"
                    remedy = f"give each transport its own {key}"
                    yield Finding(site.name, f"dmvpn_transports.{name}.{key}", problem, remedy)


def names_are_clouds(declared: Declared) -> Iterator[Finding]:
    """``dmvpn_overlay`` and the secrets name clouds; a misspelt name would silently do nothing."""
    known = {*declared.clouds, *declared.lost}
    if not known:
        return
    members = {name: {member.site.name for member in held} for name, held in declared.members.items()}
    for site in declared.sites.values():
        for variable, held in named_clouds(site):
            for cloud in held:
                if cloud not in known:
                    remedy = or_one_of(nearest(cloud, known), known)
                    yield Finding(site.name, f"{variable}.{cloud}", "no cloud has this name", remedy)
                elif variable == "dmvpn_overlay" and site.name not in members.get(cloud, {site.name}):
                    problem = "this host is not in the cloud"
                    yield Finding(site.name, f"{variable}.{cloud}", problem, "remove it, or make it a member")


def named_clouds(site: Site) -> tuple[tuple[str, Mapping[str, object]], ...]:
    return (
        ("dmvpn_overlay", site.vars.dmvpn_overlay),
        ("dmvpn_psks", site.vars.dmvpn_psks),
        ("dmvpn_nhrp_secrets", site.vars.dmvpn_nhrp_secrets),
    )


def drained_is_a_hub_beside_others(declared: Declared) -> Iterator[Finding]:
    """BGP tells spokes that a hub is drained (RFC 8326); there has to be another one that takes its part."""
    for host, members in declared.memberships().items():
        site = members[0].site
        if not site.vars.dmvpn_drained:
            continue
        problem = remedy = None
        hub_of = [member.cloud for member in members if member.role == "hub"]
        if site.vars.dmvpn_platform == "ios":
            problem = "a Cisco hub cannot be drained from here"
            remedy = "remove it; on the router: bgp graceful-shutdown all neighbors"
        elif not hub_of:
            problem, remedy = "this router is no hub", "remove it; a spoke has nothing to hand over"
        for cloud in hub_of:
            others = [
                member.site
                for member in declared.members[cloud.name]
                if member.role == "hub" and member.site.name != host and not member.site.vars.dmvpn_drained
            ]
            if not others:
                problem = f"no other hub of cloud {cloud.name} is left to carry its packets"
                remedy = "drain one hub at a time, or add one to hubs"
            elif declared.sound(cloud, "routing") and cloud.routing.protocol != "bgp":
                routed = cloud.routing.protocol
                problem = f"cloud {cloud.name} is routed by {routed}, only BGP can drain a hub"
                remedy = "remove it"
        if problem and remedy:
            yield Finding(host, "dmvpn_drained", problem, remedy)


def frr_is_usable(declared: Declared) -> Iterator[Finding]:
    """FRR is 8.4 or newer, and none of the releases that are known to be bad."""
    for host, members in declared.memberships().items():
        if members[0].site.vars.dmvpn_platform != "linux":
            continue
        version = members[0].site.vars.dmvpn_frr_version
        said = f"{version[0]}.{version[1]}"
        if version < OLDEST_FRR:
            problem = f"{said} is too old: its nhrpd lacks what the tunnels need"
            yield Finding(
                host, "dmvpn_frr_version", problem, 'install FRR 8.4 or newer and write, say, "10.3"'
            )
        elif version in BAD_FRR:
            problem = f"nhrpd of {said} {BAD_FRR[version]}"
            yield Finding(
                host, "dmvpn_frr_version", problem, 'install FRR 10.2 or newer and write, say, "10.3"'
            )


def one_as_number(declared: Declared) -> Iterator[Finding]:
    """FRR has one AS number per VRF, IOS one per router, and all tunnels are in one."""
    for host, members in declared.memberships().items():
        held: dict[int, str] = {}
        for member in members:
            rules = member.cloud.routing
            if rules.protocol == "bgp" and declared.sound(member.cloud, "routing"):
                hub_asn, spoke_asn = rules.asn, rules.spoke_asn or rules.asn
                held.setdefault(hub_asn if member.role == "hub" else spoke_asn, member.cloud.name)
        if len(held) > 1:
            said = ", ".join(f"{asn} in {cloud!r}" for asn, cloud in held.items())
            problem = f"this router would need more than one AS number: {said}"
            remedy = "write asn and spoke_asn so that it has the same in all of its BGP clouds"
            yield Finding(host, "dmvpn_clouds", problem, remedy)
