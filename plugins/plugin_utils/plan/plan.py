# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan: what a run of site.yml would do to which router, in what order, and what it rests on.

It holds no secret. Fingerprints are keyed by a secret that stays beside it on the controller.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter

from ..findings import Finding
from ..fleet.intent import Device
from ..rollout.record import Stage
from .impact import Flap, flaps
from .risk import Risk, risks

FORMAT = 1


@dataclass(slots=True)
class Change:
    """One router. ``state``, ``wanted``, ``files``: fingerprints of it, what it gets, its bundle."""

    host: str
    site: int
    new: bool
    diff: str
    acts: list[str]
    flaps: list[Flap]
    state: str
    wanted: str
    files: str


@dataclass(slots=True)
class Plan:
    """``files`` has the fingerprint of every router of the fleet, ``inventory`` that of all of them.

    ``unchanged`` were looked at and are as they should be; ``left_out`` could not be looked at.
    """

    made: str
    made_by: str
    why: str
    inventory: str
    stages: list[Stage]
    changes: dict[str, Change]
    unchanged: list[str]
    left_out: list[str]
    risks: list[Risk]
    files: dict[str, str]
    format: int = FORMAT
    states: dict[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Names inventory and devices together, short enough to be read out."""
        parts = [self.inventory, *(f"{c.host}={c.state}={c.wanted}" for c in self.changes.values())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


_plans = TypeAdapter(Plan)


def inventory_of(files: Mapping[str, str]) -> str:
    """The fingerprint of all rendered routers."""
    text = "".join(f"{host} {digest}\n" for host, digest in sorted(files.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def change(device: Device, forecast: Mapping[str, Any], files: str) -> Change:
    """One router's part, from what its check mode returned."""
    acts = [act for act in forecast.get("acts") or () if isinstance(act, Mapping)]
    return Change(
        host=device.name,
        site=device.site,
        new=bool(forecast.get("new")),
        diff=str(forecast.get("diff") or ""),
        acts=[said(act) for act in acts],
        flaps=[] if forecast.get("new") else flaps(device, acts),
        state=str(forecast.get("state") or ""),
        wanted=str(forecast.get("wanted") or ""),
        files=files,
    )


def said(act: Mapping[str, Any]) -> str:
    """An act in words: ``charon is restarted (threads)``."""
    more = act.get("tunnel") or ", ".join(map(str, act.get("daemons") or act.get("why") or ()))
    return f"{act['act']} ({more})" if more else str(act["act"])


def compose(
    changes: Mapping[str, Change],
    stages: Sequence[Stage],
    devices: Mapping[str, Device],
    files: Mapping[str, str],
    unchanged: Iterable[str],
    left_out: Iterable[str],
    about: Mapping[str, str],
) -> Plan:
    """The whole plan. ``about`` has when it was made, by whom and why."""
    waves = {host: number for number, stage in enumerate(stages, start=1) for host in stage.hosts}
    return Plan(
        made=about["made"],
        made_by=about["made_by"],
        why=about["why"],
        inventory=inventory_of(files),
        stages=list(stages),
        changes=dict(changes),
        unchanged=list(unchanged),
        left_out=list(left_out),
        risks=risks({host: held.flaps for host, held in changes.items()}, waves, devices),
        files=dict(files),
    )


def dump(plan: Plan) -> dict[str, Any]:
    return {"fingerprint": plan.fingerprint, **asdict(plan)}


def parse(text: str | bytes) -> Plan:
    """What :func:`dump` gave, as JSON. Raises ``ValueError`` for anything else, an altered plan too."""
    value = _json.validate_json(text)
    claimed = value.pop("fingerprint", None)
    plan = _plans.validate_python(value)
    if plan.format != FORMAT or claimed != plan.fingerprint:
        raise ValueError("it was altered, or made by another release")
    return plan


_json = TypeAdapter(dict[str, Any])


def differences(
    plan: Plan, files: Mapping[str, str], forecasts: Mapping[str, Mapping[str, Any]], play: Iterable[str]
) -> Iterator[Finding]:
    """Everything in which inventory and routers are not those of the plan. ``play`` is who takes part."""
    again = "make a new plan (playbooks/plan.yml)"
    for host in sorted({*plan.files, *files}):
        if plan.files.get(host) != files.get(host):
            what = (
                "is not in the inventory any more"
                if host not in files
                else "was not in the inventory then"
                if host not in plan.files
                else "gets other files than in the plan"
            )
            yield Finding(host, "inventory", what, again)
    for host in play:
        seen, planned = forecasts.get(host), plan.changes.get(host)
        if planned is None:
            if seen and seen.get("changed") and host not in plan.left_out:
                yield Finding(host, "router", "differs from the inventory, and did not then", again)
            continue
        if seen is None:
            yield Finding(host, "router", "cannot be looked at", "see above why; then run this again")
        elif not seen.get("changed"):
            yield Finding(host, "router", "needs no change any more", again)
        else:
            if seen.get("wanted") != planned.wanted and files.get(host) == planned.files:
                yield Finding(host, "inventory", "another secret or program than in the plan", again)
            if seen.get("state") != planned.state:
                yield Finding(host, "router", "is not as it was when the plan was made", again)
