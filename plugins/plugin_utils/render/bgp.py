# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""BGP of one device, on every platform: peer groups, neighbours, and what they let in and out.

Nothing here depends on how many spokes a hub has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ..fleet.intent import Cloud, Device, Membership
from .policy import PrefixList, RouteMap, own_summaries, permits, within

# A route through our tunnel is preferred to any other (BGP's default is 100): first by cloud, in the
# order of the inventory, then by hub. What another hub only passes on comes after all direct ones.
DIRECT = 1000
CLOUD_STEP = 20
VIA_HUB = 500


@dataclass(frozen=True, slots=True)
class Group:
    """A BGP peer group. ``listen`` is the prefix from which unknown peers may join it.

    ``allow_own_asn``: take routes with the own AS number in their path, which other spokes originated.
    """

    name: str
    membership: Membership
    remote_as: int
    ebgp: bool
    clients: bool
    next_hop_self: bool
    listen: IPv4Network | None
    bfd: bool
    map_in: str | None
    map_out: str
    allow_own_asn: bool = False


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A configured BGP neighbour; ``map_in`` and ``bfd`` are set where they differ from its group's."""

    address: IPv4Address
    name: str
    cloud: str
    group: str
    map_in: str | None
    bfd: bool = False


@dataclass(frozen=True, slots=True)
class Bgp:
    """The part of ``router bgp`` that is ours."""

    asn: int
    router_id: IPv4Address
    networks: tuple[IPv4Network, ...]
    groups: tuple[Group, ...]
    neighbors: tuple[Neighbor, ...]


def bgp(device: Device) -> tuple[Bgp | None, list[PrefixList], list[RouteMap]]:
    """The BGP of a device over all of its clouds, None if no cloud has it, and what its groups refer to."""
    lists: list[PrefixList] = []
    maps: list[RouteMap] = []
    groups: list[Group] = []
    neighbors: list[Neighbor] = []
    networks: set[IPv4Network] = set()
    for place, member in enumerate(device.memberships):
        if member.cloud.routing.protocol != "bgp":
            continue
        networks.update(originated(device, member))
        of_member = hub_policy if member.role == "hub" else spoke_policy
        new_lists, new_maps, new_groups, new_neighbors = of_member(device, member, place)
        lists += new_lists
        maps += new_maps
        groups += new_groups
        neighbors += new_neighbors
    if not groups:
        return None, lists, maps
    ours = Bgp(
        local_asn(device),
        device.memberships[0].overlay,
        tuple(sorted(networks)),
        tuple(groups),
        tuple(neighbors),
    )
    return ours, lists, maps


def local_asn(device: Device) -> int:
    """The AS number of the device: the fleet has made sure that all of its BGP clouds agree."""
    member = next(m for m in device.memberships if m.cloud.routing.protocol == "bgp")
    rules = member.cloud.routing
    return rules.asn if member.role == "hub" else rules.spoke_asn


def originated(device: Device, member: Membership) -> Iterator[IPv4Network]:
    """What the device announces of its own. Each has a blackhole route, so FRR finds it in the RIB.

    A regional hub passes on what it learns of the upper cloud: originated here it would hide that.
    """
    yield from device.lans
    if member.role == "hub":
        yield member.cloud.prefix
        yield from own_summaries(device, member)


def regional(device: Device, member: Membership) -> list[IPv4Network]:
    """Summaries of the clouds that this spoke is a hub of: a regional hub announces its region."""
    upper = member.cloud.routing.summaries
    return [
        summary
        for other in device.memberships
        if other.role == "hub" and other.cloud.routing.protocol == "bgp"
        for summary in other.cloud.routing.summaries
        if any(summary != wide and summary.subnet_of(wide) for wide in upper)
    ]


Policy = tuple[list[PrefixList], list[RouteMap], list[Group], list[Neighbor]]


