# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of LAN prefixes."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from ...findings import Finding
from ..declared import Declared
from .prefixes import PrefixSet, span

SUBJECT = "dmvpn_lans"


def lans_do_not_overlap(declared: Declared) -> Iterator[Finding]:
    """In the whole fleet, by sorting: only neighbours can overlap."""
    members = declared.memberships()
    held: list[tuple[int, int, str, IPv4Network]] = []
    for site in declared.sites.values():
        if site.name in members or site.vars.dmvpn_site is not None:
            held += [
                (first, -last, site.name, lan) for lan in site.vars.dmvpn_lans for first, last in [span(lan)]
            ]
    held.sort(key=lambda entry: entry[:2])
    end, owner, outer = -1, "", None
    for first, negated, host, lan in held:
        if first <= end:
            whose = "another LAN of this site" if owner == host else f"a LAN of {owner}"
            how = "is also" if lan == outer else f"overlaps {outer},"
            yield Finding(
                host, SUBJECT, f"{lan} {how} {whose}", "write prefixes that only this site has, each once"
            )
        else:
            end, owner, outer = -negated, host, lan


def lans_in_summaries(declared: Declared) -> Iterator[Finding]:
    """What is outside of every summary is neither reachable nor kept from the provider."""
    for name, members in declared.members.items():
        cloud = declared.clouds[name]
        if not declared.sound(cloud, "routing") or not cloud.routing.summaries:
            continue
        summaries = PrefixSet(cloud.routing.summaries)
        for member in members:
            for lan in member.site.vars.dmvpn_lans:
                if summaries.holding(*span(lan)) is None:
                    problem = f"{lan} is in no summary of cloud {name!r}"
                    remedy = f"add a prefix that holds it to the cloud's routing.summaries, such as {lan}"
                    yield Finding(member.site.name, SUBJECT, problem, remedy)


def lans_outside_overlays(declared: Declared) -> Iterator[Finding]:
    """A LAN shares no address with the prefix of a cloud."""
    overlays = PrefixSet(cloud.prefix for cloud in declared.clouds.values())
    for site in declared.sites.values():
        for lan in site.vars.dmvpn_lans:
            found = overlays.overlapping(*span(lan))
            if found is not None:
                cloud = next((name for name, c in declared.clouds.items() if c.prefix == found), "")
                problem = f"{lan} overlaps {found}, the prefix of cloud {cloud!r}"
                yield Finding(site.name, SUBJECT, problem, "write a LAN prefix outside of all clouds")


def lans_hold_no_wan(declared: Declared) -> Iterator[Finding]:
    """A LAN is what is behind the router; its WAN addresses are not."""
    for site in declared.sites.values():
        lans = PrefixSet(site.vars.dmvpn_lans)
        for name, transport in site.vars.dmvpn_transports.items():
            found = lans.holding_address(transport.address) if transport.address else None
            if found is not None:
                problem = f"{found} holds {transport.address}, the address of this router on {name!r}"
                yield Finding(site.name, SUBJECT, problem, "write only what is behind the router")
