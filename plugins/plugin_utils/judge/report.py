# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The verdict over a fleet: one row per site and cloud, and one paragraph per thing to repair.

A fault at one router shows at its neighbours too. What a neighbour says of a router that is itself red, and
red at a lower layer, is a consequence and is not told as a fault of its own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ..fleet.intent import Device
from .crypto import sa_label
from .result import Result
from .sight import Sight
from .verdict import Judgement

COLUMNS = ("registration", "sa", "neighbour", "bfd")


@dataclass(slots=True)
class Row:
    """One site in one cloud, as the table shows it."""

    host: str
    cloud: str
    role: str
    cells: dict[str, str] = field(default_factory=dict)
    suite: str = "-"
    path_mtu: str = "-"
    rtt: str = "-"


@dataclass(slots=True)
class HostReport:
    """What verify wrote of one router; ``error`` is set when it could not be reached or read."""

    host: str
    rows: list[Row] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    error: str | None = None

    @property
    def roots(self) -> list[Result]:
        return [result for result in self.results if result.root]

    @property
    def verdict(self) -> str:
        if self.error:
            return "NOT JUDGED"
        if any(result.outcome == "fail" for result in self.results):
            return "RED"
        return (
            "NOT PROVEN" if any(r.outcome == "unknown" for r in self.results) or not self.results else "green"
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "verdict": self.verdict,
            "error": self.error,
            "rows": [asdict(row) for row in self.rows],
            "results": [asdict(result) for result in self.results],
        }


def rows(sight: Sight, judgement: Judgement) -> list[Row]:
    """The table rows of a router, one per cloud."""
    return [_row(sight, judgement, member.cloud.name) for member in sight.device.memberships]


def _row(sight: Sight, judgement: Judgement, cloud: str) -> Row:
    device: Device = sight.device
    member = next(m for m in device.memberships if m.cloud.name == cloud)
    row = Row(device.name, cloud, member.role, suite=sa_label(sight, member))
    for check in COLUMNS:
        found = [r for r in judgement.results if r.check == check and r.cloud == cloud]
        if found:
            row.cells[check] = f"{sum(r.ok for r in found)}/{sum(r.total for r in found)}"
    hubs = {str(peer.overlay) for peer in member.hubs}
    probes = [p for p in sight.probes if p.address in hubs and p.source == str(member.overlay)]
    passed = [p.passed or 0 for p in probes]
    times = [p.rtt for p in probes if p.rtt is not None]
    if passed:
        row.path_mtu = str(min(passed))
    if times:
        row.rtt = f"{max(times):.1f}"
    return row


def fold(reports: list[HostReport]) -> list[Result]:
    """The roots of the whole fleet: consequences of another router's root are left out."""
    by_host = {report.host: report for report in reports}
    return [root for report in reports for root in report.roots if not _consequence(root, by_host)]


def _consequence(root: Result, by_host: dict[str, HostReport]) -> bool:
    return bool(root.peers) and all(_accounts_for(by_host.get(peer), root) for peer in root.peers)


def _accounts_for(report: HostReport | None, root: Result) -> bool:
    """Whether the router that a root is about is itself the reason."""
    if report is None:
        return False
    if report.error:
        return True
    for other in report.roots:
        if other.outcome != "fail" or (root.cloud and other.cloud not in (None, root.cloud)):
            continue
        if not other.peers:
            if other.blocks is not None and root.layer >= other.blocks:
                return True
        elif root.host in other.peers and rank(other) < rank(root):
            return True
    return False


def rank(root: Result) -> tuple[int, bool, bool]:
    """The smaller of two is closer to the cause: the lower layer, and what is certain of its router."""
    return root.layer, root.at in ("peer", "both"), _is_summary(root)


def _is_summary(result: Result) -> bool:
    """Of two ends that complain of each other, the spoke tells more precisely than the hub's summary."""
    return result.total > 1 or result.subject.endswith(": spokes")


def not_reached(host: str, why: str) -> HostReport:
    return HostReport(host, error=why)


def totals(reports: list[HostReport]) -> dict[str, int]:
    counts = {"green": 0, "RED": 0, "NOT PROVEN": 0, "NOT JUDGED": 0}
    for report in reports:
        counts[report.verdict] += 1
    return counts
