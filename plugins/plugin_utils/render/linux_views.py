# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A device as the Linux templates see it: values, names and lines that take more than a look-up."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses

from ..fleet.intent import Cloud, Device, Membership, Transport
from .bundle import as_json
from .static_routes import blackholes, to_peers

EVENTS_SOCKET = "/run/mgre-dmvpn/nhrp-events.sock"
# FRR takes the first byte of a kernel route's metric for its distance: 254, after every protocol.
LAST_RESORT = 254 << 24 | 0xFFFFFF
PIM_CONTEXT = (10, 2)  # PIM's own lines are global before (seen: 8.4) and in "router pim" since (10.3)
OSPF_DMVPN = (10, 0)  # first FRR whose point-to-point OSPF works on a multipoint tunnel


def redirects(member: Membership) -> bool:
    """Whether this router tells spokes of shorter ways (NHRP redirect, phase 3)."""
    return member.role == "hub" and member.cloud.phase == 3


def replicates(cloud: Cloud) -> bool:
    """Whether nhrpd sends multicast of the tunnel to each peer: that of OSPF, of PIM and of the users."""
    return cloud.routing.protocol == "ospf" or bool(cloud.multicast_groups)


def tunnel_unit(cloud: Cloud) -> str:
    return f"mgre-dmvpn-{cloud.name}.service"


def unit_escape(name: str) -> str:
    """An interface name in the name of a systemd unit (systemd.unit(5), string escaping)."""
    return "".join(c if c.isascii() and (c.isalnum() or c in ":_.") else f"\\x{ord(c):02x}" for c in name)


def daemons(device: Device) -> tuple[str, ...]:
    """FRR daemons beyond those that Debian always starts (zebra, staticd, mgmtd)."""
    needed = {"nhrpd"}
    for member in device.memberships:
        rules = member.cloud.routing
        if rules.protocol != "static":
            needed.add("bgpd" if rules.protocol == "bgp" else "ospfd")
        if member.runs_bfd(device):
            needed.add("bfdd")
        if member.cloud.multicast_groups:
            needed.add("pimd")
    return tuple(sorted(needed))


def site_prefixes(device: Device) -> tuple[IPv4Network, ...]:
    """What the guard protects: summaries and overlays, so that a new site changes no other router."""
    return tuple(
        collapse_addresses(
            prefix for m in device.memberships for prefix in (m.cloud.prefix, *m.cloud.routing.summaries)
        )
    )


def guarded(device: Device) -> list[str]:
    """What the guard calls a WAN: the interfaces, and the VRFs that they are in.

    To the input hook a packet comes from the VRF's device, to the output hook it goes to both, first to the
    VRF's and then to the interface.
    """
    names = [t.interface for t in device.transports] + [t.vrf for t in device.transports if t.vrf]
    return list(dict.fromkeys(names))


def interface_lines(device: Device, member: Membership) -> list[str]:
    """The lines of a tunnel in FRR, sorted as its ``show running-config`` sorts them."""
    cloud = member.cloud
    lines = [f"ip nhrp network-id {cloud.network_id}", "ip nhrp registration no-unique"]
    if cloud.nhrp_holdtime != 7200:  # FRR's default, which it does not show
        lines.append(f"ip nhrp holdtime {cloud.nhrp_holdtime}")
    if cloud.nhrp_authenticated:
        lines.append(f"ip nhrp authentication @@secret:nhrp/{cloud.name}@@")
    for hub in member.hubs:
        lines.append(f"ip nhrp nhs {hub.overlay} nbma {hub.nbma}")
    if redirects(member):
        lines.append("ip nhrp redirect")
    if member.shortcut:
        lines.append("ip nhrp shortcut")
    if replicates(cloud):
        lines += [f"ip nhrp map multicast {hub.nbma}" for hub in member.hubs]
        if member.role == "hub":
            lines.append("ip nhrp map multicast dynamic")
    if cloud.multicast_groups:
        lines.append("ip pim")
    if cloud.routing.protocol == "ospf":
        lines += ospf_lines(device, member)
    return sorted(lines)


def ospf_lines(device: Device, member: Membership) -> list[str]:
    """OSPF on a tunnel. ``point-to-point`` knows one neighbour, so it is for spokes with one hub."""
    rules = member.cloud.routing
    lone = member.role == "spoke" and len(member.hubs) == 1 and device.frr_version >= OSPF_DMVPN
    lines = [
        f"ip ospf area {rules.area}",
        f"ip ospf network {'point-to-point dmvpn' if lone else 'point-to-multipoint'}",
    ]
    if rules.keepalive != 10:  # FRR's defaults, which it does not show
        lines.append(f"ip ospf hello-interval {rules.keepalive}")
    if rules.holdtime != 40:
        lines.append(f"ip ospf dead-interval {rules.holdtime}")
    if rules.bfd:
        lines += ["ip ospf bfd", f"ip ospf bfd profile MGRE-{member.cloud.name}"]
    return lines


