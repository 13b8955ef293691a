# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reference page of all checks, from their own texts: docs/reference/checks.md."""

from __future__ import annotations

import inspect
import re

from .causes.row import Cause
from .causes.table import rows_of
from .result import Check
from .verdict import CHECKS

HEAD = """\
# Checks

What `playbooks/verify.yml` proves of every router. What fails on a lower layer is the reason for what fails
above it.

Written by `tools/checks_reference.py` from the texts in `plugins/plugin_utils/judge/`: change them there.

"""


def page() -> str:
    """Markdown."""
    return HEAD + "\n".join(_section(check) for check in CHECKS)


def _section(check: Check) -> str:
    rows = rows_of(check.name)
    prose = inspect.cleandoc(type(check).__doc__ or "").replace("``", "`")
    lines = [f"## {check.name}: {check.title}", "", f"Layer {check.layer}. {prose}", ""]
    if rows:
        head = ["| likely cause | what it says | remedy | remedy on IOS |", "|---|---|---|---|"]
        lines += [*head, *map(_row, rows), ""]
    return "\n".join(lines)


def _row(cause: Cause) -> str:
    cells = (cause.says, cause.remedy, cause.ios or "the same")
    return f"| `{cause.name}` | {' | '.join(map(_placeholders, cells))} |"


def _placeholders(text: str) -> str:
    """{peer} as *peer*; a bar would end the cell."""
    return re.sub(r"\{(\w+)\}", r"*\1*", text).replace("|", "\\|")
