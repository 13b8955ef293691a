# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runbooks, from the table of causes: docs/runbooks, a page for each layer, a section for each cause."""

from __future__ import annotations

import inspect
import re

from .causes import ipsec, nhrp, path, router, routing, tunnel
from .causes.row import Cause
from .causes.symptoms import SYMPTOMS
from .causes.table import rows_named
from .verdict import CHECKS

PAGES: dict[str, tuple[str, tuple[Cause, ...]]] = {
    "router": ("The router itself", router.ROWS),
    "tunnel": ("The tunnel", tunnel.ROWS),
    "ipsec": ("IKE and ESP", ipsec.ROWS),
    "nhrp": ("NHRP", nhrp.ROWS),
    "routing": ("Routing", routing.ROWS),
    "path": ("The path", path.ROWS),
}
WRITTEN = (
    "Written by `tools/runbooks.py` from the table in `plugins/plugin_utils/judge/causes/`: "
    "change it there.\n"
)
WORDS = {
    "peer": "the peer",
    "interface": "dmvpn10",
    "cloud": "CLOUD",
    "wan": "WAN",
    "nbma": "PEER-ADDRESS",
    "overlay": "OVERLAY-ADDRESS",
    "mtu": "MTU",
    "subject": "SUBJECT",
    "got": "(what was found)",
    "wanted": "(what is wanted)",
    "evidence": "(what was found)",
}
TITLES = {check.name: check.title for check in CHECKS}


def pages() -> dict[str, str]:
    """Markdown by file name."""
    made = {f"{name}.md": _page(title, rows) for name, (title, rows) in PAGES.items()}
    return made | {"README.md": _index()}


def _index() -> str:
    lines = [
        "# Runbooks",
        "",
        "One section for each cause that `verify.yml` and `diagnose.yml` name.",
        "",
        WRITTEN,
    ]
    for name, (title, rows) in PAGES.items():
        links = ", ".join(f"[{cause}]({name}.md#{cause})" for cause in _by_name(rows))
        lines += [f"- {title}: {links}"]
    return "\n".join(lines) + "\n"


def _by_name(rows: tuple[Cause, ...]) -> dict[str, list[Cause]]:
    """The rows of each cause that begins on this page, with those of other layers."""
    found: dict[str, list[Cause]] = {}
    for row in rows:
        same = rows_named(row.name)
        if same[0] in rows:
            found[row.name] = same
    return found


def _page(title: str, rows: tuple[Cause, ...]) -> str:
    lines = [f"# {title}", "", WRITTEN]
    for name, same in _by_name(rows).items():
        lines += [f"## {name}", "", f"**Symptom.** {SYMPTOMS[name]}", ""]
        for row in same:
            lines += [*_row(row), ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(row: Cause) -> list[str]:
    checks = ", ".join(f"`{check}` ({TITLES[check]})" for check in row.checks)
    ios = _filled(row.ios).replace("dmvpn10", "Tunnel10") or "the same, or it does not occur there."
    return [
        f"**Evidence.** Red: {checks}. {_evidence(row)}",
        "",
        f"**It says:** {_filled(row.says)}.",
        "",
        f"**Remedy{_where(row)}, Linux:** {_filled(row.remedy)}",
        "",
        f"**Remedy{_where(row)}, IOS:** {ios}",
    ]


def _where(row: Cause) -> str:
    return {"here": " at the router that is named", "peer": " at its peer", "both": " at both ends"}[row.at]


def _evidence(row: Cause) -> str:
    """The first sentence of the evidence function's own words."""
    text = " ".join(inspect.cleandoc(row.evidence.__doc__ or "").split())
    return text if text.endswith(".") else f"{text}."


def _filled(text: str) -> str:
    """Placeholders as words; what looks like a tag or a table is kept."""
    return re.sub(r"\{(\w+)\}", lambda match: WORDS[match[1]], text).replace("<", "\\<").replace("*", "\\*")
