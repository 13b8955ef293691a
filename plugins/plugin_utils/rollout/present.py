# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rollout says, in the words of a colleague."""

from __future__ import annotations

from collections.abc import Sequence

from ..judge.present import paragraph
from .record import Record, Stage

NAMES = 8  # that are written out
# How a router of a wave that was not proven was left.
LEFT = {
    "undone": "undone",
    "kept": "kept",
    "unknown": "not known",
}


def named(hosts: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(hosts) - NAMES
    return ", ".join(hosts[:NAMES]) + (f" and {more} more" if more > 0 else "")


def duration(seconds: float) -> str:
    """As one says it: 40 s, 14 min, 2 h 5 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def counted(number: int, what: str = "site") -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def forecast(record: Record, unchanged: int, check: bool) -> str:
    """Said before anything is touched."""
    ahead = [stage for stage in record.stages if stage.state != "done"]
    routers = sum(len(stage.hosts) for stage in ahead)
    would = "would change" if check else "to change"
    lines = [
        f"{counted(routers, 'router')} {would}, {unchanged} as they should be; {counted(len(ahead), 'wave')}:"
    ]
    if record.resumed:
        lines.insert(0, f"goes on with the rollout of {record.begun}: {counted(record.count('done'))} done")
    first = len(record.stages) - len(ahead)
    lines += [f"  {first + number}. {_line(stage)}" for number, stage in enumerate(ahead, start=1)]
    if record.left_out:
        lines.append(f"  left out, could not be looked at: {named(record.left_out)}")
    return "\n".join(lines)


def _line(stage: Stage) -> str:
    kind = {"hubs": "hubs of clouds that are new", "canary": "canary"}.get(stage.kind, "wave")
    return f"{kind}: {named(stage.hosts)}"


def heading(record: Record, number: int) -> str:
    stage = record.stages[number]
    what = "canary" if stage.kind == "canary" else "routers"
    return f"wave {number + 1} of {len(record.stages)} begins: {what} {named(stage.hosts)}"


def progress(record: Record, number: int) -> str:
    """``wave 2 of 5: 12 sites done, 88 left, about 14 min to go``."""
    left = record.count("waiting")
    said = f"wave {number + 1} of {len(record.stages)}: {counted(record.count('done'))} done, {left} left"
    seconds = record.time_left()
    return f"{said}, about {duration(seconds)} to go" if left and seconds is not None else said


def stopped(record: Record, number: int) -> str:
    """Which are done, which undone, which not begun, and why."""
    stage = record.stages[number]
    done = [host for other in record.stages if other.state == "done" for host in other.hosts]
    waiting = [host for other in record.stages if other.state == "waiting" for host in other.hosts]
    lines = [f"the rollout stopped in wave {number + 1} of {len(record.stages)}"]
    lines.append(f"  done:      {named(done) or 'none'}")
    for left, word in LEFT.items():
        hosts = [host for host in stage.hosts if stage.left.get(host, "unknown") == left]
        if hosts:
            lines.append(f"  {word + ':':<10} {named(hosts)}")
    lines.append(f"  not begun: {named(waiting) or 'none'}")
    causes = [
        ("", f"{host}: {line}")
        for host, cause in stage.causes.items()
        for line in cause.splitlines() or ["no reason given"]
        if line.strip()
    ]
    lines += paragraph("  cause:", causes)
    lines.append("run site.yml again when that is repaired: it goes on with what is not done")
    return "\n".join(lines)
