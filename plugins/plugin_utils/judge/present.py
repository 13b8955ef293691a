# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fleet's verdict for people (console), for programs (JSON) and for CI (JUnit XML)."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from .report import COLUMNS, HostReport, Row, fold, totals
from .result import Result

WIDTH = 100
HEADINGS = (
    "site",
    "cloud",
    "role",
    "registered",
    "SA",
    "suite",
    "routing",
    "BFD",
    "path MTU",
    "RTT ms",
    "verdict",
)


def console(reports: Sequence[HostReport]) -> str:
    """A table, then one paragraph for each thing to repair, then the verdict."""
    lines = table([line for report in reports for line in _lines(report)])
    for report in reports:
        if report.error:
            lines += ["", *paragraph(f"{report.host}: not judged", [("why", report.error)])]
    for root in fold(list(reports)):
        lines += ["", *described(root)]
    counts = totals(list(reports))
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    lines += ["", f"{len(reports)} routers: {told}"]
    return "\n".join(lines)


def described(root: Result) -> list[str]:
    """A root as a paragraph: who, what is wrong, expected, got, likely cause, remedy."""
    head = f"{root.host}: {root.check}: {root.subject}"
    cause = (root.cause or "").partition(": ")[2] or root.cause or ""
    return paragraph(
        head,
        [("expected", root.expected), ("got", root.got), ("cause", cause), ("remedy", root.remedy or "")],
    )


def paragraph(head: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    lines = [head]
    for name, text in pairs:
        lines += textwrap.wrap(
            text,
            WIDTH,
            initial_indent=f"  {name + ':':<10}" if name else "  ",
            subsequent_indent=" " * 12 if name else "    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines


def _lines(report: HostReport) -> list[tuple[str, ...]]:
    if not report.rows:
        return [(report.host, *"-" * (len(HEADINGS) - 2), report.verdict)]
    return [_line(row, report.verdict) for row in report.rows]


def _line(row: Row, verdict: str) -> tuple[str, ...]:
    cells = {check: row.cells.get(check, "-") for check in COLUMNS}
    return (
        row.host,
        row.cloud,
        row.role,
        cells["registration"],
        cells["sa"],
        row.suite,
        cells["neighbour"],
        cells["bfd"],
        row.path_mtu,
        row.rtt,
        verdict,
    )


def table(lines: Sequence[tuple[str, ...]], headings: tuple[str, ...] = HEADINGS) -> list[str]:
    cells = [headings, *lines]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def as_json(reports: Sequence[HostReport]) -> dict[str, Any]:
    """The report for programs."""
    return {
        "verdict": "green" if green(reports) else "red",
        "routers": totals(list(reports)),
        "causes": [
            {
                "host": root.host,
                "check": root.check,
                "subject": root.subject,
                "cause": (root.cause or "").partition(": ")[0],
                "text": (root.cause or "").partition(": ")[2],
                "expected": root.expected,
                "got": root.got,
                "remedy": root.remedy,
            }
            for root in fold(list(reports))
        ],
        "hosts": [report.to_dict() for report in reports],
    }


def green(reports: Sequence[HostReport]) -> bool:
    """Only if there is something, and all of it was proven."""
    return bool(reports) and all(report.verdict == "green" for report in reports)


def junit(reports: Sequence[HostReport]) -> str:
    """One suite per router, one case per result. What is not known is an error: it is not proven."""
    root = ElementTree.Element("testsuites", name="mgre.dmvpn verify")
    for report in reports:
        failures = sum(r.outcome == "fail" for r in report.results)
        errors = sum(r.outcome == "unknown" for r in report.results) + bool(report.error)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=report.host,
            tests=str(len(report.results) + bool(report.error)),
            failures=str(failures),
            errors=str(errors),
        )
        if report.error:
            case = ElementTree.SubElement(suite, "testcase", classname=report.host, name="reached")
            ElementTree.SubElement(case, "error", message=report.error)
        for result in report.results:
            name = f"{result.check}: {result.subject}"
            case = ElementTree.SubElement(suite, "testcase", classname=report.host, name=name)
            if result.outcome != "pass":
                kind = "failure" if result.outcome == "fail" else "error"
                message = f"expected {result.expected}, got {result.got}"
                fault = ElementTree.SubElement(case, kind, message=message)
                fault.text = f"{result.cause or ''}\n{result.remedy or ''}".strip()
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
