# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first cause between two sites, from what all routers on the way told."""

from __future__ import annotations

from dataclasses import dataclass

from .causes.table import rows_named
from .report import HostReport, fold, rank, totals
from .result import Result
from .scope import Scope
from .sight import Sight
from .verdict import judge_sight

# What is walked, from the bottom up, with the checks of each step.
WALK: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("router", ("services", "clock", "kernel", "guard", "certificates")),
    ("tunnel", ("tunnel", "rules", "nhrp_settings")),
    ("IKE and ESP", ("sa", "sa_suite", "sa_traffic")),
    ("NHRP", ("own_address", "registration", "binding", "shortcut_sa")),
    ("routing", ("neighbour", "bfd", "routes", "site_route", "symmetry")),
    ("path and MTU", ("path_mtu", "end_to_end")),
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``causes`` are what to repair, the first one first; ``reports`` what each router's checks said."""

    scope: Scope
    causes: tuple[Result, ...]
    reports: tuple[HostReport, ...]

    @property
    def first(self) -> Result | None:
        return self.causes[0] if self.causes else None

    @property
    def green(self) -> bool:
        """Only if all routers were looked at and everything was proven."""
        return bool(self.reports) and totals(list(self.reports))["green"] == len(self.reports)

    def walk(self) -> list[tuple[str, str]]:
        """Each step with ok, BROKEN, not proven, or - where there is nothing to look at.

        A cause may lie below the check that showed it: ESP that is lost shows by its routing neighbours.
        """
        below = {rows[0].check for root in self.causes if (rows := rows_named(name_of(root)))}
        return [(step, "BROKEN" if below & set(checks) else self._step(checks)) for step, checks in WALK]

    def _step(self, checks: tuple[str, ...]) -> str:
        outcomes = {r.outcome for report in self.reports for r in report.results if r.check in checks}
        worst = next((outcome for outcome in ("fail", "unknown", "pass") if outcome in outcomes), "")
        return {"fail": "BROKEN", "unknown": "not proven", "pass": "ok", "": "-"}[worst]


def diagnose(scope: Scope, sights: dict[str, Sight], errors: dict[str, str]) -> Diagnosis:
    """``errors`` says of routers that could not be looked at why."""
    reports = []
    hosts = frozenset(scope.hosts)
    for host in scope.hosts:
        if host in errors or host not in sights:
            reports.append(HostReport(host, error=errors.get(host, "it was not looked at")))
            continue
        results = [r for r in judge_sight(sights[host]).results if concerns(r, hosts)]
        reports.append(HostReport(host, [], results))
    order = {host: number for number, host in enumerate(scope.hosts)}
    roots = sorted(
        fold(reports),
        key=lambda root: (root.outcome != "fail", *rank(root), order[root.host]),
    )
    causes: list[Result] = []
    for root in roots:
        if not any(said_before(root, earlier) for earlier in causes):
            causes.append(root)
    return Diagnosis(scope, tuple(causes), tuple(reports))


def said_before(root: Result, earlier: Result) -> bool:
    """Whether it is the same thing at this router, or the other end's complaint of the same pair."""
    if root.host == earlier.host:
        return name_of(root) == name_of(earlier)
    return root.peers == (earlier.host,) and root.host in earlier.peers


def concerns(result: Result, hosts: frozenset[str]) -> bool:
    """Whether a result is about the routers that were looked at."""
    return not result.peers or not hosts.isdisjoint(result.peers)


def name_of(root: Result) -> str:
    return (root.cause or "").partition(": ")[0]
