# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reports of single routers on the controller's disk, one file each, readable by their owner only."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ..fleet.intent import Device
from .report import HostReport, not_reached
from .scope import Scope
from .sight import Sight
from .verdict import parse_probes, parse_state

_reports = TypeAdapter(HostReport)


def path_of(directory: Path, host: str) -> Path:
    return directory / f"{host}.json"


def forget(directory: Path, hosts: Iterable[str]) -> None:
    """Removes what an earlier run wrote of these hosts, so that it cannot pass for today's."""
    for host in hosts:
        path_of(directory, host).unlink(missing_ok=True)


def save(directory: Path, report: HostReport, sight: Sight) -> None:
    """Writes the report with the state and the probes that it was judged by."""
    document = report.to_dict() | {
        "state": sight.state.to_dict(),
        "probes": [probe.to_dict() for probe in sight.probes],
    }
    write(path_of(directory, report.host), json.dumps(document, indent=1) + "\n")


def save_error(directory: Path, host: str, why: str) -> None:
    """Writes that a router could not be judged."""
    write(path_of(directory, host), json.dumps(not_reached(host, why).to_dict(), indent=1) + "\n")


def load(directory: Path, host: str) -> HostReport:
    """What this run wrote of a host; not reached if it wrote nothing."""
    try:
        document: dict[str, Any] = json.loads(path_of(directory, host).read_text(encoding="utf-8"))
        known = {key: document[key] for key in ("host", "rows", "results", "error")}
        return _reports.validate_python(known)
    except FileNotFoundError:
        return not_reached(host, "the run ended for this router before it was judged (unreachable or failed)")
    except (OSError, ValueError, KeyError) as error:
        return not_reached(host, f"its report cannot be read: {error}")


def write(path: Path, text: str) -> None:
    """Whole or not at all, 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(part, path)


class Looks:
    """What a diagnosis saw of each router, in one directory, a file each."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def forget(self, host: str) -> None:
        forget(self.directory, [host])

    def save(self, host: str, **what: Any) -> None:
        """``state`` is the last one, ``earlier`` the one before, ``probes`` what was sent in between."""
        write(path_of(self.directory, host), json.dumps(what) + "\n")

    def fail(self, host: str, why: str) -> None:
        self.save(host, error=why)

    def has(self, host: str) -> bool:
        return self._read(host).get("state") is not None

    def state(self, host: str) -> dict[str, Any]:
        state: dict[str, Any] = self._read(host)["state"]
        return state

    def errors(self, scope: Scope) -> dict[str, str]:
        """Why a router was not looked at."""
        why = "it could not be reached, or the run ended for it"
        return {host: self._read(host).get("error") or why for host in scope.hosts if not self.has(host)}

    def sights(self, scope: Scope, device: Callable[[str], Device]) -> dict[str, Sight]:
        """All routers that were looked at; each knows the others."""
        sights: dict[str, Sight] = {}
        for host in scope.hosts:
            seen = self._read(host)
            if seen.get("state") is None:
                continue
            earlier = parse_state(seen["earlier"]) if seen.get("earlier") else None
            sights[host] = Sight(
                device(host), parse_state(seen["state"]), parse_probes(seen.get("probes") or []), earlier
            )
        for host, sight in sights.items():
            sight.others = sights if len(sights) > 1 else {}
            sight.toward = scope.toward(host)
        return sights

    def _read(self, host: str) -> dict[str, Any]:
        try:
            seen: dict[str, Any] = json.loads(path_of(self.directory, host).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return seen
