# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Interfaces, tunnel neighbours and the routes that the kernel forwards by, from iproute2's JSON."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from ..state import Interface, Neighbour, NextHop, Route
from .observe_run import integer, parse, rows, run, text


def interfaces() -> list[Interface]:
    """Raises Unreadable."""
    return parse_interfaces(run(("ip", "-j", "-d", "-s", "addr", "show")))


def parse_interfaces(output: str) -> list[Interface]:
    return [_interface(row) for row in rows(parse(output, "ip")) if text(row.get("ifname"))]


def _interface(row: dict[str, Any]) -> Interface:
    info = row.get("linkinfo") or {}
    data = info.get("info_data") or {}
    stats = row.get("stats64") or {}
    received, sent = stats.get("rx") or {}, stats.get("tx") or {}
    flags = row.get("flags")
    errors = [integer(received.get("errors")), integer(sent.get("errors"))]
    return Interface(
        name=row["ifname"],
        kind=text(info.get("info_kind")) or text(row.get("link_type")),
        up=None if flags is None else "UP" in flags,
        mtu=integer(row.get("mtu")),
        addresses=[
            f"{address['local']}/{address['prefixlen']}"
            for address in row.get("addr_info") or []
            if address.get("family") == "inet" and "local" in address and "prefixlen" in address
        ],
        key=_key(data),
        local=None if data.get("local") == "any" else text(data.get("local")),
        underlay=text(data.get("link")) or text(row.get("link")),
        bytes_in=integer(received.get("bytes")),
        bytes_out=integer(sent.get("bytes")),
        packets_in=integer(received.get("packets")),
        packets_out=integer(sent.get("packets")),
        errors=None if None in errors else sum(error or 0 for error in errors),
    )


def _key(data: dict[str, Any]) -> int | None:
    """The GRE key, which ip writes as a dotted quad. With different keys for each way there is no one key."""
    ikey, okey = text(data.get("ikey")), text(data.get("okey"))
    if ikey is None or ikey != okey:
        return None
    return int(IPv4Address(ikey)) if "." in ikey else integer(ikey)


def neighbours() -> list[Neighbour]:
    """Neighbour entries whose link address is an IPv4 address: those of tunnels. Raises Unreadable."""
    return parse_neighbours(run(("ip", "-j", "-4", "neigh", "show")))


def parse_neighbours(output: str) -> list[Neighbour]:
    found = []
    for row in rows(parse(output or "[]", "ip")):
        link, address, interface = row.get("lladdr"), text(row.get("dst")), text(row.get("dev"))
        if address is None or interface is None or (isinstance(link, str) and ":" in link):
            continue
        states = row.get("state")
        found.append(
            Neighbour(
                interface, address, text(link), [str(s) for s in states] if isinstance(states, list) else []
            )
        )
    return found


def routes() -> list[Route]:
    """The main table. Raises Unreadable."""
    return parse_routes(run(("ip", "-j", "-4", "route", "show", "table", "main")))


def parse_routes(output: str) -> list[Route]:
    found = []
    for row in rows(parse(output or "[]", "ip")):
        prefix = text(row.get("dst"))
        if prefix is None:
            continue
        hops = [h for h in row.get("nexthops") or [row] if isinstance(h, dict)]
        found.append(
            Route(
                prefix="0.0.0.0/0" if prefix == "default" else prefix if "/" in prefix else f"{prefix}/32",
                protocol=text(row.get("protocol")),
                kind=text(row.get("type")) or "unicast",
                metric=integer(row.get("metric")),
                next_hops=[
                    NextHop(text(hop.get("gateway")), text(hop.get("dev"))) for hop in hops if hop.get("dev")
                ],
            )
        )
    return found
