# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which lines of ``router bgp`` are ours: IOS has one BGP process, and others may have neighbors in it.

Ours are the peer-groups ``MGRE-*``, who listens or is a member of one, and all lines of these. A ``network``
and what the whole process shares (its router ID) carry no name: they are ours as long as nobody else
is in the process. Where somebody is, ours are the networks that the inventory has now, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .blocks import Block

_OUR_NAME = re.compile(r"MGRE-\S+")
_MEMBER = re.compile(r"neighbor (\S+) peer-group (MGRE-\S+)")
_LISTEN = re.compile(r"bgp listen range \S+ peer-group MGRE-\S+")
_LIMIT = re.compile(r"bgp listen limit (\d+)")
_FAMILY = re.compile(r"address-family ipv4(?: unicast)?")
_LEAVE = "exit-address-family"
# What the process shares; the second set is never taken away, because it is not rendered.
_SHARED = re.compile(r"bgp router-id \S+|bgp listen limit \d+")
_KEPT = re.compile(
    r"bgp log-neighbor-changes|no auto-summary|no synchronization|no bgp default ipv4-unicast|timers bgp .*"
)
# What an IPv4 address family holds; without one, IOS prints it at the level of the process.
_OF_FAMILY = re.compile(
    r"(?:no )?(?:network |redistribute |aggregate-address |maximum-paths "
    r"|auto-summary|synchronization|distance bgp "
    r"|neighbor \S+ (?:activate|route-map |prefix-list |filter-list |distribute-list |next-hop-self"
    r"|route-reflector-client|send-community|allowas-in|default-originate|soft-reconfiguration|weight "
    r"|maximum-prefix |as-override|remove-private-as|advertisement-interval ))"
)
DEFAULT_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Process:
    """``router bgp``: ``lines`` of the process, ``family`` of its IPv4 address family, ``rest`` as printed.

    ``explicit``: whether the family had a section of its own.
    """

    asn: str
    lines: tuple[str, ...]
    family: tuple[str, ...]
    rest: tuple[str, ...] = ()
    explicit: bool = True

    def block(self) -> Block | None:
        """As a block, None if nothing is in it."""
        rows = [f" {line}" for line in self.lines]
        if self.family:
            rows += [" address-family ipv4", *(f"  {line}" for line in self.family), f" {_LEAVE}"]
        rows += self.rest
        return Block((f"router bgp {self.asn}", *rows)) if rows else None


def read(block: Block) -> Process:
    """The process of a block that begins with ``router bgp``. Its flat form is read as the other one."""
    lines: list[str] = []
    family: list[str] = []
    rest: list[str] = []
    inside: list[str] | None = None
    explicit = False
    for row in block.lines[1:]:
        text = " ".join(row.split())
        if text in ("", "!"):
            continue
        if len(row) - len(row.lstrip()) > 1 and inside is not None:
            inside.append(text if inside is family else row)
        elif text == _LEAVE:
            if inside is rest:
                rest.append(row)
        elif _FAMILY.fullmatch(text):
            inside, explicit = family, True
        elif text.startswith("address-family ") or text.startswith("template ") or text.startswith("scope "):
            inside = rest
            rest.append(row)
        else:
            lines.append(text)
    if not explicit:
        family = [line for line in lines if _OF_FAMILY.match(line)]
        lines = [line for line in lines if not _OF_FAMILY.match(line)]
        if "no bgp default ipv4-unicast" not in lines:
            peers = dict.fromkeys(line.split()[1] for line in lines if line.startswith("neighbor "))
            off = {line.split()[2] for line in family if re.match(r"no neighbor \S+ activate", line)}
            implied = [f"neighbor {peer} activate" for peer in peers if peer not in off]
            family += [line for line in implied if line not in family]
    return Process(block.head.split()[2], tuple(lines), tuple(family), tuple(rest), explicit)


def our_line(process: Process) -> Callable[[str], bool]:
    """Whether a line of the process or its family carries our name, or is of a member of our groups."""
    members = {match[1] for line in process.lines if (match := _MEMBER.fullmatch(line))}

    def ours(line: str) -> bool:
        words = line.removeprefix("no ").split()
        if words[0] == "neighbor":
            return bool(_OUR_NAME.fullmatch(words[1])) or words[1] in members
        return bool(_LISTEN.fullmatch(line))

    return ours


def alone(process: Process) -> bool:
    """Whether nobody but us is in the process."""
    ours = our_line(process)
    return not process.rest and all(
        ours(line) or _KEPT.fullmatch(line) or _SHARED.fullmatch(line) or line.startswith("network ")
        for line in (*process.lines, *process.family)
    )


def split(running: Process | None, wanted: Process | None) -> tuple[Block | None, Block | None, Block | None]:
    """What of ``running`` is ours, what is not, and what of ``wanted`` is to be there.

    The process's number is the same in both, where both are there.
    """
    if running is None:
        return None, None, wanted.block() if wanted else None
    ours = our_line(running)
    # The process is there also if nothing in it is ours.
    bare = Block((f"router bgp {running.asn}",))
    if alone(running):
        if wanted is None:
            return running.block() or bare, None, None
        mine = Process(
            running.asn,
            _without(running.lines, _KEPT),
            _without(running.family, _KEPT),
        )
        kept = [line for line in running.lines if _KEPT.fullmatch(line)]
        return (
            mine.block() or bare,
            Process(running.asn, tuple(kept), ()).block(),
            Process(wanted.asn, _without(wanted.lines, _KEPT), _without(wanted.family, _KEPT)).block(),
        )
    meant = set(wanted.family) if wanted else set()
    mine_family = [
        line for line in running.family if ours(line) or (line.startswith("network ") and line in meant)
    ]
    mine = Process(running.asn, tuple(filter(ours, running.lines)), tuple(mine_family))
    foreign = Process(
        running.asn,
        tuple(line for line in running.lines if not ours(line) and not _LIMIT.fullmatch(line)),
        tuple(line for line in running.family if line not in mine_family),
        running.rest,
    )
    target: Block | None = None
    if wanted is not None:
        limit = _limit(running.lines)
        target = Process(
            wanted.asn,
            tuple(
                line
                for line in wanted.lines
                if not (_KEPT.fullmatch(line) or _SHARED.fullmatch(line))
                or (_LIMIT.fullmatch(line) and _limit([line]) > limit)
            ),
            wanted.family,
        ).block()
    return mine.block() or bare, foreign.block(), target


def _without(lines: Iterable[str], pattern: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if not pattern.fullmatch(line))


def _limit(lines: Iterable[str]) -> int:
    """How many dynamic neighbors the lines allow."""
    return next((int(match[1]) for line in lines if (match := _LIMIT.fullmatch(line))), DEFAULT_LIMIT)
