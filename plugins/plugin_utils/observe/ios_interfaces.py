# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Interfaces of IOS: all of them in short, tunnels in full, and the guard that a tunnel's protection is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...module_utils.state import Guard, Interface
from .ios_nhrp import Tunnel
from .ios_text import ADDRESS, Unreadable, integer, interface_name, lines_of, network, said

BRIEF = "show ip interface brief"
NULL_ROUTES = "show running-config | include ^ip route .* Null0"
HEAD = re.compile(r"(\S+) is (administratively down|deleted|up|down)[^,]*, line protocol is (up|down)")


def tunnel_commands(name: str) -> tuple[str, str]:
    """What must be asked of one tunnel: ``ip mtu`` is told by another command than key and source."""
    return f"show interfaces {name}", f"show ip interface {name}"


def brief(text: str) -> list[Interface]:
    """Names, addresses (without a length: IOS does not tell here) and states. Raises Unreadable."""
    lines = [line for line in lines_of(text, BRIEF) if line.strip()]
    start = next((n for n, line in enumerate(lines) if re.match(r"\s*Interface\s+IP-Address\s", line)), None)
    # Some releases explain the column "OK?" first.
    if start is None or any(re.match(r"\S+\s+(\d|unassigned)", line) for line in lines[:start]):
        raise Unreadable(f"'{BRIEF}' does not begin with its heading")
    found = []
    for line in lines[start + 1 :]:
        row = re.match(
            rf"(\S+)\s+({ADDRESS}|unassigned)\s+(?:YES|NO)\s+(\S+)\s+(\S.*?)\s+(up|down)\s*$", line
        )
        if row is None:
            raise Unreadable(f"'{BRIEF}': the line '{line.strip()}' is of an unknown form")
        name = interface_name(row[1])
        addresses = [] if row[2] == "unassigned" else [row[2]]
        kind = "gre" if name.startswith("Tunnel") else None
        found.append(Interface(name, kind, row[4] == row[5] == "up", addresses=addresses))
    return found


def tunnel(name: str, interface: str, ip: str, dmvpn: Tunnel | None, answered: bool) -> Interface:
    """A tunnel in full. ``answered``: a next hop server of it responds. Raises Unreadable."""
    shown, told = tunnel_commands(name)
    text = "\n".join(lines_of(interface, shown))
    head = HEAD.search(text)
    if head is None or interface_name(head[1]) != name:
        raise Unreadable(f"'{shown}' does not begin with the tunnel's state")
    up = head[2] == "up" and head[3] == "up"
    # With "if-state nhrp" the line protocol is down for as long as no server answers: that is no fault of
    # the tunnel, and registration tells why.
    if head[2] == "up" and dmvpn is not None and dmvpn.follows_nhrp and not answered:
        up = True
    source = re.search(rf"^\s+Tunnel source ({ADDRESS}|\S+)(?: \((\S+)\))?", text, re.MULTILINE)
    local = said(source)
    wan = said(source, 2) if source else None
    if local and not re.fullmatch(ADDRESS, local):
        # An interface without an address yet.
        local, wan = None, wan or local
    inside = "\n".join(lines_of(ip, told))
    mtu = re.search(r"^\s+MTU is (\d+) bytes", inside, re.MULTILINE)
    own = re.search(rf"^\s+Internet address is ({ADDRESS}/\d+)", inside, re.MULTILINE)
    counted_in = re.search(r"^\s+(\d+) packets input, (\d+) bytes", text, re.MULTILINE)
    counted_out = re.search(r"^\s+(\d+) packets output, (\d+) bytes", text, re.MULTILINE)
    errors = re.search(r"^\s+(\d+) input errors", text, re.MULTILINE)
    return Interface(
        name=name,
        kind="gre",
        up=up,
        mtu=integer(said(mtu)),
        addresses=[own[1]] if own else [],
        key=_key(text),
        local=local,
        underlay=interface_name(wan) if wan else None,
        protected=_protected(text, dmvpn),
        packets_in=integer(said(counted_in)),
        bytes_in=integer(said(counted_in, 2)),
        packets_out=integer(said(counted_out)),
        bytes_out=integer(said(counted_out, 2)),
        errors=integer(said(errors)),
    )


def _key(text: str) -> int | None:
    """The GRE key, 0 for none, None if it is not told."""
    if match := re.search(r"^\s+Key (0x[0-9A-Fa-f]+|\d+|disabled)\b", text, re.MULTILINE):
        return 0 if match[1] == "disabled" else int(match[1], 0)
    return None


def _protected(text: str, dmvpn: Tunnel | None) -> bool | None:
    """Whether the tunnel sends nothing but ESP; told by the interface and by DMVPN, which must agree."""
    by_interface = "Tunnel protection via IPSec" in text
    # The line is missing without protection, and in an output that stops before it.
    complete = re.search(r"^\s+\d+ packets output", text, re.MULTILINE) is not None
    by_dmvpn = None if dmvpn is None or dmvpn.profile is None else bool(dmvpn.profile)
    if by_interface:
        return None if by_dmvpn is False else True
    return False if complete and by_dmvpn is not True else None


def null_routes(text: str) -> list[str]:
    """The prefixes of the global table that end in Null0 if nothing better leads elsewhere.

    Raises Unreadable.
    """
    found = []
    for line in lines_of(text, NULL_ROUTES):
        if line.strip() and not line.startswith("ip route "):
            raise Unreadable(f"'{NULL_ROUTES}': the line '{line.strip()}' is of an unknown form")
        match = re.match(rf"ip route ({ADDRESS}) ({ADDRESS}) Null0\b", line)
        if match and (prefix := network(f"{match[1]}/{match[2]}")):
            found.append(prefix)
    return found


def guard(interfaces: list[Interface] | None, tunnels: Sequence[str], configured: str) -> Guard:
    """On IOS there is no filter: a tunnel with protection sends nothing in the clear, and Null0 catches what
    would else follow the default route. Raises Unreadable."""
    prefixes = null_routes(configured)
    if interfaces is None:
        raise Unreadable("the tunnels cannot be read")
    ours = [interface for interface in interfaces if interface.name in tunnels]
    for interface in ours:
        if interface.protected is None:
            raise Unreadable(f"whether {interface.name} is protected is not told, or told in two ways")
    protected = [interface.name for interface in ours if interface.protected]
    return Guard("ios", bool(protected), protected, [], prefixes)
