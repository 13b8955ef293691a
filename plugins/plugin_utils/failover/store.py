# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the steps of a failover check hand on to each other: files of one folder on the controller, 0600."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ...module_utils.linux.hub_paths import lan_address
from ...module_utils.state import State
from ..fleet.intent import Device
from ..judge.store import path_of, write
from ..judge.verdict import parse_state
from .clock import Reading
from .look import Look
from .plan import Plan

FOLDER = "failover"
_plans = TypeAdapter(Plan)
_looks = TypeAdapter(Look)


class NoPlan(Exception):
    """A step came before the one that makes the plan. Its text is the whole message."""


class Store:
    """``reports`` is verify's directory of reports; ours are in a folder of it."""

    def __init__(self, reports: Path) -> None:
        self.reports = reports
        self.folder = reports / FOLDER

    def forget(self) -> None:
        """Removes what an earlier check left, so that it cannot pass for this one's."""
        for path in self.folder.glob("*"):
            if path.is_file():
                path.unlink()

    def save(self, kind: str, host: str, value: dict[str, Any]) -> None:
        write(self.folder / f"{host}.{kind}.json", json.dumps(value) + "\n")

    def load(self, kind: str, host: str) -> dict[str, Any] | None:
        """None if there is nothing to read."""
        try:
            value = json.loads((self.folder / f"{host}.{kind}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def save_plan(self, plan: Plan) -> None:
        write(self.folder / "plan.json", json.dumps(asdict(plan), indent=1) + "\n")

    def load_plan(self) -> Plan:
        """Raises :class:`NoPlan`."""
        try:
            return _plans.validate_json((self.folder / "plan.json").read_bytes())
        except (OSError, ValueError):
            raise NoPlan(
                f"there is no plan in {self.folder}; run the step permit of failover first"
            ) from None

    def save_look(self, host: str, look: Look) -> None:
        self.save("look", host, asdict(look))

    def load_look(self, host: str) -> Look | None:
        """None if the router was not looked at."""
        found = self.load("look", host)
        return None if found is None else _looks.validate_python(found)

    def lan_addresses(self, devices: Iterable[Device]) -> dict[str, str | None]:
        """An own LAN address of each router, from the state that verify has just seen."""
        found: dict[str, str | None] = {}
        for device in devices:
            try:
                document = json.loads(path_of(self.reports, device.name).read_text(encoding="utf-8"))
                state = parse_state(document["state"])
            except (OSError, ValueError, KeyError, TypeError):
                state = State()
            found[device.name] = lan_address(state, device.lans)
        return found


def dump_readings(readings: Iterable[Reading]) -> list[dict[str, float]]:
    return [asdict(reading) for reading in readings]


def parse_readings(value: Iterable[dict[str, float]]) -> list[Reading]:
    return [Reading(**entry) for entry in value]
