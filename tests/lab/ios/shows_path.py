# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shows of who is logged in from where, and of the way back, from the configuration alone."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import TYPE_CHECKING

from .execs import Registry
from .shows import status
from .tree import Node

if TYPE_CHECKING:
    from .session import Session


def register(found: Registry) -> None:
    found.add("show users", _users)
    found.add("show tcp brief [numeric]", _tcp)
    found.add("show ip cef address:A.B.C.D", _cef)
    found.add("show ip cef vrf vrf:WORD address:A.B.C.D", _cef)


def _users(session: Session, _unused: dict[str, str]) -> str:
    return (
        "    Line       User       Host(s)              Idle       Location\n"
        f"*  1 vty 0     {session.user:<10} idle                 00:00:00 {session.client}\n\n"
        "  Interface    User               Mode         Idle     Peer Address\n"
    )


def _tcp(session: Session, _unused: dict[str, str]) -> str:
    """This session's connection; other sessions are not told."""
    return (
        "TCB       Local Address               Foreign Address             (state)\n"
        f"7F0E7E795E60  {session.local + '.22':<26} {session.client + '.51332':<26} ESTAB\n"
    )


def _cef(session: Session, values: dict[str, str]) -> str:
    """The longest match among connected networks and static routes; a route's way is its next hop's."""
    root, vrf = session.device.config, values.get("vrf", "")
    if vrf and ("vrf", "definition", vrf) not in root.children:
        return f"% IP table {vrf} does not exist\n"
    target = IPv4Address(values["address"])
    if (found := _connected(root, vrf, target)) is not None:
        return f"{found[0]}\n  attached to {found[1]}\n"
    best: tuple[IPv4Network, str, str] | None = None
    for network, hop in _static(root, vrf):
        way = _connected(root, vrf, hop)
        if way and target in network and (best is None or network.prefixlen > best[0].prefixlen):
            best = network, str(hop), way[1]
    return f"{best[0]}\n  nexthop {best[1]} {best[2]}\n" if best else "0.0.0.0/0\n  no route\n"


def _connected(root: Node, vrf: str, target: IPv4Address) -> tuple[IPv4Network, str] | None:
    """The smallest network of an interface that is up."""
    found: list[tuple[IPv4Network, str]] = []
    for node in root.children.values():
        if node.words[0] != "interface" or status(node)[2] != "up":
            continue
        own = node.get("ip address")
        if own is None or "mask" not in own.values or node.value("vrf forwarding", "vrf") != vrf:
            continue
        network = IPv4Interface(f"{own.values['address']}/{own.values['mask']}").network
        if target in network:
            found.append((network, node.words[1]))
    return max(found, key=lambda one: one[0].prefixlen, default=None)


def _static(root: Node, vrf: str) -> list[tuple[IPv4Network, IPv4Address]]:
    """Routes to a next hop; those to an interface alone are not told."""
    return [
        (IPv4Network(f"{node.values['prefix']}/{node.values['mask']}"), IPv4Address(node.values["via"]))
        for node in root.all("ip route")
        if node.values.get("vrf", "") == vrf and "via" in node.values
    ]
