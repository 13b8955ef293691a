# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A diagnosis as a paragraph for people and as JSON for programs."""

from __future__ import annotations

import textwrap
from typing import Any

from .diagnosis import Diagnosis, name_of
from .present import WIDTH
from .result import Result


def console(diagnosis: Diagnosis) -> str:
    """The walk, the first cause with evidence and remedy, and in a line each what else was seen."""
    walk = ", ".join(f"{step} {word}" for step, word in diagnosis.walk())
    lines = [f"{_title(diagnosis)}: {walk}", ""]
    first = diagnosis.first
    if first is not None:
        lines += [f"{first.host}: {name_of(first)}", *_wrapped(paragraph(first))]
    elif diagnosis.green:
        lines += ["Everything is as the inventory says, and packets cross both ways."]
    for root in diagnosis.causes[1:]:
        lines += ["", *_wrapped(f"Also, at {root.host}: {said(root)} ({name_of(root)})")]
    for report in diagnosis.reports:
        if report.error:
            lines += ["", f"{report.host}: not looked at: {' '.join(report.error.split())}"]
    return "\n".join(lines)


def paragraph(root: Result) -> str:
    """What is wrong, what shows it, what to do."""
    said_ = said(root)
    seen = f" Seen: {root.check}, {root.subject}: {root.got}; expected: {root.expected}."
    return f"{said_[:1].upper()}{said_[1:]}.{seen} Do: {root.remedy}."


def said(root: Result) -> str:
    return (root.cause or "").partition(": ")[2] or root.got


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "verdict": verdict(diagnosis),
        "sites": list(diagnosis.scope.sites),
        "hosts": list(diagnosis.scope.hosts),
        "walk": dict(diagnosis.walk()),
        "causes": [_cause(root) for root in diagnosis.causes],
        "not_looked_at": {report.host: report.error for report in diagnosis.reports if report.error},
    }


def verdict(diagnosis: Diagnosis) -> str:
    if diagnosis.green:
        return "green"
    return "RED" if any(root.outcome == "fail" for root in diagnosis.causes) else "NOT PROVEN"


def _cause(root: Result) -> dict[str, Any]:
    return {
        "host": root.host,
        "cause": name_of(root),
        "text": said(root),
        "check": root.check,
        "subject": root.subject,
        "expected": root.expected,
        "got": root.got,
        "peers": list(root.peers),
        "remedy": root.remedy,
    }


def _title(diagnosis: Diagnosis) -> str:
    sites = diagnosis.scope.sites
    return " and ".join(sites[:2]) if len(sites) == 2 else sites[0] if sites else "All routers"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
