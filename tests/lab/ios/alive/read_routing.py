# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads BGP, OSPF, static routes, prefix lists and route maps.

Most of their lines are the same in FRR. Those that are not are named here; a line that is neither is left out
and told of, so that nothing is fulfilled by half.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from .lines import Line
from .plan import Bgp, Facts, Neighbor, OspfProcess, Static

_SESSION = (
    "remote-as",
    "description",
    "local-as",
    "ebgp-multihop",
    "password",
    "shutdown",
    "update-source",
    "timers",
)
_FAMILY = (
    "activate",
    "default-originate",
    "route-reflector-client",
    "send-community",
    "soft-reconfiguration",
    "allowas-in",
    "weight",
    "maximum-prefix",
    "prefix-list",
    "route-map",
    "remove-private-as",
)
# Lines that say nothing about what is forwarded.
_SILENT = (
    "bgp log-neighbor-changes",
    "log-adjacency-changes",
    "auto-summary",
    "synchronization",
    "no auto-summary",
)


def processes(root: Line, tunnels: list[str]) -> tuple[Bgp | None, OspfProcess | None, list[str]]:
    """BGP, OSPF, and the lines that nothing here can fulfil."""
    unmet: list[str] = []
    bgp_line, ospf_line = root.first("router bgp"), root.first("router ospf")
    bgp = _bgp(bgp_line, unmet) if bgp_line else None
    ospf = _ospf(ospf_line, tunnels, unmet) if ospf_line else None
    for line in list(root.all("router ospf"))[1:]:
        unmet.append(f"{' '.join(line.words)}: FRR runs one OSPF process")
    unmet += [f"{' '.join(line.words)}: EIGRP has no counterpart" for line in root.all("router eigrp")]
    return bgp, ospf, unmet


def _bgp(line: Line, unmet: list[str]) -> Bgp:
    family = next((found for found in line.all("address-family ipv4") if "vrf" not in found.words), None)
    both = [*line.children, *(family.children if family else [])]
    names = list(dict.fromkeys(found.words[1] for found in both if found.words[0] == "neighbor"))
    neighbors = [_neighbor(name, line, family, unmet) for name in names]
    ranges = [
        (IPv4Network(found.words[3]), found.after("peer-group")) for found in line.all("bgp listen range")
    ]
    lines = []
    for found in family.children if family else []:
        if found.words[0] == "neighbor" or " ".join(found.words) in _SILENT:
            continue
        lines.append(_family_line(found, unmet))
    for found in line.children:
        if " ".join(found.words[:2]) in ("bgp bestpath", "bgp cluster-id", "bgp graceful-restart"):
            unmet.append(f"router bgp: {' '.join(found.words)}")
    return Bgp(
        asn=int(line.words[2]),
        router_id=line.word("bgp router-id"),
        default_unicast=not line.has("no bgp default ipv4-unicast"),
        neighbors=tuple(neighbors),
        ranges=tuple(ranges),
        listen_limit=line.number("bgp listen limit", 100),
        family=tuple(found for found in lines if found),
    )


def _neighbor(name: str, line: Line, family: Line | None, unmet: list[str]) -> Neighbor:
    session: list[str] = []
    af: list[str] = []
    is_group = bfd = False
    for found in line.all(f"neighbor {name}"):
        words = found.words[2:]
        if words[0] == "peer-group":
            is_group = len(words) == 1
            session.insert(0, " ".join(words))
        elif words[0] == "fall-over":
            bfd = "bfd" in words
        elif words[0] == "timers":
            session.append(" ".join(words[:3]))
        elif words[0] == "password":
            session.append(f"password {words[-1]}")
        elif words[0] in _SESSION:
            session.append(" ".join(words))
        elif words[0] != "transport":
            unmet.append(f"neighbor {' '.join(found.words[1:])}")
    for found in family.all(f"neighbor {name}") if family else ():
        words = found.words[2:]
        if words[0] == "next-hop-self":
            af.append("next-hop-self force" if "all" in words else "next-hop-self")
        elif words[0] in _FAMILY:
            af.append(" ".join(words))
        elif words[0] != "advertisement-interval":
            unmet.append(f"address-family ipv4: neighbor {' '.join(found.words[1:])}")
    return Neighbor(name, tuple(session), tuple(af), is_group, bfd)


