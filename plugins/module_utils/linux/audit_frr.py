# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""FRR's lines: ours that are missing or left over, and those of others that reach into ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..difference import DEFAULT, OURS, THEIRS, Difference, shortened
from . import frr
from .frr_config import Path, parse, paths
from .host import Host
from .plan import Plan
from .release import FRAGMENT

# Names of objects that only the collection makes.
_OUR_CONTEXT = re.compile(r"(?:interface dmvpn\d+|route-map MGRE-\S+ .*|profile MGRE-\S+)$")
_OUR_NAME = re.compile(r"(?:^|\s)MGRE-\S+")
_NEIGHBOUR = re.compile(r"(?:no )?neighbor (\S+) ")
_SECRET = re.compile(
    r"((?:password|authentication|authentication-key|key-string|md5|secret)(?: text| md5| \d+)*) \S+$"
)
PROFILE = "frr defaults "
TRADITIONAL = f"{PROFILE}traditional"
APPLY = "run site.yml for this router"
HAND = "somebody with vtysh, or in frr.conf"


def routing(host: Host, plan: Plan) -> Iterator[Difference]:
    """All of it, one difference for each context."""
    now = frr.running(host)
    profile = next((line for line in (now or "").splitlines() if line.startswith(PROFILE)), TRADITIONAL)
    added = list(plan.running.added) if plan.running else []
    removed = list(plan.running.removed) if plan.running else []
    saved = set(plan.conf.added), set(plan.conf.removed)
    if profile != TRADITIONAL:
        hidden = [line for line in added if line not in saved[0]]
        added = [line for line in added if line in saved[0]]
        yield _defaults(profile, hidden)
    ours = set(paths(parse(plan.old.text(FRAGMENT))))
    yield from _told([*added, *plan.conf.added], set(added), saved[0], ours, plus=True)
    yield from _told([*removed, *plan.conf.removed], set(removed), saved[1], ours, plus=False)
    if now is not None:
        yield from _foreign(now, host.read(frr.FRR_CONF) or "", plan)


def _defaults(profile: str, hidden: list[Path]) -> Difference:
    """FRR shows no line that is a default of its profile, so lines of ours are hidden with another one."""
    what = f"'{profile}': values that nobody wrote are not those that this was proven with"
    if hidden:
        what += ", and lines of ours are not shown"
    by = "whoever set up FRR, before or after us"
    remedy = f"write '{TRADITIONAL}' and restart FRR"
    shown = shortened([f"+ {masked(' / '.join(line))}" for line in hidden])
    return Difference("frr", "FRR: defaults", DEFAULT, what, by, remedy, lines=shown)


def _told(
    lines: Iterable[Path], running: set[Path], saved: set[Path], ours: set[Path], *, plus: bool
) -> Iterator[Difference]:
    grouped: dict[tuple[str, str, str], list[Path]] = {}
    for line in dict.fromkeys(lines):
        if line in running and line in saved:
            where = "in the running configuration and in frr.conf"
        elif line in running:
            where = "in the running configuration, not in frr.conf"
        else:
            where = "in frr.conf only"
        by = HAND if (line in ours) == plus else "the inventory or the collection changed since the last run"
        grouped.setdefault((line[0], where, by), []).append(line)
    for (context, where, by), held in grouped.items():
        what = f"{counted(held)} {'missing' if plus else 'left over'} {where}"
        shown = shortened([f"{'+' if plus else '-'} {masked(' / '.join(line))}" for line in held])
        yield Difference("frr", f"FRR: {masked(context)}", OURS, what, by, APPLY, lines=shown)


def _foreign(running: str, saved: str, plan: Plan) -> Iterator[Difference]:
    """Lines of others in contexts, or about neighbours, that are ours."""
    fragment = paths(parse(plan.new.text(FRAGMENT)))
    ours = {*fragment, *paths(parse(plan.old.text(FRAGMENT)))}
    neighbours = {match[1] for line in fragment if (match := _NEIGHBOUR.match(f"{line[-1]} "))}
    kept = set(paths(parse(saved)))
    grouped: dict[str, list[Path]] = {}
    for line in paths(parse(running)):
        if line not in ours and line not in plan.before.foreign_running and reaches(line, neighbours):
            grouped.setdefault(line[0], []).append(line)
    for context, held in grouped.items():
        where = "saved in frr.conf" if all(line in kept for line in held) else "not saved"
        what = f"{counted(held)} of somebody else's in what is ours ({where})"
        remedy = "take them out with vtysh and write memory, or say in the inventory what they are for"
        shown = shortened([f"- {masked(' / '.join(line))}" for line in held])
        yield Difference("frr", f"FRR: {masked(context)}", THEIRS, what, HAND, remedy, lines=shown)


def counted(lines: list[Path]) -> str:
    return f"{len(lines)} line{'' if len(lines) == 1 else 's'}"


def reaches(line: Path, neighbours: set[str]) -> bool:
    """Whether a line of somebody else's changes what the collection has made."""
    if any(_OUR_CONTEXT.match(words) for words in line[:-1]) or _OUR_NAME.search(line[-1]):
        return True
    match = _NEIGHBOUR.match(f"{line[-1]} ")
    return line[0].startswith("router bgp ") and match is not None and match[1] in neighbours


def masked(text: str) -> str:
    """A line without what could be a secret, ours or theirs."""
    return _SECRET.sub(r"\1 (secret)", frr.masked(text))
