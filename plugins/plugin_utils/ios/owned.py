# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a running configuration is ours; the rest is foreign and stays as it is.

Ours are: everything named ``MGRE-*``, static routes with ``name MGRE-*``, tunnels whose description begins
with ``mgre.dmvpn``, the OSPF process that these are in, and our part of ``router bgp`` (bgp.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from . import bgp
from .blocks import Block

MARK = "mgre.dmvpn "
_NAMED = re.compile(
    r"(?:crypto ikev2 (?:proposal|policy|keyring|profile)|crypto ipsec (?:transform-set|profile)"
    r"|crypto pki certificate map|ip prefix-list|route-map|ip access-list \S+|ip community-list \S+"
    r"|class-map(?: match-all| match-any)?|policy-map|key chain|router eigrp) MGRE-\S+"
)
_ROUTE = re.compile(r"ip route .* name MGRE-\S+$")
_TUNNEL = re.compile(r"interface Tunnel\d+")
_OSPF = re.compile(r"router ospf (\d+)")
_OSPF_USE = re.compile(r"ip ospf (\d+) area ")
_BGP = re.compile(r"router bgp (\S+)")
# What a tunnel interface holds that nobody has configured.
_EMPTY = {"no ip address", "shutdown", "no shutdown"}


@dataclass(frozen=True, slots=True)
class Split:
    """``ours`` and ``foreign`` of the running configuration; ``target``: what of the intended one goes there.

    ``conflicts`` say which of our names or numbers another use has; then nothing may be changed.
    ``notes`` say what may be ours and is left alone.
    """

    ours: tuple[Block, ...]
    foreign: tuple[Block, ...]
    target: tuple[Block, ...]
    conflicts: tuple[str, ...]
    notes: tuple[str, ...]


class NotOurs(ValueError):
    """A rendered configuration with a line that would not be known as ours on the way back."""


def marked(block: Block) -> bool:
    """Whether a tunnel says that it is ours."""
    return any(row.strip().startswith(f"description {MARK}") for row in block.lines[1:])


def split(running: Iterable[Block], intended: Iterable[Block]) -> Split:
    """Raises :class:`NotOurs` for an intended configuration that is not all ours."""
    running, intended = tuple(running), tuple(intended)
    wanted = {block.head: block for block in intended}
    our_tunnels = [block for block in running if _TUNNEL.fullmatch(block.head) and marked(block)]
    processes = {
        match[1] for block in our_tunnels for row in block.lines if (match := _OSPF_USE.match(row.strip()))
    }
    ours: list[Block] = []
    foreign: list[Block] = []
    conflicts: list[str] = []
    notes: list[str] = []
    target = [block for block in intended if not _BGP.fullmatch(block.head)]
    for block in target:
        if not _is_ours(block, {block.head}):
            raise NotOurs(block.head)
    for block in running:
        head = block.head
        if not block.plain or _BGP.fullmatch(head):
            continue
        if _TUNNEL.fullmatch(head):
            if marked(block) or (
                head in wanted and {row.strip() for row in block.lines[1:]} - {"!"} <= _EMPTY
            ):
                ours.append(block)
            else:
                foreign.append(block)
                if head in wanted:
                    conflicts.append(
                        f"{head} is there and is not ours; give the cloud another number, or hand the "
                        f"tunnel over with `description {MARK.strip()}` on it"
                    )
        elif match := _OSPF.match(head):
            if match[1] in processes or any(" route-map MGRE-" in row for row in block.lines):
                ours.append(block)
            else:
                foreign.append(block)
                if head in wanted:
                    conflicts.append(
                        f"{head} is there and is not ours; give the cloud another number, or remove the "
                        f"process"
                    )
        elif _NAMED.match(head) or _ROUTE.match(head):
            ours.append(block)
        else:
            foreign.append(block)
    foreign += [block for block in running if not block.plain]
    _split_bgp(running, intended, ours, foreign, target, conflicts, notes)
    return Split(tuple(ours), tuple(foreign), tuple(target), tuple(conflicts), tuple(notes))


def _is_ours(block: Block, tunnels: set[str]) -> bool:
    head = block.head
    if _TUNNEL.fullmatch(head):
        return marked(block) and head in tunnels
    return bool(_NAMED.match(head) or _ROUTE.match(head) or _OSPF.fullmatch(head))


def _split_bgp(
    running: tuple[Block, ...],
    intended: tuple[Block, ...],
    ours: list[Block],
    foreign: list[Block],
    target: list[Block],
    conflicts: list[str],
    notes: list[str],
) -> None:
    have = next((bgp.read(block) for block in running if _BGP.fullmatch(block.head)), None)
    want = next((bgp.read(block) for block in intended if _BGP.fullmatch(block.head)), None)
    if have and want and have.asn != want.asn and not bgp.alone(have):
        conflicts.append(
            f"router bgp {have.asn} is there with neighbors that are not ours, and IOS has one BGP process; "
            f"write asn: {have.asn} in the cloud's routing"
        )
        want = None
    renumbered = want if have and want and have.asn != want.asn else None
    mine, rest, meant = bgp.split(have, None if renumbered else want)
    if renumbered:
        meant = renumbered.block()
    ours += [mine] if mine else []
    foreign += [rest] if rest else []
    target += [meant] if meant else []
    if have and not bgp.alone(have):
        meant_networks = set(want.family) if want else set()
        stray = [line for line in have.family if line.startswith("network ") and line not in meant_networks]
        if stray and any(map(bgp.our_line(have), have.lines)):
            notes.append(
                f"router bgp {have.asn} has neighbors that are not ours, so these lines are left as "
                f"they are, "
                f"whoever wrote them: {', '.join(stray)}"
            )


def rows(foreign: Iterable[Block]) -> list[str]:
    """Foreign lines, each with the head that it stands under, for comparison before and after."""
    found: list[str] = []
    for block in foreign:
        found.append(block.head)
        found += [f"{block.head}\n{row}" for row in block.lines[1:] if row.strip() not in ("", "!")]
    return found
