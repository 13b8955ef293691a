# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A device as the IOS templates see it: names and lines that take more than a look-up.

Defaults that running-config hides are left out, so that what is rendered is what the router shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network

from ..fleet.intent import Cloud, Device, Membership, Transport
from ..fleet.suites import IOS_SUITES, IosSuite
from .routing import Routing
from .static_routes import blackholes, to_peers

IOS_DPD_MIN = 10  # seconds; IOS takes 10 to 3600


@dataclass(frozen=True, slots=True)
class Protection:
    """IKEv2 and IPsec of one transport, which serve every cloud on it.

    ``proposals`` are names: IOS takes the first policy that matches, which may be another transport's.
    ``local`` is the interface that tells two transports apart, None where there is one only.
    """

    name: str
    transport: Transport
    cloud: Cloud
    suite: IosSuite
    proposals: tuple[str, ...]
    fvrf: str | None
    local: str | None
    subjects: tuple[str, ...]
    dpd: int


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel interface; ``shared``: another tunnel of this router has the same source."""

    member: Membership
    cloud: Cloud
    mask: str
    protection: str
    shared: bool
    bfd: bool
    ospf: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ospf:
    """One OSPF process for all clouds of a router, so that a regional hub passes routes on."""

    process: int
    router_id: str
    route_map: str


@dataclass(frozen=True, slots=True)
class EigrpInterface:
    """``lines`` are those of its ``af-interface``."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EigrpFamily:
    """One autonomous system; ``stub``: the router is a spoke only, so hubs need not ask it for routes."""

    asn: int
    router_id: str
    interfaces: tuple[EigrpInterface, ...]
    networks: tuple[str, ...]
    route_map: str
    stub: bool


@dataclass(frozen=True, slots=True)
class Eigrp:
    """Named mode."""

    families: tuple[EigrpFamily, ...]


def by_transport(device: Device) -> dict[str, list[Membership]]:
    carried: dict[str, list[Membership]] = {}
    for member in device.memberships:
        carried.setdefault(member.transport.name, []).append(member)
    return carried


def protections(device: Device) -> list[Protection]:
    """One per transport that carries a cloud, in the order of the inventory."""
    carried = by_transport(device)
    first = {name: members[0] for name, members in carried.items()}
    # Without a VRF anywhere "any" is right also when somebody moves the WAN into one.
    in_vrf = any(member.transport.vrf for member in first.values())
    made = []
    for name, member in first.items():
        suite = member.cloud.ipsec.suite.name
        other_suites = {
            held.cloud.ipsec.suite.name: f"MGRE-{other}" for other, held in first.items() if other != name
        }
        other_suites.pop(suite, None)
        made.append(
            Protection(
                name=f"MGRE-{name}",
                transport=member.transport,
                cloud=member.cloud,
                suite=IOS_SUITES[suite],
                proposals=(f"MGRE-{name}", *other_suites.values()),
                fvrf=member.transport.vrf or (None if in_vrf else "any"),
                local=member.transport.interface if len(first) > 1 else None,
                subjects=literals(member.cloud.ipsec.remote_id),
                dpd=max(IOS_DPD_MIN, member.cloud.ipsec.dpd),
            )
        )
    return made


def literals(pattern: str) -> tuple[str, ...]:
    """What a certificate's subject has to hold for a pattern such as ``O=mgre-dmvpn, OU=*, CN=hub*``.

    A certificate map knows "contains" and no wildcards; the values alone are matched, because releases
    differ in how they write the attribute before it.
    """
    values = [part.partition("=")[2] for part in pattern.split(",")]
    return tuple(
        dict.fromkeys(piece.strip() for value in values for piece in value.split("*") if piece.strip())
    )


def tunnels(device: Device) -> list[Tunnel]:
    """One per cloud."""
    carried = by_transport(device)
    return [
        Tunnel(
            member=member,
            cloud=member.cloud,
            mask=str(member.cloud.prefix.netmask),
            protection=f"MGRE-{member.transport.name}",
            shared=len(carried[member.transport.name]) > 1,
            bfd=member.runs_bfd(device),
            ospf=ospf_lines(device, member) if member.cloud.routing.protocol == "ospf" else (),
        )
        for member in device.memberships
    ]


def ospf_process(device: Device) -> int:
    return next(m.cloud.number for m in device.memberships if m.cloud.routing.protocol == "ospf")


