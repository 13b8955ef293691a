# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of site numbers, overlay and NBMA addresses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from ...findings import Finding
from ..declared import Declared
from ..derive import behind_nat, nbma
from ..models import TransportInput
from .prefixes import PrefixSet


def sites_differ(declared: Declared) -> Iterator[Finding]:
    """A site number is there once in a cloud."""
    for name, members in declared.members.items():
        owner: dict[int, str] = {}
        for member in members:
            number = member.site.vars.dmvpn_site
            if number is None:
                continue
            other = owner.setdefault(number, member.site.name)
            if other != member.site.name:
                problem = f"{number} is also the site number of {other} in cloud {name!r}"
                yield Finding(
                    member.site.name, "dmvpn_site", problem, "write a number that no other site has"
                )


def overlays_differ(declared: Declared) -> Iterator[Finding]:
    """A tunnel address is there once; equal site numbers are reported as such."""
    for name, members in declared.members.items():
        owner: dict[IPv4Address, str] = {}
        # The address that follows from a site number is the rightful one.
        for member in sorted(members, key=lambda m: name in m.site.vars.dmvpn_overlay):
            if member.overlay is None:
                continue
            other = owner.setdefault(member.overlay, member.site.name)
            if other != member.site.name and name in member.site.vars.dmvpn_overlay:
                problem = f"{member.overlay} is also the tunnel address of {other}"
                remedy = "write an address that no other site has"
                yield Finding(member.site.name, f"dmvpn_overlay.{name}", problem, remedy)


def nbmas_differ(declared: Declared) -> Iterator[Finding]:
    """NHRP and IPsec tell peers apart by what is seen of them on a transport."""
    owner: dict[tuple[str, IPv4Address], tuple[str, TransportInput]] = {}
    for site in declared.sites.values():
        for name, transport in site.vars.dmvpn_transports.items():
            address = nbma(transport)
            if address is None:
                continue
            other, others = owner.setdefault((name, address), (site.name, transport))
            if other == site.name:
                continue
            shared = behind_nat(transport) and behind_nat(others)
            key = "address" if transport.public_address is None else "public_address"
            problem = f"{address} is also the NBMA address of {other}" + (
                ": NHRP cannot tell two sites behind one NAT address apart" if shared else ""
            )
            remedy = "write the site's own address" if not shared else "get a public address for each site"
            yield Finding(site.name, f"dmvpn_transports.{name}.{key}", problem, remedy)


def nbmas_outside_sites(declared: Declared) -> Iterator[Finding]:
    """A WAN address inside what the tunnels carry would be routed into the tunnel that needs it."""
    inside: dict[str, tuple[PrefixSet, PrefixSet]] = {}
    for name, cloud in declared.clouds.items():
        summaries = cloud.routing.summaries if declared.sound(cloud, "routing") else []
        inside[name] = (PrefixSet([cloud.prefix]), PrefixSet(summaries))
    for host, members in declared.memberships().items():
        for name, transport in members[0].site.vars.dmvpn_transports.items():
            for key, address in (
                ("address", transport.address),
                ("public_address", transport.public_address),
            ):
                if address is None:
                    continue
                for member in members:
                    overlay, summaries_ = inside[member.cloud.name]
                    found = overlay.holding_address(address) or summaries_.holding_address(address)
                    if found is None:
                        continue
                    what = "prefix" if found == member.cloud.prefix else "summary"
                    problem = (
                        f"{address} is inside the {what} {found} of cloud {member.cloud.name!r}, "
                        "so the router would look for its peers inside the tunnel"
                    )
                    remedy = f"write a {what} that leaves the WAN addresses out"
                    yield Finding(host, f"dmvpn_transports.{name}.{key}", problem, remedy)
                    break


def allowed_gre_is_foreign(declared: Declared) -> Iterator[Finding]:
    """GRE in the clear is let through only to routers outside of the fleet."""
    peers: dict[IPv4Address, str] = {}
    for site in declared.sites.values():
        for transport in site.vars.dmvpn_transports.values():
            address = nbma(transport)
            if address is not None:
                peers.setdefault(address, site.name)
    for site in declared.sites.values():
        for name, transport in site.vars.dmvpn_transports.items():
            for address in transport.allow_gre:
                if address in peers:
                    subject = f"dmvpn_transports.{name}.allow_gre"
                    problem = f"{address} is {peers[address]}: its packets would go out unencrypted"
                    yield Finding(site.name, subject, problem, "name only routers outside of this inventory")
