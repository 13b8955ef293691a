# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Back to the state before a change: by the run that failed, by the next one, or by the router alone."""

from __future__ import annotations

from collections.abc import Callable

from . import frr
from .deadman import disarm
from .drift import unit_states
from .history import note
from .host import Host
from .journal import Journal
from .release import SYSTEMD
from .steps import SERVICES, STEPS, Change, FrrTarget
from .store import STAGING, Generation, Record, load_generation, write_intent, write_record


class Failed(Exception):
    """A step failed. ``trouble`` is what could not be put back: empty when the router is as it was."""

    def __init__(self, step: str, words: str, trouble: list[str]) -> None:
        self.step = step
        self.words = words
        self.trouble = trouble
        if trouble:
            state = (
                "THE ROUTER COULD NOT BE PUT BACK AS IT WAS; repair this and run again, "
                "which first tries once more: " + "; ".join(trouble)
            )
        else:
            state = "the router is as it was before"
        super().__init__(f"step '{step}' failed: {words}\n{state}")


def undo(host: Host, journal: Journal, because: str) -> None:
    """End an open change by taking it back. The caller holds the lock. Raises :class:`Failed`.

    When it is interrupted or fails, the journal stays, and so does the switch: it is tried again.
    """
    if journal.state != "undoing":
        journal.undo(because)
    generation = load_generation(host, journal.generation)
    # What started often of late may start once more.
    host.run("systemctl", "reset-failed", *generation.units)
    trouble = restore(host, generation, journal.steps, journal.back)
    if trouble:
        raise Failed("undo", f"the change of {journal.since}, because {because}", trouble)
    end(host, journal, "undone", because)


def end(host: Host, journal: Journal, verdict: str, because: str = "") -> None:
    """The change is over. Whatever interrupts this leaves the router whole."""
    note(host, journal, verdict, because)
    journal.close()
    disarm(host)


def restore(
    host: Host, generation: Generation, begun: list[str], note: Callable[[str], None] = lambda step: None
) -> list[str]:
    """Take back the begun steps, all of them whatever fails; returns what could not be put back.

    ``note`` is told each step before it goes back.
    """
    target = FrrTarget(
        running=lambda held: held if generation.running is None else generation.running,
        conf=generation.frr_conf,
        daemons=generation.frr_daemons,
    )
    change = Change(
        host, generation.intended, generation.previous, target, frozenset(begun), generation.sysctls
    )
    needed = {*begun, "clean"}
    if "retire" in begun:
        # Tunnels that were taken down come up again, also if the run did not come that far.
        needed.add("tunnels")
    if "frr daemons" in begun:
        needed |= {"frr", "frr idle"}
    trouble = []
    for step, run in STEPS.items():
        if step in needed:
            note(step)
            try:
                run(change)
            except Exception as error:
                trouble.append(f"{step}: {frr.masked(str(error))}")
    trouble += _restore_units(host, generation)
    try:
        write_record(host, generation.record if generation.record != Record() else None)
        write_intent(host, generation.intent)
        host.remove(STAGING)
    except OSError as error:
        trouble.append(f"record: {error}")
    return trouble


def _restore_units(host: Host, generation: Generation) -> list[str]:
    trouble = []
    held = unit_states(host, list(generation.units))
    for unit, (enabled, active) in generation.units.items():
        if unit not in SERVICES and f"{SYSTEMD}/{unit}" not in generation.previous.files:
            continue
        actions = []
        if held[unit][0] != enabled:
            actions.append("enable" if enabled else "disable")
        if held[unit][1] != active:
            actions.append("start" if active else "stop")
        for action in actions:
            result = host.run("systemctl", action, unit)
            if result.status:
                trouble.append(f"systemctl {action} {unit}: {result.words}")
    return trouble