def ospf_lines(device: Device, member: Membership) -> tuple[str, ...]:
    """OSPF on a tunnel. In phase 2 the hubs are the designated routers and next hops stay."""
    rules = member.cloud.routing
    broadcast = member.cloud.phase == 2
    lines = [f"ip ospf network {'broadcast' if broadcast else 'point-to-multipoint'}"]
    if broadcast:
        lines.append(f"ip ospf priority {100 if member.role == 'hub' else 0}")
    if rules.holdtime != 4 * rules.keepalive:  # IOS's default
        lines.append(f"ip ospf dead-interval {rules.holdtime}")
    if rules.keepalive != (10 if broadcast else 30):
        lines.append(f"ip ospf hello-interval {rules.keepalive}")
    if member.runs_bfd(device):
        lines.append("ip ospf bfd")
    lines.append(f"ip ospf {ospf_process(device)} area {rules.area}")
    return tuple(lines)


def ospf(device: Device, rules: Routing) -> Ospf | None:
    """The process, or None without OSPF."""
    if rules.ospf is None:
        return None
    return Ospf(ospf_process(device), str(rules.ospf.router_id), rules.ospf.route_map)


def eigrp(device: Device, rules: Routing) -> Eigrp | None:
    """One process for each autonomous system, or None without EIGRP: a named one has one of each family."""
    if rules.eigrp is None:
        return None
    systems: dict[int, list[Membership]] = {}
    for member in device.memberships:
        if member.cloud.routing.protocol == "eigrp":
            systems.setdefault(member.cloud.routing.asn, []).append(member)
    return Eigrp(
        tuple(
            EigrpFamily(
                asn=asn,
                router_id=str(rules.eigrp.router_id),
                interfaces=tuple(EigrpInterface(m.interface, eigrp_lines(device, m)) for m in members),
                networks=tuple(
                    f"{m.cloud.prefix.network_address} {m.cloud.prefix.hostmask}" for m in members
                ),
                route_map=rules.eigrp.route_map,
                stub=all(m.role == "spoke" for m in members),
            )
            for asn, members in systems.items()
        )
    )


def eigrp_lines(device: Device, member: Membership) -> tuple[str, ...]:
    """A hub tells one spoke of the others; in phase 2 with their own next hop."""
    rules = member.cloud.routing
    lines = ["bfd"] if member.runs_bfd(device) else []
    lines += [f"hello-interval {rules.keepalive}", f"hold-time {rules.holdtime}"]
    if member.role == "hub":
        if member.cloud.phase == 2:
            lines.append("no next-hop-self")
        lines.append("no split-horizon")
    return tuple(lines)


def routes(device: Device, announced: tuple[IPv4Network, ...]) -> list[str]:
    """What follows ``ip route``, by prefix. Of several routes to Null0 for a prefix IOS holds one.

    The overlay is the tunnel's own subnet here and needs no way to a peer.
    """
    lines: dict[tuple[IPv4Network, int, str], str] = {}
    nowhere: dict[IPv4Network, str] = {}
    for route in blackholes(device, announced):
        target = f"{route.prefix.network_address} {route.prefix.netmask} Null0 {route.distance}"
        nowhere.setdefault(route.prefix, f"{target} name MGRE-{route.cloud.name}")
    for prefix, line in nowhere.items():
        lines[(prefix, 255, "")] = line
    for route in to_peers(device):
        if route.prefix == route.cloud.prefix:
            continue
        target = f"{route.prefix.network_address} {route.prefix.netmask} {route.cloud.interface_on('ios')}"
        line = f"{target} {route.via} {route.distance} name MGRE-{route.cloud.name}"
        lines[(route.prefix, route.distance, str(route.via))] = line
    return [lines[key] for key in sorted(lines)]


def classful(prefix: IPv4Network) -> bool:
    """Whether IOS leaves the mask out, because it is that of the address's class."""
    first = prefix.network_address.packed[0]
    return prefix.prefixlen == (8 if first < 128 else 16 if first < 192 else 24)


def bgp_network(prefix: IPv4Network) -> str:
    """What follows ``network`` in BGP."""
    mask = "" if classful(prefix) else f" mask {prefix.netmask}"
    return f"{prefix.network_address}{mask}"


def eigrp_network(prefix: IPv4Network) -> str:
    """What follows ``network`` in EIGRP."""
    wildcard = "" if classful(prefix) else f" {prefix.hostmask}"
    return f"{prefix.network_address}{wildcard}"


PREFIX_RULE = re.compile(r"^(permit|deny) any$")


def prefix_rule(rule: str) -> str:
    """A prefix list's rule in IOS words."""
    return PREFIX_RULE.sub(r"\1 0.0.0.0/0 le 32", rule)
