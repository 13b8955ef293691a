# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Apply as one transaction: check, stage, validate, keep the old state, change, put all back on failure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from . import frr
from .checks import stage, validate
from .drift import unit_states
from .frr_merge import FrrConflict
from .host import CommandFailed, Host
from .plan import Plan, make_plan
from .preflight import PACKAGES, obstacles, packages, warnings
from .release import SYSCTL, SYSTEMD, Release
from .steps import SERVICES, STEPS, Change, FrrTarget, proc, sysctl_keys
from .store import (
    JOURNAL,
    STAGING,
    VAR,
    Generation,
    Journal,
    Record,
    load_generation,
    lock,
    now,
    read_journal,
    read_record,
    read_release,
    save_generation,
    write_record,
)


class Refused(Exception):
    """Nothing was touched; each message is one obstacle."""

    def __init__(self, messages: list[str]) -> None:
        self.messages = messages
        super().__init__("; ".join(messages))


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, or would do in check mode. ``reasons`` are changed files and drift."""

    changed: bool
    reasons: list[str] = field(default_factory=list)
    diff: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    generation: int | None = None


def apply(host: Host, wanted: Release, intent: Mapping[str, Any], *, check: bool = False) -> Outcome:
    """Bring a router to a release. Raises ``Refused``, ``Locked`` or ``Failed``."""
    with nullcontext() if check else lock(host):
        told = recover(host, check)
        undone = [] if check else list(told)
        record = read_record(host)
        held = packages(host)
        problems = list(obstacles(host, wanted, intent, record, held))
        fresh = check and any(name not in held for name in PACKAGES)
        if fresh:
            # The role installs them before the real run.
            told.append("FRR and strongSwan are not installed yet, so nothing was validated")
            problems = [text for text in problems if not text.startswith(("not installed", "no /etc/"))]
        if problems:
            raise Refused(problems)
        told += warnings(held)
        plan = _plan(host, wanted, record)
        if not plan.reasons:
            if not check and plan.after != record:
                write_record(host, plan.after)
            return Outcome(bool(undone), undone, warnings=told)
        if not fresh:
            _validate(host, plan, f"/tmp/mgre-dmvpn-check-{now()}" if check else STAGING, keep=not check)
        number = None if check else _carry_out(host, plan)
        return Outcome(True, [*undone, *plan.reasons], plan.diff(), told, number)


def remove(host: Host, *, check: bool = False) -> Outcome:
    """Take everything of ours off a router, tunnels first and the guard last."""
    if not host.exists(VAR):
        return Outcome(False)
    with nullcontext() if check else lock(host):
        told = recover(host, check)
        plan = _plan(host, Release(), read_record(host))
        if plan.reasons and not check:
            if plan.running:
                _validate(host, plan, STAGING, keep=True)
            _carry_out(host, plan)
        if not check:
            host.remove(VAR)
        return Outcome(True, plan.reasons, plan.diff(), told)


def recover(host: Host, check: bool) -> list[str]:
    """Undo what a killed run left half done. Raises ``Failed``."""
    journal = read_journal(host)
    if journal is None:
        return []
    if check:
        return [f"a run of {journal.since} was interrupted; the next real run undoes it first ({JOURNAL})"]
    trouble = restore(host, load_generation(host, journal.generation), journal.steps)
    if trouble:
        raise Failed("undo an interrupted run", f"begun {journal.since}", trouble)
    journal.close()
    return [f"a run of {journal.since} was interrupted; it was undone before this one"]


def _plan(host: Host, wanted: Release, record: Record) -> Plan:
    try:
        return make_plan(host, read_release(host, record, wanted), wanted, record)
    except FrrConflict as conflict:
        raise Refused(conflict.messages) from None
    except CommandFailed as error:
        raise Refused([str(error)]) from None


def _validate(host: Host, plan: Plan, folder: str, keep: bool) -> None:
    configs = {"frr-file.conf": plan.conf.text}
    if plan.running:
        configs["frr-running.conf"] = plan.running.text
    try:
        stage(host, plan.new, folder)
        validate(host, plan.new, configs, plan.units_differ(), folder)
    except CommandFailed as error:
        keep = False
        raise Refused([f"{frr.masked(str(error))}\nnothing was changed"]) from None
    finally:
        if not keep:
            host.remove(folder)


def _carry_out(host: Host, plan: Plan) -> int:
    """Change live state. Whatever goes wrong, the router is put back. Raises ``Failed``."""
    generation = _snapshot(host, plan)
    number = save_generation(host, generation)
    journal = Journal(host, number, now())
    change = plan.change(host)
    step = "begin"
    try:
        for step, run in STEPS.items():
            journal.begin(step)
            run(change)
        # Place of the dead-man's switch: keep the journal here until a `confirm` over a fresh connection.
        step = "record"
        write_record(host, plan.after)
    except BaseException as error:
        trouble = restore(host, generation, journal.steps)
        if not trouble:
            journal.close()
        if not isinstance(error, Exception):
            raise
        raise Failed(step, frr.masked(str(error)), trouble) from error
    journal.close()
    host.remove(STAGING)
    return number


def _snapshot(host: Host, plan: Plan) -> Generation:
    keys = {**sysctl_keys(plan.old.text(SYSCTL)), **sysctl_keys(plan.new.text(SYSCTL))}
    values = {key: host.read(proc(key)) for key in keys}
    units = list(dict.fromkeys([*plan.old.units, *plan.new.units, *SERVICES]))
    return Generation(
        previous=plan.old,
        intended=plan.new,
        record=plan.before,
        units=unit_states(host, units),
        sysctls={key: value.strip() for key, value in values.items() if value is not None},
        running=frr.running(host),
        frr_conf=plan.frr_conf,
        frr_daemons=host.read(frr.FRR_DAEMONS),
        created=now(),
    )


def restore(host: Host, generation: Generation, begun: list[str]) -> list[str]:
    """Take back the begun steps, all of them whatever fails; returns what could not be put back."""
    target = FrrTarget(
        running=lambda held: held if generation.running is None else generation.running,
        conf=generation.frr_conf,
        daemons=generation.frr_daemons,
    )
    change = Change(
        host, generation.intended, generation.previous, target, frozenset(begun), generation.sysctls
    )
    needed = {*begun, "clean"}
    if "frr daemons" in begun:
        needed |= {"frr", "frr idle"}
    trouble = []
    for step, run in STEPS.items():
        if step in needed:
            try:
                run(change)
            except Exception as error:
                trouble.append(f"{step}: {frr.masked(str(error))}")
    trouble += _restore_units(host, generation)
    try:
        write_record(host, generation.record if generation.record != Record() else None)
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
