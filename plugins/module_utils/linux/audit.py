# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a router is not as the inventory says, and who could have made it so. Changes nothing.

The comparison is that of ``apply`` in check mode (plan.py, drift.py). What is added here is the owner: a file
that is as the last run left it was outrun by the inventory, another one was changed on the router.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ..difference import DRIFT, NOTE, OURS, THEIRS, UNKNOWN, Difference, shortened
from .audit_foreign import foreign
from .audit_frr import routing
from .audit_kernel import setting
from .drift import digest
from .frr_merge import FrrConflict
from .host import CommandFailed, Host
from .journal import read_journal
from .plan import Plan, changed_files, make_plan
from .preflight import obstacles, packages
from .release import File, Release
from .store import JOURNAL, RECORD, Record, read_record, read_release

APPLY = "run site.yml for this router"
INVENTORY = "the inventory or the collection changed since the last run"
HAND = "somebody on the router, or another program"
# Where a step of apply belongs in the report.
AREAS = {"guard": "firewall", "sysctl": "kernel", "ipsec": "ipsec", "tunnels": "tunnels", "units": "services"}


def audit(host: Host, wanted: Release, intent: Mapping[str, Any]) -> list[Difference]:
    """Everything that differs; the order is that of the report."""
    record = read_record(host)
    found = [*_interrupted(host), *_obstacles(host, wanted, intent, record)]
    if record == Record():
        return [
            *found,
            Difference("files", RECORD, OURS, "nothing of the collection was ever applied", remedy=APPLY),
        ]
    try:
        plan = make_plan(host, read_release(host, record, wanted), wanted, record)
    except FrrConflict as conflict:
        by = "a line of somebody else's"
        return [*found, *(Difference("frr", "FRR", THEIRS, text, by) for text in conflict.messages)]
    except CommandFailed as error:
        told = f"cannot be compared: {error.argv[0]} exit status {error.result.status}"
        return [*found, Difference("frr", "FRR", OURS, told, severity=UNKNOWN)]
    found += _files(host, plan)
    found += routing(host, plan)
    found += _live(host, plan)
    return [*found, *foreign(host, plan.new)]


def applied(host: Host) -> float | None:
    """When the last run that changed something ended, seconds since 1970."""
    return changed_at(host, RECORD)


def changed_at(host: Host, path: str) -> float | None:
    """When a file was written, None if there is none."""
    target = host.at(path)
    return target.stat().st_mtime if target.exists() else None


def _interrupted(host: Host) -> Iterator[Difference]:
    journal = read_journal(host)
    if journal is not None:
        what = (
            f"a change of {journal.since} is not confirmed ({journal.state}); the router undoes it by itself"
        )
        yield Difference("files", JOURNAL, OURS, what, journal.who or "a run that went away", APPLY)


def _obstacles(
    host: Host, wanted: Release, intent: Mapping[str, Any], record: Record
) -> Iterator[Difference]:
    """What apply would refuse the router for."""
    for text in obstacles(host, wanted, intent, record, packages(host)):
        if text.startswith(("FRR ", "strongSwan ")):
            continue  # the controller's table of faults tells
        problem, _semicolon, remedy = text.partition("; ")
        area = "packages" if text.startswith(("not installed", "runs ")) else "system"
        yield Difference(area, "router", THEIRS, problem, "whoever installs and sets up the router", remedy)


def _files(host: Host, plan: Plan) -> Iterator[Difference]:
    """Files of ours that are missing, changed or left over."""
    for path in changed_files(plan.old, plan.new):
        before, after = plan.old.files.get(path), plan.new.files.get(path)
        if before is None:
            known = path in plan.before.paths
            yield Difference("files", path, OURS, "is missing", HAND if known else INVENTORY, APPLY)
        elif after is None:
            yield Difference("files", path, OURS, "is left over", INVENTORY, APPLY)
        elif before.text == after.text:
            what = f"has mode {before.mode:04o} instead of {after.mode:04o}"
            yield Difference("files", path, OURS, what, HAND, APPLY)
        else:
            yield _changed(host, plan, path, before, after)


def _changed(host: Host, plan: Plan, path: str, before: File, after: File) -> Difference:
    as_left = plan.before.digests.get(path) == digest(before.text)
    since = None if as_left else changed_at(host, path)
    what = "is as the last run left it" if as_left else "was changed on the router"
    secret = after.shown != after.text
    lines = (
        [] if secret else list(difflib.unified_diff(before.text.splitlines(), after.text.splitlines(), n=0))
    )
    if secret:
        what += " (it holds a secret, so its lines are not shown)"
    told = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    by = INVENTORY if as_left else HAND
    return Difference("files", path, OURS, what, by, APPLY, since, lines=shortened(told))


def _live(host: Host, plan: Plan) -> Iterator[Difference]:
    """What does not run as its files say, in drift.py's words; FRR's lines are told by ``routing``."""
    for step, reason in plan.drifted:
        if step == "frr":
            continue
        if step == "sysctl":
            key, _is, value = reason.partition(" is ")
            yield setting(host, key, value, plan.new)
        elif reason == "the certificates changed":
            by = "a renewal (pki.yml), or somebody on the router"
            what = "are not those of the last run of site.yml"
            yield Difference("certificates", "certificate files", OURS, what, by, APPLY, severity=NOTE)
        else:
            subject = reason.split()[0] if reason.split()[0].endswith(".service") else "router"
            yield Difference(AREAS.get(step, "services"), subject, OURS, reason, HAND, APPLY, severity=DRIFT)
