# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.audit_report``: the audit of all routers of the play."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from ansible.utils.display import Display

from .report import FleetReport

try:
    from ..plugin_utils.audit.present import as_json, console, junit
    from ..plugin_utils.audit.report import clean, load
    from ..plugin_utils.judge.store import forget, write
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None


class ActionModule(FleetReport):
    """Reads what the audit wrote of each router."""

    arguments: ClassVar = {"audit_dir": {"type": "path", "default": "artifacts/audit"}}
    elsewhere = "give another directory with dmvpn_audit_dir"
    missing = MISSING

    def begin(self, directory: Path, hosts: list[str]) -> None:
        forget(directory, [*hosts, "audit"])

    def complete(self, directory: Path, hosts: list[str], given: dict[str, Any]) -> dict[str, Any]:
        audits = [load(directory, host) for host in hosts]
        write(directory / "audit.json", json.dumps(as_json(audits), indent=1) + "\n")
        write(directory / "audit.xml", junit(audits))
        Display().display(f"\n{console(audits)}\n")
        result: dict[str, Any] = {
            "clean": clean(audits),
            "audit_json": str(directory / "audit.json"),
            "audit_junit": str(directory / "audit.xml"),
        }
        if not result["clean"]:
            result.update(
                failed=True,
                msg=f"not all routers are as the inventory says: see above, or {directory}/audit.json",
            )
        return result
