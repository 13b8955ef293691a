# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One router's change over its command line: read, push under the revert timer, verify anew, confirm, save.

The router keeps a copy before the first line and goes back to it by itself unless the change is confirmed, so
whatever happens to us or to the way to it, it ends as it was or as it was meant to be. A change that is held
is left waiting under that timer, for ``pending`` to end.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping

from ..pending.errors import Failed, Lost, Refused
from ..pending.mark import Mark
from . import answers, preflight
from .asked import privileged, running, waiting
from .blocks import interfaces, rows
from .pending import again, keep
from .remediate import Remediation, remediate
from .secret_lines import UnknownSecret, redact, reveal
from .steps import Step, commands, text
from .wish import Cli, Outcome, Wish

POLL = 2.0  # seconds between two looks at a tunnel that is not up yet
_COPY = re.compile(r"Backing up current running config to (\S+)")


def apply(cli: Cli, wish: Wish, check: bool = False, clock: Callable[[], float] = time.monotonic) -> Outcome:
    """The whole run. Raises :class:`Refused`, :class:`Failed`, :class:`Lost` before anything was sent."""
    privileged(cli)
    before = running(cli)
    change = _planned(cli, before, wish)
    outcome = Outcome(bool(change.steps), text(change.steps), list(change.notes))
    if not change.steps:
        return outcome
    if found := preflight.of_log(before, change):
        raise Refused(*found)
    lines = _resolved(change.steps, wish.secrets)
    if check:
        return outcome
    begun = clock()
    try:
        copy = _push(cli, wish, lines, before)
        if clock() - begun > 30 * wish.minutes:
            # A slow router or a long change: what follows gets the whole time again.
            cli.send(f"configure revert timer {wish.minutes}")
            begun = clock()
    except Lost as lost:
        raise Failed(
            f"the connection broke while the lines were sent ({lost}); the router goes back by itself "
            f"within {wish.minutes} "
            "minutes. Wait for that (`show archive config rollback timer`), see why it broke, and run "
            "this again",
            "push",
            restored=False,
        ) from None
    after = _verify(cli, wish, before, change, outcome, begun + 60 * wish.minutes, clock)
    if wish.hold:
        outcome.mark = str(Mark.of(rows(before).elements(), rows(after).elements(), copy))
        outcome.pending = _hold(cli, wish)
    else:
        outcome.warnings += keep(cli, wish.save)
    return outcome


def _planned(cli: Cli, now: str, wish: Wish) -> Remediation:
    """The change, after everything that could stand against it was looked at."""
    if found := preflight.of_router(now):
        raise Refused(*found)
    if waiting(cli):
        said = "rollback change already pending"
        raise Refused(f"a change on it waits to be confirmed: {answers.remedy(said)}")
    change = remediate(now, wish.intended, wish.secrets, wish.push_secrets)
    found = [*change.conflicts, *preflight.of_references(now, wish.intended)]
    if not found:
        for name in preflight.trustpoints(wish.intended):
            found += preflight.of_certificates(name, cli.send(f"show crypto pki certificates {name}"))
    if found:
        raise Refused(*found)
    return change