def _family_line(line: Line, unmet: list[str]) -> str:
    words = line.words
    if words[0] == "network":
        mask = line.after("mask") or _classful(words[1])
        rest = f" route-map {line.after('route-map')}" if "route-map" in words else ""
        return f"network {IPv4Network(f'{words[1]}/{mask}')}{rest}"
    if words[0] == "aggregate-address":
        return " ".join(["aggregate-address", str(IPv4Network(f"{words[1]}/{words[2]}")), *words[3:]])
    if words[0] == "redistribute" and words[1] in ("connected", "static", "ospf"):
        return " ".join(word for place, word in enumerate(words) if not (words[1] == "ospf" and place == 2))
    if words[0] in ("maximum-paths", "distance"):
        return " ".join(words)
    unmet.append(f"address-family ipv4: {' '.join(words)}")
    return ""


def _classful(address: str) -> str:
    first = int(address.split(".")[0])
    return "255.0.0.0" if first < 128 else "255.255.0.0" if first < 192 else "255.255.255.0"


def _ospf(line: Line, tunnels: list[str], unmet: list[str]) -> OspfProcess:
    lines = []
    for found in line.children:
        words = found.words
        text = " ".join(words)
        if words[0] == "router-id" or text in _SILENT:
            continue
        if words[0] == "redistribute" and words[1] in ("connected", "static", "bgp"):
            kept = [
                word
                for place, word in enumerate(words)
                if word != "subnets" and not (words[1] == "bgp" and place == 2)
            ]
            lines.append(" ".join(kept))
        elif words[0] == "network":
            host = int(IPv4Address(words[2]))
            network = IPv4Interface(f"{words[1]}/{32 - host.bit_length()}").network
            lines.append(f"network {network} area {words[-1]}")
        elif words[0] == "default-information" or (
            words[0] == "area" and words[2:3] in (("stub",), ("nssa",))
        ):
            lines.append(text)
        elif words[0] == "area" and words[2] == "range":
            lines.append(" ".join([*words[:3], str(IPv4Network(f"{words[3]}/{words[4]}")), *words[5:]]))
        elif words[0] in ("passive-interface", "no") and words[-1] in (*tunnels, "default"):
            lines.append(text)
        elif words[0] not in ("auto-cost", "timers", "maximum-paths"):
            unmet.append(f"router ospf: {text}")
    return OspfProcess(int(line.words[2]), line.word("router-id"), tuple(lines))


def statics(root: Line, facts: Facts) -> tuple[Static, ...]:
    """Static routes, but for the default route, which the node has from its provider, and those in VRFs."""
    found = []
    for line in root.all("ip route"):
        words = line.words[2:]
        if words[0] == "vrf" or words[0] == words[1] == "0.0.0.0":
            continue
        prefix = IPv4Network(f"{words[0]}/{words[1]}")
        rest = list(words[2:])
        via = ""
        if rest[0] in ("Null0", "Null"):
            rest = rest[1:] if rest[0] == "Null0" else rest[2:]
        else:
            hop = rest.pop(0)
            port = facts.ports.get(hop)
            via = port.device if port else hop
            if port and rest and rest[0].count(".") == 3:
                via = rest.pop(0)
        distance = int(rest[0]) if rest and rest[0].isdigit() else 1
        tag = line.after("tag")
        found.append(Static(prefix, via, distance, int(tag) if tag else 0))
    return tuple(found)


def policy(root: Line) -> tuple[str, ...]:
    """Prefix lists, community lists, AS-path lists and route maps, as FRR writes them."""
    lines = []
    for line in root.all("ip prefix-list"):
        lines.append(" ".join(line.words))
    for line in root.all("ip community-list"):
        lines.append("bgp " + " ".join(line.words[1:]))
    for line in root.all("ip as-path access-list"):
        lines.append("bgp " + " ".join(line.words[1:]))
    for line in root.all("route-map"):
        lines.append(" ".join(line.words))
        lines += [f" {text}" for child in line.children for text in _clause(child.words)]
        lines.append("exit")
    return tuple(lines)


def _clause(words: tuple[str, ...]) -> list[str]:
    """One line of a route map. FRR takes one prefix list in a line and the last such line wins."""
    if words[:3] == ("match", "ip", "address") and "prefix-list" not in words:
        return [f"match ip address {words[-1]}"]
    if words[0] == "description" or words[0] == "continue":
        return [] if words[0] == "description" else ["on-match next"]
    return [" ".join(words)]
