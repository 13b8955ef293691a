# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of a failover check: a table and paragraphs for people, JSON for programs, JUnit for CI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from ..judge.present import paragraph, table
from .judge import FlowReport, lasting
from .plan import Plan

RATE = 20  # packets a second that a good measurement has
HEADINGS = ("flow", "what happened", "lost", "before", "during", "after", "objective")


@dataclass(slots=True)
class Report:
    """``trouble`` is what was wrong with the check itself or with the fleet afterwards: red in any case."""

    plan: Plan
    flows: list[FlowReport]
    seconds: float | None = None
    error: float | None = None
    trouble: list[tuple[str, str]] = field(default_factory=list)

    @property
    def green(self) -> bool:
        judged = [flow for flow in self.flows if flow.verdict != "not judged"]
        return bool(judged) and not self.trouble and all(flow.verdict == "met" for flow in judged)

    @property
    def verdict(self) -> str:
        if self.green:
            return "green"
        bad = self.trouble or any(flow.verdict == "MISSED" for flow in self.flows)
        return "RED" if bad else "NOT PROVEN"


def console(report: Report) -> str:
    """The table, what to look at, and the verdict in a sentence."""
    plan = report.plan
    lasted = f"{report.seconds:.1f} s" if report.seconds is not None else "an unknown time"
    lines = [
        f"{plan.fault} on {plan.target}, {plan.window}: {plan.says}. It lasted {lasted}.",
        "",
        *table([_line(report, flow) for flow in report.flows], HEADINGS),
    ]
    for flow in report.flows:
        if flow.verdict in ("MISSED", "NOT MEASURED"):
            pairs = [("expected", flow.expected), ("got", flow.got)]
            lines += ["", *paragraph(f"{flow.flow.name}: {flow.verdict}", [p for p in pairs if p[1]])]
    exempt = dict.fromkeys(
        f"{f.flow.name}: {f.flow.exempt}" for f in report.flows if f.verdict == "not judged"
    )
    if exempt:
        lines += ["", *paragraph("Not judged", [("", text) for text in exempt])]
    for subject, problem in report.trouble:
        lines += ["", *paragraph(subject, [("got", problem)])]
    notes = plan.notes + slow(report)
    if notes:
        lines += ["", *paragraph("Notes", [("", note) for note in notes])]
    return "\n".join([*lines, "", sentence(report)])


def slow(report: Report) -> list[str]:
    """Which routers could not send as many packets as were meant: what they measured is coarser."""
    rates = {flow.flow.source: flow.rate for flow in report.flows if flow.seen and flow.rate < RATE}
    return [
        f"{name} was busy and sent only {rate} packets a second in each flow" for name, rate in rates.items()
    ]


def sentence(report: Report) -> str:
    """The verdict, as one would say it on the telephone."""
    plan, flows = report.plan, report.flows
    judged = [flow for flow in flows if flow.verdict != "not judged"]
    met = [flow for flow in judged if flow.verdict == "met"]
    told = [flow.seen for flow in judged if flow.seen]
    if not told:
        return f"{report.verdict}: nothing was measured"
    worst = max((seen.during.seconds for seen in told if seen.during), default=0.0)
    return_ = max((seen.after.seconds for seen in told if seen.after), default=0.0)
    gap = f"the longest outage was {round(worst * 1000)} ms" if worst else "none lost a packet meanwhile"
    gap += f", {round(return_ * 1000)} ms on restore" if return_ else ""
    goal = f"{plan.objective} allows {plan.limit} ms, restore {plan.restore} ms"
    return f"{report.verdict}: {len(met)} of {len(judged)} flows within the objective, {gap}, {goal}"


def _line(report: Report, flow: FlowReport) -> tuple[str, ...]:
    seen = flow.seen
    during = flow.during[1:] if flow.during[:1] == flow.before else flow.during
    after = flow.after[1:] if flow.after[:1] == flow.during[-1:] else flow.after
    return (
        flow.flow.name,
        flow.says,
        f"{sum(seen.lost)}/{seen.sent}" if seen else "-",
        ", ".join(flow.before) or "-",
        ", then ".join(during) or "same",
        ", then ".join(after) or "same",
        f"{report.plan.objective} {flow.verdict}" if flow.verdict != "not judged" else flow.verdict,
    )


def as_json(report: Report) -> dict[str, Any]:
    plan = report.plan
    return {
        "verdict": report.verdict.lower(),
        "fault": plan.fault,
        "target": plan.target,
        "window": plan.window,
        "says": plan.says,
        "lasted_s": report.seconds,
        "clock_error_s": report.error,
        "objective": {"name": plan.objective, "limit_ms": plan.limit, "restore_ms": plan.restore},
        "trouble": [{"subject": subject, "problem": problem} for subject, problem in report.trouble],
        "notes": plan.notes + slow(report),
        "flows": [_flow(flow) for flow in report.flows],
    }


def _flow(report: FlowReport) -> dict[str, Any]:
    seen = report.seen
    return {
        "name": report.flow.name,
        "source": report.flow.source,
        "target": report.flow.target,
        "size": report.flow.size,
        "outcome": seen.outcome if seen else "not measured",
        "says": report.says,
        "verdict": report.verdict,
        "exempt": report.flow.exempt or None,
        "expected": report.expected,
        "got": report.got,
        "sent": seen.sent if seen else 0,
        "rate": report.rate,
        "lost": dict(zip(("before", "during", "after"), seen.lost, strict=True)) if seen else None,
        "outage_ms": lasting(seen.during) if seen else None,
        "outages": seen.times if seen else None,
        "restore_ms": lasting(seen.after) if seen else None,
        "back_ms": None if seen is None or seen.back is None else round(seen.back * 1000),
        "silence_ms": round(seen.silence * 1000) if seen else None,
        "path": {"before": report.before, "during": report.during, "after": report.after},
    }


def junit(report: Report) -> str:
    """One case per flow that is judged, one for each trouble."""
    plan = report.plan
    judged = [flow for flow in report.flows if flow.verdict != "not judged"]
    missed = [flow for flow in judged if flow.verdict == "MISSED"]
    unknown = [flow for flow in judged if flow.verdict == "NOT MEASURED"]
    root = ElementTree.Element("testsuites", name="mgre.dmvpn failover")
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=f"{plan.fault} on {plan.target}",
        tests=str(len(judged) + len(report.trouble)),
        failures=str(len(missed) + len(report.trouble)),
        errors=str(len(unknown)),
    )
    for flow in judged:
        case = ElementTree.SubElement(suite, "testcase", classname=plan.fault, name=flow.flow.name)
        if flow.verdict != "met":
            kind = "failure" if flow.verdict == "MISSED" else "error"
            message = f"expected {flow.expected}, got {flow.got}"
            ElementTree.SubElement(case, kind, message=message).text = flow.says
    for subject, problem in report.trouble:
        case = ElementTree.SubElement(suite, "testcase", classname=plan.fault, name=subject)
        ElementTree.SubElement(case, "failure", message=problem)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
