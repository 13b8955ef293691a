# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The IPv4 routing table of IOS, as packets follow it.

A route of BGP names its next hop only: IOS looks that up in the same table, and so do we. The table's
template in ntc-templates does not know ``%`` (next hop override by NHRP), so this one is our own.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network

from ...module_utils.state import NextHop, Route
from .ios_text import ADDRESS, Unreadable, address, integer, interface_name, lines_of, network

ROUTES = "show ip route"
PROTOCOLS = {
    "C": "connected",
    "L": "local",
    "S": "static",
    "B": "bgp",
    "D": "eigrp",
    "O": "ospf",
    "H": "nhrp",
    "G": "nhrp",
    "g": "nhrp",
    "R": "rip",
    "i": "isis",
    "o": "odr",
    "U": "static",
    "P": "static",
    "M": "mobile",
    "n": "nat",
    "a": "application",
    "l": "lisp",
    "m": "omp",
}
NULL = "Null0"
DEPTH = 8
# B*   10.0.0.0/8 [200/0] via ...: a code, marks and a subtype (E2, IA, EX), then the prefix.
ENTRY = re.compile(
    rf"(?P<code>[A-Za-z])(?P<marks>[*%+p&A-Za-z0-9 ]*?)\s+(?P<prefix>{ADDRESS}(?:/\d+)?)(?:\s+(?P<rest>.*))?$"
)
VIA = re.compile(
    rf"\[(?P<distance>\d+)/(?P<metric>\d+)\]\s+via\s+(?P<gateway>{ADDRESS})(?:\s+\((?P<vrf>[^)]+)\))?(?P<tail>.*)$"
)
DIRECT = re.compile(r"(?:\[\d+/\d+\] )?is (?:directly connected|a summary)(?P<tail>.*)$")
GROUP = re.compile(rf"\s+({ADDRESS})/(\d+) is (variably )?subnetted")
PASSED = re.compile(
    r"\s*Codes:|\s+[A-Za-z][A-Za-z0-9]?\*? - |\s*[+%&*] - |Gateway of last resort|Routing Table:"
)


def routes(text: str) -> list[Route]:
    """The global table. Raises Unreadable."""
    lines = lines_of(text, ROUTES)
    if not any(line.strip().startswith("Codes:") for line in lines):
        raise Unreadable(f"'{ROUTES}' does not begin with its codes")
    found: list[Route] = []
    mask = None
    for line in lines:
        if not line.strip() or PASSED.match(line):
            continue
        if match := GROUP.match(line):
            mask = None if match[3] else match[2]
        elif match := ENTRY.match(line):
            found.append(_route(match, mask, line))
            if match["rest"]:
                _hop(found[-1], match["rest"], line)
        elif found and line.startswith(" "):
            # Another next hop, or the first one where the prefix was too long for one line.
            _hop(found[-1], line.strip(), line)
        else:
            raise Unreadable(f"'{ROUTES}': the line '{line.strip()}' is of an unknown form")
    for route in found:
        if route.kind == "unicast" and not route.next_hops:
            raise Unreadable(f"'{ROUTES}': {route.prefix} leads nowhere")
    _resolve(found)
    return found


def _route(match: re.Match[str], mask: str | None, line: str) -> Route:
    prefix, code = match["prefix"], match["code"]
    if "/" not in prefix:
        if mask is None:
            raise Unreadable(f"'{ROUTES}': {prefix} has no length")
        prefix = f"{prefix}/{mask}"
    told = network(prefix)
    if told is None or code not in PROTOCOLS:
        raise Unreadable(f"'{ROUTES}': the line '{line.strip()}' is of an unknown form")
    return Route(told, PROTOCOLS[code])


def _hop(route: Route, rest: str, line: str) -> None:
    """Adds what a line says of where the route leads to."""
    if via := VIA.match(rest):
        interface = _interface(via["tail"])
        route.metric = integer(via["metric"])
        if interface == NULL:
            # An aggregate of BGP: via 0.0.0.0, Null0.
            route.kind = "blackhole"
            return
        route.next_hops.append(NextHop(address(via["gateway"]), interface))
        # A next hop in another VRF: the interface tells where packets leave, its address tells nothing here.
        if via["vrf"] and interface is None:
            raise Unreadable(f"'{ROUTES}': {route.prefix} leads into the VRF {via['vrf']}")
        return
    direct = DIRECT.match(rest)
    interface = _interface(direct["tail"] if direct else re.sub(r"^\[\d+/\d+\]", "", rest))
    if interface is None:
        raise Unreadable(f"'{ROUTES}': the line '{line.strip()}' is of an unknown form")
    if interface == NULL:
        route.kind = "blackhole"
    else:
        route.next_hops.append(NextHop(None, interface))


def _interface(tail: str) -> str | None:
    """The interface at the end of ", 00:01:02, Tunnel10"; what else stands there is the age and the tag."""
    for part in reversed(tail.split(",")):
        name = part.strip()
        if re.fullmatch(r"[A-Za-z][A-Za-z-]*\d[\d/.:]*", name):
            return interface_name(name)
    return None


def _resolve(found: list[Route]) -> None:
    """Gives next hops without an interface the one that the table itself leads them to."""
    table: dict[int, dict[int, Route]] = {}
    for route in found:
        prefix = IPv4Network(route.prefix)
        table.setdefault(prefix.prefixlen, {})[int(prefix.network_address)] = route
    lengths = sorted(table, reverse=True)
    known: dict[str, str | None] = {}

    def longest(target: int) -> Route | None:
        hits = (table[n].get(target >> (32 - n) << (32 - n)) for n in lengths)
        return next((route for route in hits if route), None)

    def interface(gateway: str, depth: int = 0) -> str | None:
        if gateway not in known and depth <= DEPTH:
            route = longest(int(IPv4Address(gateway)))
            hop = route.next_hops[0] if route and route.next_hops else NextHop()
            known[gateway] = hop.interface or (interface(hop.gateway, depth + 1) if hop.gateway else None)
        return known.get(gateway)

    for route in found:
        for hop in route.next_hops:
            if hop.interface is None and hop.gateway:
                hop.interface = interface(hop.gateway)
