# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shuts WANs of an IOS router for a while, under its own revert timer.

The timer is armed, and seen to be, before the first ``shutdown``; nothing is saved. So the router takes the
fault back whatever becomes of us, by its timer or by a reload. At the end we say ``no shutdown`` to what we
have shut, and only then cancel the timer with ``configure confirm``. One line for each WAN is more certain
and sooner over than ``configure revert now``, which compares whole configurations and is known to abort; that
is what remains if a WAN does not start. If we die in between, the timer finds all as the router kept it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ..ios import answers, blocks
from ..ios.asked import TIMER
from ..ios.wish import Cli
from ..pending.errors import Lost
from .ios_look import guard, shut
from .router import Trouble

ALIVE = 5.0  # seconds between two signs of life: Ansible drops a connection that is idle for long
SLACK = 30  # seconds at least between the end of a fault and the warning that the timer sends a minute before
SPARE = 60  # seconds after its timer in which the router must have gone back
RETRY = 1.0
SHUT = "administratively down"
AS_BEFORE = "the WANs are up, and nothing is pending"
_STATE = re.compile(r"^\S+ is (administratively down|\w+).*, line protocol is ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something happened at ``when``, to ``error`` seconds either way: while its command was under way."""

    when: float
    error: float


@dataclass(frozen=True, slots=True)
class Held:
    """When the WANs were shut, when they were started, and when nothing was pending any more."""

    broken: Moment
    line: Moment
    restored: float


@dataclass(frozen=True, slots=True)
class Clocks:
    """For tests; both count seconds."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def minutes(seconds: int) -> int:
    """The revert timer of a fault that lasts so long."""
    return -(-(seconds + SLACK) // 60) + 1


def hold(cli: Cli, wans: Sequence[str], seconds: int, clocks: Clocks | None = None) -> Held:
    """The whole fault. Raises :class:`Trouble`, and :class:`Lost` if nothing was sent yet."""
    clocks = clocks or Clocks()
    _ready(cli, wans)
    limit = minutes(seconds)
    until = clocks.now() + 60 * limit + SPARE
    armed = _arm(cli, limit)
    try:
        broken = _switch(cli, wans, "shutdown", clocks)
        if up := [wan for wan in wans if _state(cli, wan) != SHUT]:
            raise Trouble(f"{', '.join(up)} did not go down after `shutdown`")
        _wait(cli, broken.when + seconds, clocks)
    except Lost as lost:
        _restore(cli, wans, armed, until, limit, clocks)
        raise Trouble(f"the connection broke while WANs were shut down ({lost}); {AS_BEFORE}") from None
    except Trouble as trouble:
        _restore(cli, wans, armed, until, limit, clocks)
        raise Trouble(f"{trouble}; {AS_BEFORE}") from None
    except BaseException:  # The task is being ended.
        _restore(cli, wans, armed, until, limit, clocks)
        raise
    line = _restore(cli, wans, armed, until, limit, clocks)
    if line is None:
        raise Trouble(
            f"{', '.join(wans)} was up again before its time, by the timer or by somebody: the fault was "
            f"not seen to its end; {AS_BEFORE}"
        )
    return Held(broken, line, clocks.now())


def _ready(cli: Cli, wans: Sequence[str]) -> None:
    """What was looked at may have changed since, and the connection may have been idle for too long."""
    try:
        running = cli.send("show running-config")
    except Lost:
        cli.renew()
        running = cli.send("show running-config")
    if not blocks.complete(running):
        raise Trouble("the running configuration did not come to its end: raise ansible_command_timeout")
    for problem, remedy in guard(running):
        raise Trouble(f"nothing was broken: {problem}; {remedy}")
    if missing := [wan for wan in wans if wan not in blocks.interfaces(running)]:
        raise Trouble(f"nothing was broken: there is no interface {missing[0]}")
    if down := [wan for wan in wans if wan in shut(running)]:
        raise Trouble(f"nothing was broken: {', '.join(down)} is shut down already")


def _arm(cli: Cli, limit: int) -> str:
    """Starts the timer; what the router says of it, by which it is known again."""
    command = f"configure terminal revert timer {limit}"
    said = answers.errors(cli.send(command))
    if not said:
        cli.send("end")
    armed = cli.send(TIMER)
    if not said and _pending(armed):
        return armed
    reason = (said or answers.errors(armed) or ["no timer was started"])[0]
    if answers.pending(armed) and "already pending" not in reason:
        # The copy failed and the timer runs: nothing has changed that it could take back.
        cli.send("configure confirm")
    raise Trouble(f"nothing was broken: `{command}`: {reason} - {answers.remedy(reason)}")


def _pending(said: str) -> bool:
    """Whether the router tells of a timer that runs, and no error."""
    return answers.pending(said) and not answers.errors(said)


def _switch(cli: Cli, wans: Sequence[str], command: str, clocks: Clocks) -> Moment:
    """The command on every WAN. Raises :class:`Trouble` for what the router refuses."""
    if said := answers.errors(cli.send("configure terminal")):
        raise Trouble(f"`configure terminal`: {said[0]} - {answers.remedy(said[0])}")
    begun = clocks.now()
    try:
        for wan in wans:
            for line in (f"interface {wan}", command):
                if said := answers.errors(cli.send(line)):
                    raise Trouble(f"`{line}`: {said[-1]} - {answers.remedy(said[-1])}")
        ended = clocks.now()
    except Lost:
        raise
    except BaseException:
        # Out of configuration mode, or nothing that follows is understood.
        cli.send("end")
        raise
    cli.send("end")
    return Moment((begun + ended) / 2, (ended - begun) / 2)


def _state(cli: Cli, wan: str) -> str:
    """What the router says, "" for what cannot be read."""
    match = _STATE.search(cli.send(f"show interfaces {wan}"))
    return match[1] if match else ""


def _not_started(cli: Cli, wans: Sequence[str]) -> list[str]:
    """Those that are shut, or may be."""
    return [wan for wan in wans if _state(cli, wan) in (SHUT, "")]


def _wait(cli: Cli, until: float, clocks: Clocks) -> None:
    """Keeps the connection alive; one that breaks is made anew, and the fault goes on."""
    while (left := until - clocks.now()) > 0:
        clocks.sleep(min(ALIVE, left))
        try:
            cli.send("show privilege")
        except Lost:
            with suppress(Lost):
                cli.renew()


def _restore(
    cli: Cli, wans: Sequence[str], armed: str, until: float, limit: int, clocks: Clocks
) -> Moment | None:
    """Starts the WANs, over a new connection if need be, and cancels the timer; None if they were up."""
    line: Moment | None = None
    begun: float | None = None
    while True:
        try:
            if _not_started(cli, wans):
                begun = clocks.now() if begun is None else begun
                line = _start(cli, wans, armed, clocks)
            elif line is None and begun is not None:
                # The answer was lost together with the connection.
                half = (clocks.now() - begun) / 2
                line = Moment(begun + half, half)
            _cancel(cli, armed)
            return line
        except Lost as lost:
            if clocks.now() > until:
                raise Trouble(
                    f"the router cannot be reached any more ({lost}); its revert timer of {limit} minutes is "
                    f"over, so it should have gone back: look there, `show interfaces {wans[0]}`, `{TIMER}`"
                ) from None
            clocks.sleep(RETRY)
            with suppress(Lost):
                cli.renew()


def _start(cli: Cli, wans: Sequence[str], armed: str, clocks: Clocks) -> Moment:
    """``no shutdown``; if that is not enough ``configure revert now``, of ours. Raises :class:`Trouble`."""
    reason = ""
    line = Moment(clocks.now(), 0.0)
    try:
        line = _switch(cli, wans, "no shutdown", clocks)
    except Trouble as trouble:
        reason = f": {trouble}"
    if not _not_started(cli, wans):
        return line
    begun = clocks.now()
    ours = _same(cli.send(TIMER), armed)
    said = cli.send("configure revert now") if ours else "its copy is not pending any more"
    ended = clocks.now()
    if still := _not_started(cli, wans):
        told = (answers.errors(said) or said.split("\n")[-1:])[0].strip()
        raise Trouble(
            f"{', '.join(still)} is STILL SHUT DOWN{reason}; `configure revert now` is of no help ({told}). "
            f"Start it by hand: `configure terminal`, `interface {still[0]}`, `no shutdown`"
        )
    return Moment((begun + ended) / 2, (ended - begun) / 2)


def _same(now: str, armed: str) -> bool:
    """Whether the timer that runs is ours: the router tells when it was armed, for how long and by whom."""
    return now.split() == armed.split()


def _cancel(cli: Cli, armed: str) -> None:
    """Nothing is left to go back to. A timer that somebody else has armed meanwhile is left alone."""
    now = cli.send(TIMER)
    if not answers.pending(now):
        return
    if not _same(now, armed):
        raise Trouble(
            "the WANs are up again; another change waits to be confirmed now, which is not the fault's and "
            f"was left alone: see `{TIMER}`"
        )
    said = answers.errors(cli.send("configure confirm"))
    if said or answers.pending(cli.send(TIMER)):
        raise Trouble(
            "the WANs are up again; the router did not cancel its revert timer "
            f"({said[0] if said else 'it is pending'}): write `configure confirm`"
        )