def hub_policy(device: Device, member: Membership, place: int) -> Policy:
    """A hub takes site prefixes and gives spokes the overlay and the summaries, nothing longer."""
    cloud = member.cloud
    own = f"MGRE-{cloud.name}"
    ebgp = cloud.routing.spoke_asn != cloud.routing.asn
    lists = [
        PrefixList(f"{own}-sites", (f"deny {within(cloud.prefix)}", *permits(cloud.routing.summaries, True))),
        summaries_list(cloud),
    ]
    maps = [
        RouteMap(f"{own}-spokes-in", f"{own}-sites", DIRECT - CLOUD_STEP * place),
        RouteMap(f"{own}-spokes-out", f"{own}-summaries", None, device.drained),
    ]
    groups = []
    bfd, apart = bfd_of(device, member)
    if member.hubs:
        maps.append(RouteMap(f"{own}-hubs-in", f"{own}-sites", VIA_HUB - CLOUD_STEP * place))
        maps.append(RouteMap(f"{own}-hubs-out", f"{own}-sites", None, device.drained))
        groups.append(
            Group(
                name=f"{own}-hubs",
                membership=member,
                remote_as=cloud.routing.asn,
                ebgp=False,
                clients=False,
                next_hop_self=True,
                listen=None,
                bfd=bfd,
                map_in=f"{own}-hubs-in",
                map_out=f"{own}-hubs-out",
            )
        )
    groups.append(
        Group(
            name=f"{own}-spokes",
            membership=member,
            remote_as=cloud.routing.spoke_asn,
            ebgp=ebgp,
            clients=not ebgp,
            # Phase 2 is just that: spokes send to each other what has another spoke as its next hop.
            next_hop_self=cloud.phase != 2,
            listen=cloud.prefix,
            bfd=member.offers_bfd_to_spokes(device),
            map_in=f"{own}-spokes-in",
            map_out=f"{own}-spokes-out",
        )
    )
    neighbors = [
        Neighbor(hub.overlay, hub.name, cloud.name, f"{own}-hubs", None, hub.name in apart)
        for hub in member.hubs
    ]
    return lists, maps, groups, neighbors


def spoke_policy(device: Device, member: Membership, place: int) -> Policy:
    """A spoke takes the overlay and the summaries and gives its LANs; the first hub is preferred."""
    cloud = member.cloud
    own = f"MGRE-{cloud.name}"
    lists = [
        PrefixList(f"{own}-local", permits((*device.lans, *regional(device, member)))),
        summaries_list(cloud),
    ]
    maps = [RouteMap(f"{own}-hubs-out", f"{own}-local", None)]
    neighbors = []
    bfd, apart = bfd_of(device, member)
    ebgp = cloud.routing.spoke_asn != cloud.routing.asn
    for order, hub in enumerate(member.hubs):
        name = f"{own}-hub{order + 1}-in"
        maps.append(RouteMap(name, f"{own}-summaries", DIRECT - CLOUD_STEP * place - order))
        neighbors.append(Neighbor(hub.overlay, hub.name, cloud.name, f"{own}-hubs", name, hub.name in apart))
    group = Group(
        name=f"{own}-hubs",
        membership=member,
        remote_as=cloud.routing.asn,
        ebgp=ebgp,
        clients=False,
        next_hop_self=False,
        listen=None,
        bfd=bfd,
        map_in=None,
        map_out=f"{own}-hubs-out",
        allow_own_asn=ebgp and cloud.phase == 2,
    )
    return lists, maps, [group], neighbors


def summaries_list(cloud: Cloud) -> PrefixList:
    """What spokes learn: the overlay and the summaries; in phase 2 every LAN too, with its own next hop."""
    summaries = permits((cloud.prefix, *cloud.routing.summaries))
    if cloud.phase == 2:
        summaries = (f"permit {cloud.prefix}", *permits(cloud.routing.summaries, True))
    return PrefixList(f"MGRE-{cloud.name}-summaries", summaries)


def bfd_of(device: Device, member: Membership) -> tuple[bool, frozenset[str]]:
    """Whether the group of hubs runs BFD, and if not, which hubs do alone."""
    offered = frozenset(hub.name for hub in member.hubs if member.offers_bfd(device, hub))
    everywhere = bool(offered) and len(offered) == len(member.hubs)
    return everywhere, frozenset() if everywhere else offered
