# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a router's configuration is ours: by name, and by what belongs to something so named.

Everything else stays, also inside of a BGP process that we share.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from .paths import Facts, Path, kinds, under

MARK = "MGRE-"
DESCRIPTION = "mgre.dmvpn "
# Lists whose entries are ours if their first key begins with MARK, by the names of their steps.
NAMED = (
    ("native", "crypto", "ikev2", "proposal"),
    ("native", "crypto", "ikev2", "policy"),
    ("native", "crypto", "ikev2", "keyring"),
    ("native", "crypto", "ikev2", "profile"),
    ("native", "crypto", "ipsec", "transform-set"),
    ("native", "crypto", "ipsec", "profile"),
    ("native", "crypto", "pki", "certificate", "pki-map", "map"),
    ("native", "ip", "prefix-lists", "prefixes"),
    ("native", "route-map"),
    ("native", "router", "router-eigrp", "eigrp", "named-mode"),
)
TUNNEL = ("native", "interface", "Tunnel")
OSPF = ("native", "router", "router-ospf", "ospf", "process-id")
BGP = ("native", "router", "bgp")
FAMILY = (*BGP, "address-family", "no-vrf", "ipv4", "ipv4-unicast")


class NotOurs(Exception):
    """Something that we would have to write into is someone else's. Its text says what to do."""


class Owned:
    """Which paths of a router are ours. ``have`` is all that it holds, ``wanted`` what it shall hold."""

    def __init__(self, have: Facts, wanted: Facts) -> None:
        self.wanted = wanted
        self._have = have
        self._tunnels = {
            path[2].keys[0][1]
            for path, value in have.items()
            if names(path) == (*TUNNEL, "description") and value.startswith(DESCRIPTION)
        }
        both = (have, wanted)
        self._ospf = _processes(wanted, _keys(wanted, TUNNEL)) | self._our_ospf()
        self._members = {
            path[3].keys[0][1]
            for facts in both
            for path, value in facts.items()
            if names(path) == (*BGP, "neighbor", "peer-group", "peer-group-name") and value.startswith(MARK)
        }
        self._members |= {path[3].keys[0][1] for path in wanted if names(path)[:4] == (*BGP, "neighbor")}
        self._prefixes = [
            network for path in (*have, *wanted) if (network := _null_route(path, have, wanted)) is not None
        ]

    def refuse(self) -> None:
        """Raises ``NotOurs`` if something that we want is on the router as someone else's."""
        used = {
            path[2].keys[0][1]
            for path in self._have
            # A tunnel that nobody has configured has at most a shutdown.
            if names(path)[:3] == TUNNEL and names(path)[3:] not in ((), ("shutdown",))
        }
        for number in sorted((used - self._tunnels) & _keys(self.wanted, TUNNEL), key=int):
            raise NotOurs(
                f"Tunnel{number} is on the router and is not ours; give the cloud another number, or hand "
                f"the tunnel over with 'description {DESCRIPTION.strip()}' on it"
            )
        others = _keys(self._have, BGP) - (wanted := _keys(self.wanted, BGP))
        if wanted and others:
            asn = min(others)
            raise NotOurs(
                f"router bgp {asn} is on the router, and IOS has one BGP process; write asn: {asn} in the "
                f"cloud's routing, or remove the process (no router bgp {asn})"
            )
        for process in sorted(_keys(self._have, OSPF) & _keys(self.wanted, OSPF) - self._our_ospf(), key=int):
            raise NotOurs(
                f"router ospf {process} is on the router and is not ours; give the cloud another number, or "
                f"remove the process (no router ospf {process})"
            )

    def _our_ospf(self) -> set[str]:
        """OSPF processes of the router that our tunnels are in, or that redistribute by our route maps."""
        found = _processes(self._have, self._tunnels)
        return found | {
            path[4].keys[0][1]
            for path, value in self._have.items()
            if names(path)[:5] == OSPF and path[-1].name == "route-map" and value.startswith(MARK)
        }

    def root(self, path: Path) -> Path | None:
        """The list entry of ours that a path is in, None if it is not ours."""
        way = names(path)
        for named in NAMED:
            if way[: len(named)] == named:
                return path[: len(named)] if path[len(named) - 1].keys[0][1].startswith(MARK) else None
        if way[:3] == TUNNEL:
            return path[:3] if path[2].keys[0][1] in self._tunnels else None
        if way[:5] == OSPF:
            return path[:5] if path[4].keys[0][1] in self._ospf else None
        if way[:3] == BGP:
            return self._bgp(path, way)
        if way[:3] == ("native", "ip", "route"):
            return self._route(path)
        return None

    def left_empty(self, stale: set[Path]) -> list[Path]:
        """Entries that hold nothing else once the stale places are gone, and would stay as shells.

        A prefix of a static route without next hops, a BGP process without neighbours and networks.
        """
        shells: set[Path] = set()
        for path in stale:
            way = names(path)
            if "ip-route-interface-forwarding-list" in way:
                shells.add(path[: way.index("ip-route-interface-forwarding-list") + 1])
            if way[:3] == BGP:
                shells.add(path[:3])
        return [
            shell
            for shell in shells
            if not any(under(path, shell) for path in self.wanted)
            and all(path in stale or _setting(path) for path in self._have if under(path, shell))
        ]

    def _bgp(self, path: Path, way: tuple[str, ...]) -> Path | None:
        if way[3:6] == ("bgp", "listen", "range"):
            return path[:6] if path[5].keys[1][1].startswith(MARK) else None
        for base in (BGP, FAMILY):
            rest, length = way[len(base) :], len(base)
            if way[:length] != base:
                continue
            if rest[:2] == ("peer-group", "neighbor"):
                return path[: length + 2] if path[length + 1].keys[0][1].startswith(MARK) else None
            if rest[:1] == ("neighbor",):
                return path[: length + 1] if path[length].keys[0][1] in self._members else None
            if base == FAMILY and rest[:2] in (("network", "with-mask"), ("network", "no-mask")):
                prefix = _network(path[length + 1].keys)
                ours = any(prefix.subnet_of(network) for network in self._prefixes)
                return path[: length + 2] if ours else None
        return None

    def _route(self, path: Path) -> Path | None:
        """A static route is ours if its name is."""
        entry = next((depth for depth, step in enumerate(path, 1) if step.name == "fwd-list"), None)
        if entry is None:
            return None
        if len(path) > entry and path[entry].name == "interface-next-hop":
            entry += 1
        name = next(
            (
                value
                for other, value in self._have.items()
                if other[:-1] == path[:entry] and other[-1].name == "name"
            ),
            "",
        )
        return path[:entry] if name.startswith(MARK) else None


