# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong, in the one shape that every part of the collection reports it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NAMED_HOSTS = 3  # of the hosts that share a finding; the others are counted


@dataclass(frozen=True, slots=True)
class Finding:
    """``subject`` is a variable or a check; ``remedy`` says what to write or to do instead.

    No field may hold a secret: findings are printed and written to reports.
    """

    host: str
    subject: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.host}: {self.subject}: {self.problem}; {self.remedy}"


class FindingsError(Exception):
    """Carries everything that is wrong at once; its text is the whole list."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__(self.findings)

    def __str__(self) -> str:
        return render(self.findings)


def render(findings: Sequence[Finding]) -> str:
    """The list as text, sorted and counted; hosts that share a finding share its line."""
    shared: dict[tuple[str, str, str], list[str]] = {}
    for finding in findings:
        shared.setdefault((finding.subject, finding.problem, finding.remedy), []).append(finding.host)
    merged = []
    for (subject, problem, remedy), found in shared.items():
        hosts = sorted(set(found), key=natural)
        line = str(Finding(some(hosts), subject, problem, remedy))
        merged.append(((natural(hosts[0]), subject, line), line))
    total = len(merged)
    return "\n".join(
        [f"{total} finding{'' if total == 1 else 's'}:", *(line for key, line in sorted(merged))]
    )


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are: ``a, b, c and 2 more``."""
    more = len(names) - NAMED_HOSTS
    return ", ".join(names[:NAMED_HOSTS]) + (f" and {more} more" if more > 0 else "")


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key in which spoke2 comes before spoke10."""
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
