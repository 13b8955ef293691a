# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.report``: the verdict over all routers of the play."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.fleet.rendered import NotRendered, rendered
    from ..plugin_utils.judge.present import as_json, console, green, junit
    from ..plugin_utils.judge.store import forget, load, write
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

ARGUMENTS = {
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "state": {"type": "str", "choices": ["begin", "complete"], "default": "complete"},
}


class FleetReport(ActionBase):
    """The begin and the end of a report over all routers of a play, on the controller; contacts nobody.

    ``arguments`` are the report's own, the first of them its directory. ``elsewhere`` says what to give where
    that cannot be written. ``missing`` is the Python package that the report lacks.
    """

    _supports_check_mode = True
    _requires_connection = False
    TRANSFERS_FILES = False

    arguments: ClassVar[dict[str, dict[str, Any]]]
    elsewhere: ClassVar[str]
    missing: ClassVar[str | None]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        require(MISSING or self.missing)
        given = self.validate_argument_spec(argument_spec=ARGUMENTS | self.arguments)[1]
        directory = Path(os.path.abspath(given[next(iter(self.arguments))]))
        bundle = Path(os.path.abspath(given["bundle_dir"]))
        result["changed"] = False
        try:
            hosts = rendered(bundle, (task_vars or {})["ansible_play_hosts_all"])
            if given["state"] == "begin":
                self.begin(directory, hosts)
            else:
                result.update(self.complete(directory, hosts, given))
        except NotRendered as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(
                f"{error.filename or directory}: {error.strerror}; {self.elsewhere}"
            ) from None
        return result

    def begin(self, directory: Path, hosts: list[str]) -> None:
        """Forgets what an earlier run wrote. Raises ``OSError``."""
        raise NotImplementedError

    def complete(self, directory: Path, hosts: list[str], given: dict[str, Any]) -> dict[str, Any]:
        """Writes and shows the report; returns the task's result. Raises ``OSError``."""
        raise NotImplementedError


class ActionModule(FleetReport):
    """Reads what verify wrote of each router."""

    arguments: ClassVar = {"report_dir": {"type": "path", "default": "artifacts/report"}}
    elsewhere = "give another directory with dmvpn_report_dir"
    missing = MISSING

    def begin(self, directory: Path, hosts: list[str]) -> None:
        forget(directory, hosts)

    def complete(self, directory: Path, hosts: list[str], given: dict[str, Any]) -> dict[str, Any]:
        reports = [load(directory, host) for host in hosts]
        write(directory / "report.json", json.dumps(as_json(reports), indent=1) + "\n")
        write(directory / "report.xml", junit(reports))
        Display().display(f"\n{console(reports)}\n")
        result: dict[str, Any] = {
            "green": green(reports),
            "report_json": str(directory / "report.json"),
            "report_junit": str(directory / "report.xml"),
        }
        if not result["green"]:
            result.update(
                failed=True, msg=f"not all routers are green: see above, or {directory}/report.json"
            )
        return result
