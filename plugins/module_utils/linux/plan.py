# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run would change: files, FRR, and what drifted; and how that is shown without secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import frr
from .drift import credentials, digest, drift
from .frr_merge import Merged
from .host import Host
from .release import FRAGMENT, Release
from .steps import Change, FrrTarget
from .store import Record


@dataclass(frozen=True, slots=True)
class Plan:
    """``reasons`` is empty when there is nothing to do; ``due`` are the steps that drift makes necessary.

    ``drifted`` are these steps with the reason of each.
    """

    old: Release
    new: Release
    running: Merged | None
    conf: Merged
    frr_conf: str | None
    daemons: str | None
    before: Record
    after: Record
    due: frozenset[str] = frozenset()
    reasons: list[str] = field(default_factory=list)
    drifted: list[tuple[str, str]] = field(default_factory=list)

    def change(self, host: Host) -> Change:
        """The way from what is there to what is wanted."""

        def running(now: str) -> str:
            old, new = self.old.text(FRAGMENT), self.new.text(FRAGMENT)
            return frr.merge_running(now, old, new, self.before.foreign_running).text

        conf = self.conf.text if self.frr_conf is not None or self.new.files else None
        return Change(host, self.old, self.new, FrrTarget(running, conf, self.daemons), self.due)

    def units_differ(self) -> bool:
        return any(
            path.endswith((".service", ".service.d/mgre-dmvpn.conf"))
            for path in changed_files(self.old, self.new)
        )

    def diff(self) -> list[dict[str, str]]:
        """Ansible's diff entries; files show references where the router has secrets."""
        entries = []
        for path in changed_files(self.old, self.new):
            before, after = self.old.files.get(path), self.new.files.get(path)
            entry = _entry(path, before.shown if before else "", after.shown if after else "")
            if before and after and before.shown == after.shown and before.text != after.text:
                entry["after"] += "(another secret)\n"
            if before and after and before.mode != after.mode:
                entry["before_header"] += f" (mode {before.mode:04o})"
                entry["after_header"] += f" (mode {after.mode:04o})"
            entries.append(entry)
        for name, merged in (("FRR, running", self.running), (frr.FRR_CONF, self.conf)):
            if merged and (merged.added or merged.removed):
                entries.append(_entry(name, frr.told(merged.removed), frr.told(merged.added)))
        return entries


def _entry(name: str, before: str, after: str) -> dict[str, str]:
    def ended(text: str) -> str:
        return text if not text or text.endswith("\n") else text + "\n"

    return {"before_header": name, "after_header": name, "before": ended(before), "after": ended(after)}


def changed_files(old: Release, new: Release) -> list[str]:
    """Paths whose text or mode differs, or that come or go."""

    def held(release: Release, path: str) -> Any:
        file = release.files.get(path)
        return file and (file.text, file.mode)

    return sorted(path for path in {**old.files, **new.files} if held(old, path) != held(new, path))


def make_plan(host: Host, old: Release, new: Release, record: Record) -> Plan:
    """Compare, touching nothing. Raises ``FrrConflict`` and ``CommandFailed``."""
    fragments = old.text(FRAGMENT), new.text(FRAGMENT)
    now = frr.running(host)
    running = None if now is None else frr.merge_running(now, *fragments, record.foreign_running)
    frr_conf = host.read(frr.FRR_CONF)
    conf = frr.merge_file(host, *fragments, record.foreign_file)
    held = host.read(frr.FRR_DAEMONS)
    ours = [daemon for daemon in record.daemons if daemon not in new.daemons]
    daemons = None if held is None else frr.merge_daemons(held, new.daemons, ours)
    drifted = list(drift(host, new, record)) if new.files else []
    if running and (running.added or running.removed):
        drifted.append(("frr", f"FRR: {len(running.added)} lines to add, {len(running.removed)} to remove"))
    if conf.added or conf.removed:
        drifted.append(
            ("frr", f"{frr.FRR_CONF}: {len(conf.added)} lines to add, {len(conf.removed)} to remove")
        )
    if held != daemons:
        drifted.append(("frr daemons", f"{frr.FRR_DAEMONS} differs"))
    after = Record(
        paths=sorted(new.files),
        shown={path: file.shown for path, file in new.files.items() if file.shown != file.text},
        tunnels=dict(new.tunnels),
        firewall=new.firewall,
        foreign_running=(running or conf).foreign,
        foreign_file=conf.foreign,
        daemons=[d for d in new.daemons if d in record.daemons or d not in frr.enabled_daemons(held or "")],
        credentials=credentials(host, new),
        digests={path: digest(file.text) for path, file in new.files.items()},
    )
    return Plan(
        old=old,
        new=new,
        running=running,
        conf=conf,
        frr_conf=frr_conf,
        daemons=daemons,
        before=record,
        after=after,
        due=frozenset(step for step, _reason in drifted),
        reasons=[*changed_files(old, new), *(reason for _step, reason in drifted)],
        drifted=drifted,
    )
