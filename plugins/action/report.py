# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.report``: the verdict over all routers of the play."""

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
    from ..plugin_utils.judge.present import as_json, console, green, junit
    from ..plugin_utils.judge.store import NotRendered, forget, load, rendered, write
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

ARGUMENTS = {
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "report_dir": {"type": "path", "default": "artifacts/report"},
    "state": {"type": "str", "choices": ["begin", "complete"], "default": "complete"},
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
        directory = Path(os.path.abspath(arguments["report_dir"]))
        bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        result["changed"] = False
        try:
            hosts = rendered(bundle, (task_vars or {})["ansible_play_hosts_all"])
            if arguments["state"] == "begin":
                forget(directory, hosts)
                return result
            reports = [load(directory, host) for host in hosts]
            write(directory / "report.json", json.dumps(as_json(reports), indent=1) + "\n")
            write(directory / "report.xml", junit(reports))
        except NotRendered as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(
                f"{error.filename or directory}: {error.strerror}; "
                "give another directory with dmvpn_report_dir"
            ) from None
        text = console(reports)
        Display().display(f"\n{text}\n")
        verdict = green(reports)
        result.update(
            green=verdict,
            report_json=str(directory / "report.json"),
            report_junit=str(directory / "report.xml"),
        )
        if not verdict:
            result.update(
                failed=True, msg=f"not all routers are green: see above, or {directory}/report.json"
            )
        return result
