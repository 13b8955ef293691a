# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of the users' multicast groups."""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding
from ..declared import CLOUDS, FLEET, Declared
from ..values import LINUX_INTERFACE_MAX, shown
from .platforms import on

INTERFACES = "dmvpn_multicast_interfaces"


def multicast_is_on_linux(declared: Declared) -> Iterator[Finding]:
    """Render writes PIM for FRR only so far."""
    for name, members in declared.members.items():
        cloud = declared.clouds[name]
        if declared.sound(cloud, "multicast_groups") and cloud.multicast_groups:
            problem = "multicast of users is not possible on IOS in this release"
            remedy = "give the Cisco routers a cloud of their own, or remove it"
            for member in on(members, "ios"):
                yield Finding(member.site.name, f"{CLOUDS}[{name}].multicast_groups", problem, remedy)


def groups_differ(declared: Declared) -> Iterator[Finding]:
    """PIM has one rendezvous point for a group."""
    held = [
        (groups, name)
        for name, cloud in declared.clouds.items()
        if declared.sound(cloud, "multicast_groups")
        for groups in cloud.multicast_groups
    ]
    for number, (groups, name) in enumerate(held):
        other = next((o for o in held[:number] if o[0].overlaps(groups)), None)
        if other is not None:
            problem = f"{groups} overlaps {other[0]} of cloud {other[1]!r}"
            yield Finding(FLEET, f"{CLOUDS}[{name}].multicast_groups", problem, "write each group once")


def multicast_interfaces_are_lans(declared: Declared) -> Iterator[Finding]:
    """IGMP and PIM are for LANs: the tunnels are the cloud's, and on a WAN the provider would join in."""
    for site in declared.sites.values():
        if site.vars.dmvpn_platform != "linux" or "dmvpn_platform" in site.broken:
            continue
        transports = site.vars.dmvpn_transports
        wans = {transport.interface: name for name, transport in transports.items()}
        wans |= {transport.vrf: name for name, transport in transports.items() if transport.vrf}
        remedy = "write the LAN interface's name as `ip link` shows it"
        for given in site.vars.dmvpn_multicast_interfaces:
            if given in wans:
                problem = f"{shown(given)} is the WAN of transport {wans[given]!r}"
                yield Finding(site.name, INTERFACES, problem, remedy)
            elif len(given) > LINUX_INTERFACE_MAX or "/" in given:
                yield Finding(site.name, INTERFACES, f"{shown(given)} is no interface of Linux", remedy)
