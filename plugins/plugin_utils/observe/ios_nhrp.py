# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NHRP as IOS tells it: the cache, the next hop servers, and what DMVPN makes of both."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...module_utils.state import Binding, Neighbour, Nhrp, Nhs, Shortcut
from .ios_text import ADDRESS, Unreadable, interface_name, lines_of, network, said

CACHE, SERVERS, DMVPN = "show ip nhrp", "show ip nhrp nhs detail", "show dmvpn detail"
ENTRY = re.compile(rf"({ADDRESS}/\d+) via ({ADDRESS})(?:,? +(\S+) created .*)?$")
CREATED = re.compile(r"\s+([A-Za-z][\w/.:-]*\d) created (\S+),")
SERVER = re.compile(
    rf"({ADDRESS})\s+([ERWD]+)\b(?:\s+NBMA Address:\s*({ADDRESS}))?\s*(?:priority = \d+ cluster = \d+|$)"
)
PEER = re.compile(
    rf"\s*(?:\d+\s+)?(?:({ADDRESS})\s+)?({ADDRESS})\s+([A-Z]+)\s+(\S+)\s+([A-Z0-9 ]+?)"
    rf"(?:\s+({ADDRESS}/\d+))?\s*$"
)
# UP, or what is missing: NHRP (no registration), IKE, INTF, ...
TUNNEL = re.compile(
    rf"Interface:? (Tunnel\d+)(?: is (\S+?)/(\S+?), Addr\. is ({ADDRESS}|\S+), VRF \"([^\"]*)\")?"
)


@dataclass(slots=True)
class Tunnel:
    """What ``show dmvpn detail`` says of a tunnel. ``profile`` is the IPsec profile, "" without one."""

    name: str
    up: bool | None = None
    profile: str | None = None
    follows_nhrp: bool | None = None
    peers: list[Neighbour] = field(default_factory=list)


def cache(text: str) -> tuple[list[Binding], list[Shortcut]]:
    """Host routes are bindings, all others are shortcuts. Raises Unreadable. No entry prints nothing."""
    bindings, shortcuts = [], []
    for entry, interface, rest in _entries(lines_of(text, CACHE)):
        prefix, via = network(entry[1]), entry[2]
        kind = re.search(r"Type: (\w+)", rest)
        flags = re.search(r"Flags:([^\n]*)", rest)
        nbma = re.search(rf"^\s+NBMA address: ({ADDRESS})\s*$", rest, re.MULTILINE)
        claimed = re.search(rf"\(Claimed NBMA address: ({ADDRESS})\)", rest)
        if prefix is None or kind is None or interface is None:
            raise Unreadable(f"'{CACHE}': the entry {entry[1]} is of an unknown form")
        marks = (flags[1] if flags else "").split()
        told = _kind(kind[1], marks)
        name = interface_name(interface)
        if prefix.endswith("/32"):
            used = "used" in marks if flags else None
            bindings.append(Binding(name, told, prefix.removesuffix("/32"), said(nbma), said(claimed), used))
        elif told != "local":
            shortcuts.append(Shortcut(told, prefix, via))
    return bindings, shortcuts


def _entries(lines: list[str]) -> list[tuple[re.Match[str], str | None, str]]:
    """Each entry: its first line, its interface and what follows. Raises Unreadable."""
    found: list[tuple[re.Match[str], str | None, str]] = []
    for line in lines:
        if match := ENTRY.match(line):
            found.append((match, match[3], ""))
        elif not line.strip():
            continue
        elif found and line.startswith(" "):
            entry, interface, rest = found[-1]
            created = CREATED.match(line)
            found[-1] = (entry, interface or (created[1] if created else None), f"{rest}\n{line}")
        else:
            raise Unreadable(f"'{CACHE}': the line '{line.strip()}' is of an unknown form")
    return found


def _kind(kind: str, flags: list[str]) -> str:
    """In the words of ``state.Binding``: what a peer registered is dynamic, what was asked for is cached."""
    if "local" in flags:
        return "local"
    if "negative" in flags:
        return "negative"
    if kind == "dynamic":
        return "dynamic" if "registered" in flags else "cached"
    return kind if kind in ("static", "incomplete") else "cached"


def servers(text: str) -> list[Nhs]:
    """Raises Unreadable. A router without next hop servers prints nothing, or the legend alone."""
    interface, found = None, []
    for line in lines_of(text, SERVERS):
        if re.match(r"\s*Pending Registration Requests", line):
            break
        if match := re.match(r"(Tunnel\d+):\s*$", line):
            interface = match[1]
        elif match := SERVER.match(line):
            if interface is None:
                raise Unreadable(f"'{SERVERS}': {match[1]} belongs to no tunnel")
            # R: responding. E alone: requests are sent. W: not even that, a server of lower priority.
            responding = "R" in match[2]
            found.append(Nhs(interface, match[1], match[3], responding))
        elif re.match(rf"\s*{ADDRESS}\b|(?!Legend:)\S", line):
            raise Unreadable(f"'{SERVERS}': the line '{line.strip()}' is of an unknown form")
    return found


def dmvpn(text: str) -> list[Tunnel]:
    """Raises Unreadable."""
    lines = lines_of(text, DMVPN)
    if not any(line.strip().startswith("Legend:") for line in lines):
        raise Unreadable(f"'{DMVPN}' does not begin with its legend")
    found: list[Tunnel] = []
    nbma = None
    in_table = False
    for line in lines:
        if line.strip().startswith(("Crypto Session Details", "Pending DMVPN Sessions")):
            break
        if match := TUNNEL.match(line):
            found.append(Tunnel(match[1], None if match[2] is None else match[2] == match[3] == "up"))
            in_table, nbma = False, None
        elif not found or not line.strip():
            continue
        elif match := re.search(r"Protect \"([^\"]*)\"", line):
            found[-1].profile = match[1]
        elif match := re.match(r"\s+Interface State Control: (\w+)", line):
            found[-1].follows_nhrp = match[1] == "Enabled"
        elif re.match(r"\s*-----", line):
            in_table = True
        elif in_table and re.match(rf"\s*(\d+\s+)?{ADDRESS}\b", line):
            match = PEER.match(line)
            if match is None:
                raise Unreadable(f"'{DMVPN}': the line '{line.strip()}' is of an unknown form")
            nbma = match[1] or nbma
            found[-1].peers.append(Neighbour(found[-1].name, match[2], nbma, [match[3]]))
    return found


def nhrp(cache_text: str, servers_text: str) -> Nhrp:
    """Raises Unreadable."""
    bindings, shortcuts = cache(cache_text)
    return Nhrp(nhs=servers(servers_text), cache=bindings, shortcuts=shortcuts)
