# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Configuration of somebody else's that reaches into ours, beside FRR's.

Most of what is on a router beside the DMVPN is nobody's business. Told is what takes our peers' connections,
drops what the tunnels are made of, changes a unit of ours, or sends packets between sites another way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from ..difference import DEFAULT, THEIRS, Difference
from .audit_kernel import later
from .host import Host
from .release import Release
from .steps import SERVICES

_CONNECTION = re.compile(r"^(\S[^:]*): (IKEv\d(?:/2)?|IKE)[^\n]*((?:\n +[^\n]*)*)", re.MULTILINE)
_PORTS = {"500", "4500", "isakmp", "ipsec-nat-t"}
_TABLE = re.compile(r"^table (\S+ \S+) \{$")


def foreign(host: Host, wanted: Release) -> Iterator[Difference]:
    """What is there and reaches into ours."""
    yield from _connections(host)
    yield from _filters(host, wanted)
    yield from _drop_ins(host, wanted)
    yield from _routes(host, wanted)
    yield from later(host, wanted)


def _connections(host: Host) -> Iterator[Difference]:
    """Connections that a peer of ours could be given in the place of ours; charon takes the best match."""
    for name, _version, body in _CONNECTION.findall(host.run("swanctl", "--list-conns").out):
        if not name.startswith("mgre-") and re.search(r"^ +remote: +%any", body, re.MULTILINE):
            what = "a connection with any peer, which charon may choose for ours"
            remedy = "write the peer's address in its remote_addrs"
            yield Difference(
                "ipsec", f"swanctl: {name}", THEIRS, what, "whoever wrote it in /etc/swanctl", remedy
            )
    if "bypass-lan" in host.run("swanctl", "--stats").out:
        what = "is loaded, and exempts networks of the router's own interfaces from IPsec"
        by = "nobody: strongSwan's package loads it unless told not to"
        remedy = "write load = no in /etc/strongswan.d/charon/bypass-lan.conf and restart strongswan.service"
        yield Difference("ipsec", "plugin bypass-lan", DEFAULT, what, by, remedy)


def _filters(host: Host, wanted: Release) -> Iterator[Difference]:
    """Rules of others that drop IKE, ESP or the tunnels' packets."""
    if wanted.firewall == "nftables":
        rules = host.run("nft", "-j", "list", "ruleset").out
        held = [
            rule for entry in json.loads(rules or "{}").get("nftables", []) if (rule := entry.get("rule"))
        ]
        for rule in held:
            if rule.get("table") != "mgre_dmvpn_guard" and (aim := _drops(rule.get("expr", []), wanted)):
                table = f"table {rule['family']} {rule['table']} chain {rule['chain']}"
                yield _rule(table, aim)
        return
    for line in host.run("iptables", "-w", "-S").out.splitlines():
        if "MGRE-DMVPN" in line or not re.search(r"-j (?:DROP|REJECT)\b", line):
            continue
        aims = [name for name in wanted.tunnels.values() if re.search(rf"-[io] {re.escape(name)}\b", line)]
        aims += [what for words, what in (("-p esp", "ESP"), ("-p gre", "GRE")) if words in line]
        aims += ["IKE"] if re.search(r"--dports? \S*\b4?500\b", line) else []
        if aims:
            yield _rule(f"chain {line.split()[1]}", aims[0])


def _rule(where: str, aim: str) -> Difference:
    by = "whoever keeps the router's packet filter"
    return Difference(
        "firewall", where, THEIRS, f"a rule of somebody else's drops {aim}", by, "let it pass there"
    )


def _drops(expression: list[dict[str, Any]], wanted: Release) -> str | None:
    """What of ours a rule of nft drops, if it drops anything of ours."""
    if not any("drop" in part or "reject" in part for part in expression):
        return None
    for part in expression:
        match = part.get("match", {})
        values = _values(match.get("right"))
        left = json.dumps(match.get("left", {}))
        if match.get("op") == "!=":
            continue
        if "ifname" in left and values & set(wanted.tunnels.values()):
            return f"packets of {min(values & set(wanted.tunnels.values()))}"
        if values & {"esp", "gre", "50", "47"} and ("l4proto" in left or "protocol" in left):
            return "ESP" if values & {"esp", "50"} else "GRE"
        if "dport" in left and values & _PORTS:
            return "IKE"
    return None


def _values(right: Any) -> set[str]:
    if isinstance(right, dict):
        right = right.get("set", [])
    return {str(value) for value in (right if isinstance(right, list) else [right])}


def _drop_ins(host: Host, wanted: Release) -> Iterator[Difference]:
    """Drop-ins of others for the units that the tunnels live by."""
    for unit in (*wanted.units, *SERVICES):
        paths = host.run("systemctl", "show", "-p", "DropInPaths", "--value", unit).out.split()
        for path in paths:
            ours = path.rpartition("/")[2].startswith("mgre-dmvpn")
            if path.startswith(("/etc/", "/run/")) and not ours:
                what = f"changes what {unit} does"
                remedy = "remove it and run systemctl daemon-reload, or see that the unit still works"
                yield Difference("services", path, THEIRS, what, "systemctl edit, or a package", remedy)


def _routes(host: Host, wanted: Release) -> Iterator[Difference]:
    """Routes by hand for packets between sites: they go that way, and not through the tunnels.

    ``ip`` leaves out the protocol ``boot``, which is that of its own routes.
    """
    prefixes = {route.split()[1] for route in wanted.last_resorts}
    answer = host.run("ip", "-j", "-4", "route", "show", "table", "all").out
    for route in json.loads(answer or "[]"):
        where = str(route.get("dst", ""))
        by_hand = (
            route.get("protocol", "boot") in ("boot", "static") and route.get("type", "unicast") == "unicast"
        )
        if by_hand and str(route.get("dev")) not in wanted.tunnels.values() and within(where, prefixes):
            what = f"a route by hand leads to {route.get('gateway') or route.get('dev')}, past the tunnels"
            remedy = f"ip route delete {where}"
            yield Difference(
                "routes", where, THEIRS, what, "somebody with ip route, or another program", remedy
            )


def within(prefix: str, others: set[str]) -> bool:
    """Whether a prefix as ``ip`` writes it lies inside one of the others."""
    try:
        inner = IPv4Network(prefix)
        return any(inner.subnet_of(IPv4Network(other)) for other in others)
    except ValueError:  # default
        return False
