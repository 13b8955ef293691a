# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of packet sizes; the arithmetic is in ``suites``."""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding
from ..cloud_models import CloudInput
from ..declared import CLOUDS, FLEET, Declared
from ..derive import tunnel_mtu
from ..suites import IPV4_TCP, MIN_MTU, largest_inner, path_needed

SIZED = ("path_mtu", "mtu", "mss", "ipsec")


def mtu_fits_path(declared: Declared) -> Iterator[Finding]:
    """A packet of the cloud's MTU crosses in one piece, encrypted and with NAT-T."""
    for name, cloud in declared.clouds.items():
        if not declared.sound(cloud, *SIZED):
            continue
        suite = cloud.ipsec.suite
        fits = largest_inner(suite, cloud.path_mtu, nat_t=True)
        if fits < MIN_MTU:
            problem = f"{cloud.path_mtu} leaves {fits} bytes with {suite} and NAT-T, IPv4 needs {MIN_MTU}"
            remedy = f"write {path_needed(suite, MIN_MTU)} or more"
            yield Finding(FLEET, f"{CLOUDS}[{name}].path_mtu", problem, remedy)
        elif cloud.mtu is not None and cloud.mtu > fits:
            problem = f"{cloud.mtu} does not fit into path_mtu {cloud.path_mtu} with {suite} and NAT-T"
            path = path_needed(suite, cloud.mtu)
            remedy = f"write {fits} or less, or path_mtu: {path} if all providers carry it"
            yield Finding(FLEET, f"{CLOUDS}[{name}].mtu", problem, remedy)


def mss_fits_mtu(declared: Declared) -> Iterator[Finding]:
    """MSS is MTU - 40 at most."""
    for name, cloud in declared.clouds.items():
        most = tunnel_mtu(cloud) - IPV4_TCP
        if declared.sound(cloud, *SIZED) and cloud.mss is not None and cloud.mss > most:
            problem = f"{cloud.mss} is more than the MTU of {most + IPV4_TCP} allows"
            yield Finding(FLEET, f"{CLOUDS}[{name}].mss", problem, f"write {most} or less")


def sites_carry_mtu(declared: Declared) -> Iterator[Finding]:
    """A site with a smaller path is refused: a smaller cloud MTU would change all others."""
    for name, members in declared.members.items():
        cloud = declared.clouds[name]
        if not declared.sound(cloud, *SIZED):
            continue
        needed = path_needed(cloud.ipsec.suite, tunnel_mtu(cloud))
        for member in members:
            path = member.transport.path_mtu if member.transport else None
            if path is not None and path < needed and needed <= cloud.path_mtu:
                subject = f"dmvpn_transports.{cloud.transport}.path_mtu"
                problem = f"{path} is too small: packets of cloud {name!r} need {needed}"
                yield Finding(member.site.name, subject, problem, remedy_for(cloud, path))


def remedy_for(cloud: CloudInput, path: int) -> str:
    fits = largest_inner(cloud.ipsec.suite, path, nat_t=True)
    if fits < MIN_MTU:
        return f"write {path_needed(cloud.ipsec.suite, MIN_MTU)} or more, else no cloud fits"
    return f"give the cloud mtu: {fits}, which changes all of its routers"
