# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fleet's health in a short table: only what is missing, ageing, flapping or lossy, beside the last look.

Its limits are those of the alert rules in ``monitoring/mgre-dmvpn.rules.yml``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...module_utils.health_metrics import Sample
from .store import Kept

LOSS = 0.05
OLD = 1.1  # times the lifetime of an ESP SA
DAYS = 21
DAY = 86400.0
HEADINGS = ("site", "cloud", "peer", "what", "now", "last look")
# Gauges that are 1 while all is well, and what is said of a 0.
STANDING = {
    "nhs_registered": ("registration", "not registered"),
    "sa_installed": ("SA", "none"),
    "neighbour_up": ("neighbour", "down"),
    "bfd_up": ("BFD", "down"),
    "guard_present": ("guard", "missing"),
    "daemon_running": ("daemon", "not running"),
    "service_active": ("unit", "not active"),
    "interface_up": ("interface", "down"),
}
# Counters, told when they moved since the last look.
MOVED = {
    "nhs_flaps_total": "registration lost",
    "sa_flaps_total": "SA set up anew",
    "neighbour_flaps_total": "neighbour flapped",
    "bfd_flaps_total": "BFD flapped",
    "guard_dropped_packets_total": "guard dropped",
    "xfrm_errors_total": "IPsec refused",
    "interface_errors_total": "interface errors",
    "service_restarts_total": "unit restarted",
}

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the table."""

    site: str
    cloud: str
    peer: str
    what: str
    now: str
    before: str

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.site, self.cloud, self.peer, self.what, self.now, self.before)


def key(item: Sample) -> Key:
    return item.name, tuple(sorted(item.labels.items()))


def notes(kept: Kept, before: Kept | None) -> list[Note]:
    """What a person should see of a router."""
    if kept.error is not None:
        return [Note(kept.host, "-", "-", "not reached", kept.error, "-" if before is None else "reached")]
    now = {key(item): item for item in kept.samples}
    earlier = {key(item): item.value for item in before.samples} if before else {}
    found = [note for item in kept.samples for note in _note(item, earlier.get(key(item)), now)]
    return sorted(found, key=lambda note: (note.cloud, note.peer))


def _note(item: Sample, before: float | None, now: Mapping[Key, Sample]) -> Iterator[Note]:
    name, value = item.name, item.value
    if name in STANDING and value == 0:
        what, said = STANDING[name]
        told = "-" if before is None else said if before == 0 else "good"
        yield _line(item, what, said + _since(item, now), told)
    elif name in MOVED and before is not None and value > before:
        yield _line(item, MOVED[name], f"+{value - before:g}", f"{before:g} in all")
    elif name == "nhs_loss_ratio" and value > LOSS:
        yield _line(item, "loss", f"{value:.0%}", "-" if before is None else f"{before:.0%}")
    elif name == "nhs_rtt_seconds" and before is not None and value > max(2 * before, before + 0.02):
        yield _line(item, "latency", f"{value * 1000:.1f} ms", f"{before * 1000:.1f} ms")
    elif name == "esp_sa_age_seconds":
        labels = {"site": item.labels["site"], "cloud": item.labels["cloud"]}
        lifetime = now.get(key(Sample("esp_sa_lifetime_seconds", labels, 0)))
        if lifetime is not None and value > OLD * lifetime.value:
            told = "-" if before is None else age(before)
            yield _line(item, "SA not rekeyed", f"{age(value)} old, due at {age(lifetime.value)}", told)
    elif name == "certificate_not_after_timestamp_seconds":
        days = (value - _time(now)) / DAY
        if days < DAYS:
            yield _line(item, "certificate ends", f"in {days:.0f} days" if days >= 0 else "has ended", "-")
    elif name == "section_unreadable":
        yield _line(item, "not known", "unreadable", "-" if before is None else "unreadable")


def _since(item: Sample, now: Mapping[Key, Sample]) -> str:
    kind = item.name.partition("_")[0]
    changed = now.get((f"{kind}_change_timestamp_seconds", key(item)[1]))
    return "" if changed is None else f" for {age(max(0.0, _time(now) - changed.value))}"


def _time(now: Mapping[Key, Sample]) -> float:
    return next((item.value for item in now.values() if item.name == "look_timestamp_seconds"), time.time())


def _line(item: Sample, what: str, value: str, before: str) -> Note:
    labels = dict(item.labels)
    site, cloud, peer = labels.pop("site"), labels.pop("cloud", "-"), labels.pop("peer", "-")
    labels.pop("protocol", None)
    subject = " ".join([what, *labels.values()])
    return Note(site, cloud, peer, subject, value, before)


def age(seconds: float) -> str:
    """Two units at most: 45 s, 12 min, 3 h 20 min, 5 d 2 h."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < DAY:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def console(looks: Sequence[tuple[Kept, Kept | None]]) -> str:
    """The table and what was looked at; of a fleet that is well only the last line."""
    found = [note for kept, before in looks for note in notes(kept, before)]
    lines: list[str] = []
    if found:
        cells = [HEADINGS, *(note.cells for note in found)]
        widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
        lines += ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells]
        lines.append("")
    reached = sum(kept.error is None for kept, _before in looks)
    fresh = sum(before is None for _kept, before in looks)
    told = f"{len(found) or 'no'} {'note' if len(found) == 1 else 'notes'}"
    summary = f"{reached} of {len(looks)} routers looked at, {told}"
    lines.append(summary + (f"; {fresh} for the first time: what moved shows the next time" if fresh else ""))
    return "\n".join(lines)