def multicast_lans(device: Device) -> tuple[str, ...]:
    """LAN interfaces that run IGMP and PIM."""
    used = any(member.cloud.multicast_groups for member in device.memberships)
    return device.multicast_interfaces if used else ()


def rendezvous(device: Device) -> list[str]:
    """Rendezvous point and groups, as PIM's ``rp`` takes them, in FRR's order of points."""
    return [
        f"{member.cloud.rendezvous} {groups}"
        for member in sorted(device.memberships, key=lambda m: m.cloud.rendezvous or m.overlay)
        for groups in sorted(member.cloud.multicast_groups)
    ]


def static_routes(device: Device, announced: tuple[IPv4Network, ...]) -> tuple[str, ...]:
    """Lines behind ``ip route``, in FRR's order (10.x: by length, then by address)."""
    routes = {
        (route.prefix, route.distance, f"{route.via} {route.cloud.interface}" if route.via else "blackhole")
        for route in (*blackholes(device, announced), *to_peers(device))
    }
    return tuple(
        f"{prefix} {target} {distance}" + ("" if target == "blackhole" else " onlink")
        for prefix, distance, target in sorted(routes, key=lambda r: (r[0].prefixlen, *r))
    )


def bfd_profiles(device: Device) -> list[tuple[str, list[str]]]:
    """BFD profiles by name; values that are FRR's defaults (3, 300 ms) are left out, as FRR does."""
    profiles = []
    for member in device.memberships:
        bfd = member.cloud.routing.bfd
        if bfd is None or not member.runs_bfd(device):
            continue
        lines = [] if bfd.multiplier == 3 else [f"detect-multiplier {bfd.multiplier}"]
        if bfd.interval != 300:
            lines += [f"transmit-interval {bfd.interval}", f"receive-interval {bfd.interval}"]
        profiles.append((f"MGRE-{member.cloud.name}", lines))
    return sorted(profiles)


@dataclass(frozen=True, slots=True)
class Connection:
    """One IKE connection, which serves every cloud of its transport.

    ``inactivity`` is in seconds: an idle spoke-to-spoke SA goes, one to a hub is never idle.
    ``bound`` says that policies are tied to the interface: a trap for ``%any`` has no address at either end,
    so that without it all connections would have one and the same policy.
    """

    transport: Transport
    cloud: Cloud
    clouds: tuple[str, ...]
    inactivity: int
    bound: bool

    @property
    def reqid(self) -> int:
        return reqid(self.cloud)


def reqid(cloud: Cloud) -> int:
    """The kernel's tie between policies and SAs; far above those that charon counts up from 1."""
    return 1_000_000 + cloud.number


def connections(device: Device) -> list[Connection]:
    """One per transport that carries a cloud, in the order of the inventory."""
    carried: dict[str, list[Membership]] = {}
    for member in device.memberships:
        carried.setdefault(member.transport.name, []).append(member)
    return [
        Connection(
            transport=members[0].transport,
            cloud=members[0].cloud,
            clouds=tuple(m.cloud.name for m in members),
            inactivity=max(300, *(2 * m.cloud.nhrp_holdtime for m in members)),
            bound=len(carried) > 1,
        )
        for members in carried.values()
    ]


def events_bfd(device: Device, member: Membership) -> dict[str, object]:
    """The BFD sessions that a hub's event daemon keeps with registered spokes, as bgpd will ask for them."""
    if member.cloud.routing.protocol != "bgp" or not member.offers_bfd_to_spokes(device):
        return {}
    sessions = {
        "local": str(member.overlay),
        "multihop": member.ibgp,
        "profile": f"MGRE-{member.cloud.name}",
    }
    return {"bfd": sessions}


def events_hubs(member: Membership) -> dict[str, object]:
    """The hubs that a spoke registers with.

    Of a hub the others, from which it hears of all sites, when it comes back, before spokes may use it.
    """
    if not member.hubs or (member.role == "hub" and member.cloud.routing.protocol != "bgp"):
        return {}
    named = {str(hub.overlay): str(hub.nbma) for hub in member.hubs if hub.nbma}
    return {"nhs" if member.role == "spoke" else "hubs": named}


def events_config(device: Device) -> str:
    """The event daemon's configuration: what it needs to decide on a binding, per tunnel."""
    return as_json(
        {
            "socket": EVENTS_SOCKET,
            "interfaces": {
                m.cloud.interface: {
                    "cloud": m.cloud.name,
                    "role": m.role,
                    "key": m.cloud.key,
                    "prefix": str(m.cloud.prefix),
                    "dev": m.transport.interface,
                    "source": str(m.transport.address) if m.transport.address else None,
                    "check_identity": m.cloud.ipsec.auth == "certificate" and m.cloud.ipsec.check_identity,
                }
                | events_bfd(device, m)
                | events_hubs(m)
                for m in device.memberships
            },
        }
    )
