# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Apply as one transaction: check, stage, validate, keep the old state, change, put all back on failure.

With a time to confirm within, the change stays pending at the end, and the router undoes it by itself unless
it is confirmed (commit.py) in that time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from . import frr
from .checks import stage, validate
from .commit import settle
from .deadman import arm, disarm
from .drift import unit_states
from .frr_merge import FrrConflict
from .history import unified
from .host import CommandFailed, Host
from .journal import Journal, boot_id, read_journal
from .outcome import AT_ONCE, Outcome, Refused, Terms
from .plan import Plan, make_plan
from .preflight import PACKAGES, obstacles, packages, warnings
from .release import SYSCTL, Release
from .settings import proc, sysctl_keys
from .steps import SERVICES, STEPS
from .store import (
    JOURNAL,
    STAGING,
    VAR,
    Generation,
    Record,
    generations,
    load_generation,
    lock,
    now,
    read_before,
    read_intent,
    read_record,
    read_release,
    save_generation,
    write_intent,
    write_record,
)
from .undo import Failed, end, restore, undo
from .undo_program import program


def apply(
    host: Host, wanted: Release, intent: Mapping[str, Any], *, check: bool = False, terms: Terms = AT_ONCE
) -> Outcome:
    """Bring a router to a release. Raises ``Refused``, ``Locked`` or ``Failed``."""
    with nullcontext() if check else lock(host):
        told = recover(host, check)
        undone = list(told)
        pending = read_journal(host)
        if pending and not pending.due():
            return _again(host, pending, wanted, check, terms)
        record = read_record(host)
        held = packages(host)
        problems = list(obstacles(host, wanted, intent, record, held))
        fresh = check and any(name not in held for name in PACKAGES)
        if fresh:
            # The role installs them before the real run.
            told.append("FRR and strongSwan are not installed yet, so nothing was validated")
            problems = [text for text in problems if not text.startswith("not installed")]
        if check and any(text.startswith("no /etc/") for text in problems):
            told.append("there is no certificate yet; the role mgre.dmvpn.pki gives one before the real run")
            problems = [text for text in problems if not text.startswith("no /etc/")]
        if problems:
            raise Refused(problems)
        told += warnings(held)
        plan = _plan(host, wanted, record)
        if not plan.reasons:
            stale = plan.after != record or read_intent(host) != intent
            if stale and not check:
                write_record(host, plan.after)
                write_intent(host, intent)
            return Outcome(bool(undone), undone, warnings=told, plan=plan, stale=stale)
        if not fresh:
            _validate(host, plan, f"/tmp/mgre-dmvpn-check-{now()}" if check else STAGING, keep=not check)
        outcome = Outcome(True, [*undone, *plan.reasons], plan.diff(), told, plan=plan)
        return outcome if check else _done(host, outcome, _carry_out(host, plan, terms, intent))


def rollback(
    host: Host, number: int | None = None, *, check: bool = False, terms: Terms = AT_ONCE
) -> Outcome:
    """Go back to the release before a change, the last one if no ``number`` is given.

    Lines of others in FRR stay as they are now. Raises ``Refused``, ``Locked`` or ``Failed``.
    """
    with nullcontext() if check else lock(host):
        told = recover(host, check)
        kept = generations(host)
        number = number if number is not None or not kept else kept[-1]
        if number is None or number not in kept:
            held = ", ".join(map(str, kept)) or "none"
            raise Refused([f"generation {number or 'of a change'} is not kept on this router; kept: {held}"])
        generation = load_generation(host, number)
        if not generation.previous.files:
            raise Refused(
                [
                    f"before generation {number} the collection had nothing on this router; "
                    "take it off with linux_state: absent"
                ]
            )
        pending = read_journal(host)
        if pending and not pending.due():
            return _again(host, pending, generation.previous, check, terms)
        plan = _plan(host, generation.previous, read_record(host))
        outcome = Outcome(bool(plan.reasons), plan.reasons, plan.diff(), told, intent=generation.intent)
        if not plan.reasons:
            return outcome
        _validate(host, plan, f"/tmp/mgre-dmvpn-check-{now()}" if check else STAGING, keep=not check)
        return outcome if check else _done(host, outcome, _carry_out(host, plan, terms, generation.intent))


