# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The audit as a colleague would tell it, for programs (JSON) and for CI (JUnit)."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any
from xml.etree import ElementTree

from ...module_utils.difference import DRIFT, NOTE, UNKNOWN, Difference
from ..judge.present import paragraph, table
from .report import OWNERS, Audit, clean

HEADINGS = ("router", "site", *OWNERS, "notes", "last run", "verdict")
OWNER_WORDS = {
    "ours": "ours",
    "theirs": "somebody else's",
    "default": "nobody's: a default",
}


def console(audits: list[Audit]) -> str:
    """A table, a paragraph for each difference, the notes, and how many routers are how."""
    lines = table([_row(audit) for audit in audits], HEADINGS)
    for audit in audits:
        lines += _told(audit)
    counts = Counter(audit.verdict for audit in audits)
    told = ", ".join(
        f"{counts[name]} {name}" for name in ("clean", "DRIFT", "NOT PROVEN", "NOT AUDITED") if counts[name]
    )
    return "\n".join([*lines, "", f"{len(audits)} routers: {told}"])


def _row(audit: Audit) -> tuple[str, ...]:
    site = "-" if audit.site is None else str(audit.site)
    numbers = ["-" if audit.error else str(audit.count(owner)) for owner in OWNERS]
    notes = "-" if audit.error else str(len(audit.of(NOTE)))
    return (audit.host, site, *numbers, notes, when(audit.applied) or "-", audit.verdict)


def _told(audit: Audit) -> list[str]:
    if audit.error:
        return ["", *paragraph(f"{audit.host}: not audited", [("why", audit.error)])]
    lines: list[str] = []
    for one in [*audit.of(DRIFT), *audit.of(UNKNOWN)]:
        lines += ["", *described(audit.host, one)]
    for one in audit.of(NOTE):
        lines += ["", *paragraph(f"{audit.host}: note: {one.subject}", [("", f"{one.what}; {one.remedy}")])]
    return lines


def described(host: str, one: Difference) -> list[str]:
    """One difference: what, the lines, whose, who could have done it, and what to do."""
    pairs = [("what", one.what)]
    lines = paragraph(f"{host}: {one.area}: {one.subject}", pairs)
    lines += [f"    {line}" for line in one.lines]
    since = f", at the latest {when(one.since)}" if one.since else ""
    pairs = [("whose", OWNER_WORDS.get(one.owner, one.owner)), ("by", f"{one.by or 'not known'}{since}")]
    return lines + paragraph("", [*pairs, ("remedy", one.remedy or "find out why")])[1:]


def when(seconds: float | None) -> str:
    """A time as people write it, in UTC."""
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def as_json(audits: list[Audit]) -> dict[str, Any]:
    """The report for programs."""
    return {
        "verdict": "clean" if clean(audits) else "drift",
        "routers": dict(Counter(audit.verdict for audit in audits)),
        "drift": {owner: sum(audit.count(owner) for audit in audits) for owner in OWNERS},
        "hosts": [audit.to_dict() for audit in audits],
    }


def junit(audits: list[Audit]) -> str:
    """One suite per router, one case per area of the audit. What is not known is an error."""
    root = ElementTree.Element("testsuites", name="mgre.dmvpn audit")
    for audit in audits:
        areas = list(dict.fromkeys([*audit.areas, *(one.area for one in audit.differences)]))
        failed = {one.area for one in audit.of(DRIFT)}
        unknown = {one.area for one in audit.of(UNKNOWN)} - failed
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=audit.host,
            tests=str(len(areas) + bool(audit.error)),
            failures=str(len(failed)),
            errors=str(len(unknown) + bool(audit.error)),
        )
        if audit.error:
            case = ElementTree.SubElement(suite, "testcase", classname=audit.host, name="reached")
            ElementTree.SubElement(case, "error", message=audit.error)
        for area in areas:
            case = ElementTree.SubElement(suite, "testcase", classname=audit.host, name=area)
            told = [one for one in audit.differences if one.area == area and one.severity != NOTE]
            if told:
                kind = "failure" if area in failed else "error"
                message = "; ".join(f"{one.subject}: {one.what} ({one.owner})" for one in told)
                fault = ElementTree.SubElement(case, kind, message=message)
                fault.text = "\n".join(line for one in told for line in [*described(audit.host, one), ""])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
