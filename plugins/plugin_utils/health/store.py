# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The controller's looks on disk: one file for each router with its metrics and its memory, 0600.

A run begins by putting the files of the run before aside as ``HOST.last.json``; a router that is not reached
has no new one, and the next run still knows the last that there was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...module_utils.health_memory import Memory, dump, load
from ...module_utils.health_metrics import Sample
from ..judge.store import write


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run knows of a router; ``error`` is why that is nothing. ``own``: it has a collector itself."""

    host: str
    samples: Sequence[Sample] = ()
    memory: Memory = field(default_factory=dict)
    own: bool = False
    error: str | None = None


def begin(directory: Path, hosts: Iterable[str]) -> None:
    """Puts what the last run wrote of these hosts aside."""
    for host in hosts:
        path = directory / f"{host}.json"
        if path.exists():
            os.replace(path, directory / f"{host}.last.json")


def last(directory: Path, host: str) -> Kept | None:
    """What the last run that reached a router wrote of it."""
    return _read(directory / f"{host}.last.json", host)


def this(directory: Path, host: str) -> Kept:
    """What this run wrote."""
    kept = _read(directory / f"{host}.json", host)
    return kept or Kept(host, error="not reached")


def save(directory: Path, kept: Kept) -> None:
    document = {
        "host": kept.host,
        "own": kept.own,
        "error": kept.error,
        "samples": [[item.name, dict(item.labels), item.value] for item in kept.samples],
        "memory": dump(kept.memory),
    }
    write(directory / f"{kept.host}.json", json.dumps(document, indent=1) + "\n")


def _read(path: Path, host: str) -> Kept | None:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        samples = [Sample(name, labels, value) for name, labels, value in document["samples"]]
        return Kept(host, samples, load(document["memory"]), document["own"], document["error"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