def remove(host: Host, *, check: bool = False, terms: Terms = AT_ONCE) -> Outcome:
    """Take everything of ours off a router, tunnels first and the guard last.

    While that is pending, what the router needs to go back stays below ``VAR``.
    """
    if not host.exists(VAR):
        return Outcome(False)
    with nullcontext() if check else lock(host):
        told = recover(host, check)
        pending = read_journal(host)
        if pending and not pending.due():
            return _again(host, pending, Release(), check, terms)
        plan = _plan(host, Release(), read_record(host))
        outcome = Outcome(True, plan.reasons, plan.diff(), told)
        if plan.reasons and not check:
            if plan.running:
                _validate(host, plan, STAGING, keep=True)
            outcome = _done(host, outcome, _carry_out(host, plan, terms, None))
        if not check and not outcome.pending:
            host.remove(VAR)
        return outcome


def _done(host: Host, outcome: Outcome, journal: Journal) -> Outcome:
    return replace(
        outcome,
        generation=journal.generation,
        commit=journal.commit,
        pending=journal.seconds,
        before=read_before(host, journal.generation) if journal.seconds else None,
    )


def recover(host: Host, check: bool) -> list[str]:
    """Undo what a killed run left half done, and what was not confirmed in time. Raises ``Failed``."""
    journal = read_journal(host)
    because = journal.due() if journal else None
    if journal is None and not check:
        # Its power was cut after it was armed, and before anything was noted.
        disarm(host)
    if journal is None or because is None:
        return []
    run = f"a run of {journal.since} was interrupted"
    if journal.state == "pending":
        run = f"the change of {journal.since} has to be undone ({because})"
    if check:
        return [f"{run}; the next real run undoes it first ({JOURNAL})"]
    undo(host, journal, because)
    return [f"{run}; it was undone before this one"]


def _again(host: Host, journal: Journal, wanted: Release, check: bool, terms: Terms) -> Outcome:
    """A change is pending. The same once more has its time anew; another one is refused."""
    told = f"the change of {journal.since} by {journal.who or 'somebody'} is pending"
    if journal.release != wanted.digest():
        raise Refused(
            [
                f"{told}, and the router undoes it in {journal.left} s unless it is confirmed; this run "
                "wants something else: confirm or undo that one first (mgre.dmvpn.commit with state: "
                "confirmed or state: undone)"
            ]
        )
    outcome = Outcome(True, [f"{told}, and this run wants the same"], generation=journal.generation)
    if check:
        return outcome
    if terms.seconds:
        journal.pend(terms.seconds)
    else:
        journal.seconds = 0
        settle(host, journal, terms.who)
    return _done(host, outcome, journal)


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


def _carry_out(host: Host, plan: Plan, terms: Terms, intent: Mapping[str, Any] | None) -> Journal:
    """Change live state. Whatever goes wrong, the router is put back. Raises ``Failed`` and ``Refused``."""
    before = None
    if terms.seconds:
        before = terms.look() if terms.look else None
        try:
            arm(host, program())
        except (CommandFailed, OSError) as error:
            raise Refused(
                [f"the router cannot be made to undo the change by itself, so nothing was changed: {error}"]
            ) from None
    generation = _snapshot(host, plan)
    journal = Journal(
        host,
        save_generation(host, generation, before),
        boot=boot_id(host),
        release=plan.new.digest(),
        absent=not plan.new.files,
        who=terms.who,
        why=terms.why,
        diff=unified(plan.diff()),
    )
    change = plan.change(host)
    step = "begin"
    try:
        for step, run in STEPS.items():
            journal.begin(step)
            run(change)
        step = "record"
        write_record(host, plan.after)
        write_intent(host, intent)
    except BaseException as error:
        trouble = restore(host, generation, journal.steps)
        because = f"step '{step}' failed: {frr.masked(str(error))}"
        if trouble:
            journal.undo(because)
        else:
            end(host, journal, "undone", because)
        if not isinstance(error, Exception):
            raise
        raise Failed(step, frr.masked(str(error)), trouble) from error
    host.remove(STAGING)
    if terms.seconds:
        journal.pend(terms.seconds)
    else:
        end(host, journal, "confirmed", "at once")
    return journal


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
        intent=read_intent(host),
    )