def _resolved(steps: tuple[Step, ...], secrets: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every line as it is shown and as it is sent."""
    try:
        lines = [(line, reveal(line, secrets)) for line in commands(steps)]
    except UnknownSecret as error:
        raise Refused(f"there is no secret {error}") from None
    for shown, sent in lines:
        if "?" in sent:
            raise Refused(
                f"`{shown}` holds a question mark, which asks the router for help: choose a secret "
                f"without one"
            )
    return lines


def _push(cli: Cli, wish: Wish, lines: list[tuple[str, str]], before: str) -> str:
    """All lines under the timer; the copy that the router keeps. What it refuses is undone at once. Raises
    :class:`Lost`."""
    begin = f"configure terminal revert timer {wish.minutes}"
    begun = cli.send(begin)
    if said := answers.errors(begun):
        # Nothing was configured; a router that keeps no copy may have started its timer nevertheless.
        if not waiting(cli):
            raise Refused(f"`{begin}`: {said[0]} - {answers.remedy(said[0])}")
        _undo(cli, wish, before, f"`{begin}`: {said[0]} - {answers.remedy(said[0])}", "begin")
    for shown, sent in lines:
        if said := answers.errors(redact(cli.send(sent), wish.secrets)):
            reason = next((line for line in said if "marker" not in line), said[0])
            _undo(cli, wish, before, f"`{shown}`: {reason} - {answers.remedy(' '.join(said))}", "push")
    cli.send("end")
    kept = _COPY.search(begun)
    return kept[1] if kept else ""


def _undo(cli: Cli, wish: Wish, before: str, reason: str, step: str) -> None:
    """Goes back and sees that it did. Always raises."""
    timer = f"the router goes back by itself within {wish.minutes} minutes"
    try:
        cli.send("end")
        said = cli.send("configure revert now")
        after = running(cli)
    except Lost:
        raise Failed(
            f"{reason}. The connection broke while it was undone; {timer}", step, restored=False
        ) from None
    left = _difference(before, after)
    if not left:
        raise Failed(
            f"{reason}. Everything was undone: the running configuration is as before", step, restored=True
        )
    told = (answers.errors(said) or [line for line in said.splitlines() if "abort" in line.lower()] or [""])[
        0
    ]
    raise Failed(
        f"{reason}. `configure revert now` left a difference ({len(left)} "
        f"lines{', ' + told if told else ''}): compare "
        "`show archive config differences` with the last file of `show archive`, and mend it by hand",
        step,
        restored=False,
    )


def _difference(before: str, after: str) -> list[str]:
    """Lines that are in one of them only."""
    one, other = rows(before), rows(after)
    return [*(one - other).elements(), *(other - one).elements()]


def _verify(
    cli: Cli,
    wish: Wish,
    before: str,
    change: Remediation,
    outcome: Outcome,
    deadline: float,
    clock: Callable[[], float],
) -> str:
    """Over a new connection: is everything as meant, and all that is not ours as it was? What runs now."""
    timer = f"the router goes back by itself within {wish.minutes} minutes of the change"
    try:
        cli.renew()
        after = running(cli)
    except Lost as lost:
        raise Failed(
            f"after the change no new connection could be made ({lost}), so it was not confirmed; "
            f"{timer}. Wait for "
            "that, and see with --check --diff what of the change could cut the way to the router",
            "verify",
            restored=False,
        ) from None
    try:
        left = remediate(after, wish.intended, wish.secrets)
        gone = Counter(change.foreign) - Counter(left.foreign)
        if left.steps or left.conflicts:
            shown = (text(left.steps).splitlines() or list(left.conflicts))[-1].strip()
            _undo(cli, wish, before, f"the router took all lines, and still lacks `{shown}`", "verify")
        if gone:
            head = next(iter(gone)).split("\n")[0]
            _undo(cli, wish, before, f"lines that are not ours changed, below `{head}`", "verify")
        if new := Counter(left.foreign) - Counter(change.foreign):
            heads = sorted({line.split("\n")[0] for line in new if not _of_ours(line)})
            if heads:
                outcome.warnings.append(f"lines that are not ours came during the run: {', '.join(heads)}")
        if wish.wait and (down := _down(cli, wish, deadline, clock)):
            _undo(cli, wish, before, f"{down} did not come up within {wish.wait} seconds", "verify")
    except Lost:
        raise Failed(
            f"the connection broke while the change was verified; {timer}", "verify", restored=False
        ) from None
    return after


def _of_ours(line: str) -> bool:
    """What IOS adds by itself to a process that we made."""
    return line.startswith("router bgp ") and line.split("\n ")[-1].strip() in (
        line.split("\n")[0],
        "bgp log-neighbor-changes",
    )


def _down(cli: Cli, wish: Wish, deadline: float, clock: Callable[[], float]) -> str:
    """The first tunnel that is not up after the time that it may take, "" if all are."""
    until = min(clock() + wish.wait, deadline - 30)
    for name in interfaces(wish.intended):
        while not re.search(r"line protocol is up", cli.send(f"show interfaces {name}")):
            if clock() >= until:
                return name
            time.sleep(POLL)
    return ""


def _hold(cli: Cli, wish: Wish) -> int:
    """Seconds that the change waits from now. Whoever is to end it gets the whole time."""
    try:
        again(cli, wish.minutes)
    except Lost as lost:
        raise Failed(
            f"the connection broke after the change was verified ({lost}), so it is not confirmed; the "
            f"router goes back by itself within {wish.minutes} minutes",
            "verify",
            restored=False,
        ) from None
    return 60 * wish.minutes
