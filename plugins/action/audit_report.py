# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.audit_report``: the audit of all routers of the play."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.audit.present import as_json, console, junit
    from ..plugin_utils.audit.report import clean, load
    from ..plugin_utils.judge.store import NotRendered, forget, rendered, write
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

ARGUMENTS = {
    "state": {"type": "str", "choices": ["begin", "complete"], "default": "complete"},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "audit_dir": {"type": "path", "default": "artifacts/audit"},
}


class ActionModule(ActionBase):
    """Runs on the controller and contacts nobody."""

    _supports_check_mode = True
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        directory = Path(os.path.abspath(arguments["audit_dir"]))
        bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        result["changed"] = False
        try:
            hosts = rendered(bundle, (task_vars or {})["ansible_play_hosts_all"])
            if arguments["state"] == "begin":
                forget(directory, [*hosts, "audit"])
                return result
            audits = [load(directory, host) for host in hosts]
            write(directory / "audit.json", json.dumps(as_json(audits), indent=1) + "\n")
            write(directory / "audit.xml", junit(audits))
        except NotRendered as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(
                f"{error.filename or directory}: {error.strerror}; "
                "give another directory with dmvpn_audit_dir"
            ) from None
        Display().display(f"\n{console(audits)}\n")
        verdict = clean(audits)
        result.update(
            clean=verdict,
            audit_json=str(directory / "audit.json"),
            audit_junit=str(directory / "audit.xml"),
        )
        if not verdict:
            result.update(
                failed=True,
                msg=f"not all routers are as the inventory says: see above, or {directory}/audit.json",
            )
        return result
