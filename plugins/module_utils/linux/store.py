# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the transaction keeps in /var/lib/mgre-dmvpn: lock, generations, record of what we own."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .frr_config import Path as Line
from .host import Host
from .release import File, Release

VAR = "/var/lib/mgre-dmvpn"
STAGING = f"{VAR}/staging"
JOURNAL = f"{VAR}/journal.json"
RECORD = f"{VAR}/applied.json"
INTENT = f"{VAR}/intent.json"
GENERATIONS = f"{VAR}/generations"
HISTORY = f"{VAR}/history.jsonl"
PROGRAM = f"{VAR}/undo.pyz"
LOCK = f"{VAR}/lock"
KEPT = 10


class Locked(Exception):
    """Another run holds the lock; the message says which and since when."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is ours on the router, as the last run left it.

    ``foreign`` are lines of our fragment that were there before us, for FRR's running configuration and for
    its file. ``daemons`` are the FRR daemons that were off before us. ``credentials`` are hashes of
    certificate files, ``digests`` of all files as they were written.
    """

    paths: list[str] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    tunnels: dict[str, str] = field(default_factory=dict)
    firewall: str | None = None
    foreign_running: list[Line] = field(default_factory=list)
    foreign_file: list[Line] = field(default_factory=list)
    daemons: list[str] = field(default_factory=list)
    credentials: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def dump(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def load(cls, data: dict[str, Any]) -> Record:
        lines = {name: [tuple(line) for line in data[name]] for name in ("foreign_running", "foreign_file")}
        return cls(**{**data, **lines})


def read_record(host: Host) -> Record:
    """The record; an empty one where nothing of ours was ever applied."""
    text = host.read(RECORD)
    return Record.load(json.loads(text)) if text else Record()


def write_record(host: Host, record: Record | None) -> None:
    """Keep the record; None forgets it."""
    if record is None:
        host.remove(RECORD)
    else:
        host.write(RECORD, json.dumps(record.dump(), indent=1), 0o600)


def read_intent(host: Host) -> dict[str, Any] | None:
    """The router as the inventory meant it when it was applied last; None if that is not known."""
    text = host.read(INTENT)
    intent: dict[str, Any] | None = json.loads(text) if text else None
    return intent


def write_intent(host: Host, intent: Mapping[str, Any] | None) -> None:
    """Keep that; None forgets it."""
    if intent is None:
        host.remove(INTENT)
    else:
        host.write(INTENT, json.dumps(intent), 0o600)


def read_release(host: Host, record: Record, also: Release) -> Release:
    """What is on the router now, at the places of the record and of the release to come."""
    files = {}
    for path in dict.fromkeys([*record.paths, *also.files]):
        text = host.read(path)
        if text is not None:
            files[path] = File(text, host.mode(path) or 0, record.shown.get(path, text))
    return Release(files, record.tunnels, record.firewall)


@contextmanager
def lock(host: Host, patience: int = 50) -> Iterator[None]:
    """Hold the router for one run. Raises :class:`Locked` after ``patience`` tries, 0.2 s apart.

    Programs that the run starts hold it too; the kernel lets go when the last one ends, however it ends.
    """
    host.directory(VAR, 0o700)
    descriptor = os.open(host.at(LOCK), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _locked(descriptor):
            if patience <= 0:
                holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
                raise Locked(
                    f"another apply is running on this router ({holder or 'just started'}); wait for its end"
                )
            patience -= 1
            host.sleep(0.2)
        os.set_inheritable(descriptor, True)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()}, since {now()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def now() -> str:
    """The time in UTC, ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@dataclass(frozen=True, slots=True)
class Generation:
    """The state before one run, complete enough to go back to it.

    ``units`` maps a unit to (enabled, active); ``sysctls`` a key to its value; ``running``, ``frr_conf`` and
    ``frr_daemons`` are FRR's (None: not running, no file). ``intent`` is what ``previous`` was rendered from.
    """

    previous: Release
    intended: Release
    record: Record
    units: dict[str, tuple[bool, bool]]
    sysctls: dict[str, str]
    running: str | None
    frr_conf: str | None
    frr_daemons: str | None
    created: str = ""
    intent: dict[str, Any] | None = None

    def dump(self) -> dict[str, Any]:
        return {
            "created": self.created,
            "previous": self.previous.dump(),
            "intended": self.intended.dump(),
            "record": self.record.dump(),
            "units": self.units,
            "sysctls": self.sysctls,
            "running": self.running,
            "frr_conf": self.frr_conf,
            "frr_daemons": self.frr_daemons,
            "intent": self.intent,
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> Generation:
        return cls(
            previous=Release.load(data["previous"]),
            intended=Release.load(data["intended"]),
            record=Record.load(data["record"]),
            units={unit: (held[0], held[1]) for unit, held in data["units"].items()},
            sysctls=data["sysctls"],
            running=data["running"],
            frr_conf=data["frr_conf"],
            frr_daemons=data["frr_daemons"],
            created=data["created"],
            intent=data.get("intent"),
        )


def generations(host: Host) -> list[int]:
    """Numbers of the generations that are kept, oldest first."""
    folder = host.at(GENERATIONS)
    return (
        sorted(int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal())
        if folder.is_dir()
        else []
    )


def save_generation(host: Host, generation: Generation, before: dict[str, Any] | None = None) -> int:
    """Keep a generation (it holds secrets: 0600 below 0700) and drop the oldest ones.

    ``before`` is what was observed then; see :func:`read_before`.
    """
    held = generations(host)
    number = held[-1] + 1 if held else 1
    host.directory(GENERATIONS, 0o700)
    host.directory(f"{GENERATIONS}/{number}", 0o700)
    host.write(f"{GENERATIONS}/{number}/generation.json", json.dumps(generation.dump(), indent=1), 0o600)
    if before is not None:
        host.write(f"{GENERATIONS}/{number}/before.json", json.dumps(before), 0o600)
    for old in [*held, number][:-KEPT]:
        host.remove(f"{GENERATIONS}/{old}")
    return number


def read_before(host: Host, number: int) -> dict[str, Any] | None:
    """What was observed of the router before the change; None if it was not looked at."""
    text = host.read(f"{GENERATIONS}/{number}/before.json")
    before: dict[str, Any] | None = json.loads(text) if text else None
    return before


def load_generation(host: Host, number: int) -> Generation:
    text = host.read(f"{GENERATIONS}/{number}/generation.json")
    if text is None:
        raise FileNotFoundError(f"{GENERATIONS}/{number}")
    return Generation.load(json.loads(text))
