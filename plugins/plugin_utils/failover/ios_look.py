# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an IOS router says before one of its WANs is shut: its guard, and the way that we reach it by.

The way is asked of the router, because ``ansible_host`` may be a name, or an address that a NAT or a jump
host translates. What cannot be told for certain is a reason against the fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..findings import Finding
from ..ios import answers, preflight
from ..ios.asked import TIMER
from ..ios.blocks import Block, interfaces
from ..ios.wish import Cli
from ..observe.ios_interfaces import BRIEF, brief
from ..observe.ios_text import ADDRESS, Unreadable, interface_name, lines_of
from .look import Look

USERS, TCP = "show users", "show tcp brief numeric"
REACH = "reach it over IPv4 and SSH, by a management interface (ansible_host)"
ENABLE = "configure `archive` / `path flash:archive`"


class Unknown(Exception):
    """Why the way from Ansible to the router cannot be told."""


def look(name: str, cli: Cli) -> Look:
    """Asks, and changes nothing. Raises :class:`Lost`."""
    found = Look()
    level = answers.privilege(cli.send("show privilege"))
    if level != 15:
        remedy = "set ansible_become with ansible_become_method: ansible.netcommon.enable, or `privilege 15`"
        problem = f"privilege 15 is needed, and the user has {'none' if level is None else level}"
        found.unable.append(Finding(name, "ansible_become", problem, remedy))
        return found
    if answers.pending(cli.send(TIMER)):
        problem = "a change on it waits to be confirmed, or a failover check is under way"
        remedy = "`configure confirm` keeps it, `configure revert now` undoes it; then run this again"
        found.against.append(Finding(name, "rollback timer", problem, remedy))
    running = cli.send("show running-config")
    found.unable += [Finding(name, "archive", *reason) for reason in guard(running)]
    found.down = shut(running)
    try:
        found.management = management(cli, running)
    except (Unknown, Unreadable) as error:
        problem = f"the interface that Ansible reaches this router by cannot be told: {error}"
        found.unable.append(Finding(name, "management", problem, REACH))
    return found


def guard(running: str) -> Iterator[tuple[str, str]]:
    """Why the router could not take a fault back by itself: problem and remedy."""
    path = preflight.archive_path(running)
    if not path:
        yield "no fault can be armed: the router has no place for the copy that it goes back to", ENABLE
    elif not preflight.is_local(path):
        # The copy is read when the timer ends, by a router that has lost its WAN.
        yield f"no fault can be armed: `path {path}` may be out of reach while a WAN is shut", ENABLE


def shut(running: str) -> list[str]:
    """The interfaces that are shut down."""
    return [name for name, block in interfaces(running).items() if " shutdown" in block.lines]


def management(cli: Cli, running: str) -> list[str]:
    """The interfaces that our session needs. Raises :class:`Unknown`, :class:`Unreadable`."""
    client = _client(cli.send(USERS))
    local = _local(cli.send(TCP), client)
    known = interfaces(running)
    owners = _owners(local, cli.send(BRIEF), known)
    if not owners:
        raise Unknown(f"no interface has the address {', '.join(local)} that the session is to")
    ways: set[str] = set()
    for vrf in sorted({_vrf(known.get(owner)) for owner in owners}):
        command = f"show ip cef {f'vrf {vrf} ' if vrf else ''}{client}"
        ways |= _ways(command, cli.send(command))
    return sorted(_needed({*owners, *ways}, known))


def _client(users: str) -> str:
    """The address that our session comes from. The router may print a name instead, if it knows one."""
    own = next((line for line in lines_of(users, USERS) if line.lstrip().startswith("*")), "")
    place = (own.split() or [""])[-1]
    if not re.fullmatch(ADDRESS, place):
        raise Unknown(f"`{USERS}` shows no IPv4 address for this session")
    return place


def _local(tcp: str, client: str) -> list[str]:
    """The router's own addresses in its connections with the client."""
    rows = (
        re.match(rf"\s*\S+\s+({ADDRESS})\.\d+\s+({ADDRESS})\.\d+\s+ESTAB\b", line)
        for line in lines_of(tcp, TCP)
    )
    found = sorted({row[1] for row in rows if row and row[2] == client})
    if not found:
        raise Unknown(f"`{TCP}` shows no connection with {client}")
    return found


def _owners(local: Iterable[str], shown: str, known: dict[str, Block]) -> set[str]:
    """Who has these addresses: as they are now (DHCP), and as configured (secondary ones)."""
    wanted = set(local)
    found = {interface.name for interface in brief(shown) if wanted & set(interface.addresses)}
    for name, block in known.items():
        lines = (line.split() for line in block.lines)
        if any(words[:2] == ["ip", "address"] and words[2] in wanted for words in lines if len(words) > 2):
            found.add(name)
    return found


def _vrf(block: Block | None) -> str:
    for line in block.lines if block else ():
        if match := re.fullmatch(r" (?:ip )?vrf forwarding (\S+)", line):
            return match[1]
    return ""


def _ways(command: str, shown: str) -> set[str]:
    """The interfaces that packets to the client leave by."""
    text = "\n".join(lines_of(shown, command))
    found = {interface_name(name) for name in re.findall(r"(?:nexthop \S+|attached to) ([A-Z]\S*)", text)}
    if not found:
        raise Unknown(f"`{command}` names no interface")
    return found


def _needed(names: set[str], known: dict[str, Block]) -> set[str]:
    """These interfaces and all that lies below them: a subinterface's whole, a tunnel's source."""
    open_, found = list(names), set(names)
    while open_:
        name = open_.pop()
        below = {name.partition(".")[0]} if "." in name else set()
        if name.startswith("Tunnel"):
            below |= _sources(name, known)
        open_ += below - found
        found |= below
    return found


def _sources(tunnel: str, known: dict[str, Block]) -> set[str]:
    block = known.get(tunnel)
    source = next(
        (
            match[1]
            for line in (block.lines if block else ())
            if (match := re.match(r" tunnel source (\S+)", line))
        ),
        "",
    )
    if re.fullmatch(ADDRESS, source):
        owners = {
            name
            for name, other in known.items()
            if any(line.startswith(f" ip address {source} ") for line in other.lines)
        }
        if owners:
            return owners
    elif source in known:
        return {source}
    raise Unknown(f"it is {tunnel}, whose source cannot be told")