def _keys(facts: Facts, place: tuple[str, ...]) -> set[str]:
    """First keys of all entries of a list."""
    depth = len(place)
    return {path[depth - 1].keys[0][1] for path in facts if names(path)[:depth] == place}


def _processes(facts: Facts, tunnels: set[str]) -> set[str]:
    """OSPF processes that these tunnels are in."""
    return {
        step.keys[0][1]
        for path in facts
        if names(path)[:3] == TUNNEL and path[2].keys[0][1] in tunnels
        for step in path
        if step.name == "process-id"
    }


def _setting(path: Path) -> bool:
    """Whether a place is a value of the BGP process, which means nothing without its neighbours."""
    way = names(path)
    values = (
        ("bgp", "router-id"),
        ("bgp", "log-neighbor-changes"),
        ("bgp", "default"),
        ("bgp", "listen", "limit"),
    )
    return way[:3] == BGP and (any(way[3 : 3 + len(each)] == each for each in values) or way == FAMILY[:-1])


def _network(keys: tuple[tuple[str, str], ...]) -> IPv4Network:
    """From address and mask; without a mask the address's class has it."""
    address = keys[0][1]
    first = int(address.partition(".")[0])
    mask = keys[1][1] if len(keys) > 1 else 8 if first < 128 else 16 if first < 192 else 24
    return IPv4Network(f"{address}/{mask}", strict=False)


def _null_route(path: Path, have: Facts, wanted: Facts) -> IPv4Network | None:
    """The prefix of a Null0 route of ours: what we announce lies within."""
    if path[-1].name != "name" or len(path) < 5 or path[-2].name != "fwd-list":
        return None
    value = wanted.get(path, have.get(path, ""))
    if path[-2].keys[0][1] != "Null0" or not value.startswith(MARK):
        return None
    return _network(path[-3].keys)


def names(path: Path) -> tuple[str, ...]:
    return tuple(name for _module, name in kinds(path))
