# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.collector``: what a router measures itself with, sent in one go."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils.requirements import require

try:
    from ..module_utils.health_metrics import DIRECTORY
    from ..plugin_utils.fleet.rendered import NotRendered, read_intent
    from ..plugin_utils.health.plan import health_plan
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

LIBRARY = Path(__file__).resolve().parents[1] / "module_utils"
# What runs on a router from there: the observer of verify, and what makes metrics of a state.
PROGRAMS = ("state.py", "health_*.py", "linux/observe*.py", "linux/health.py")
ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "directory": {"type": "raw", "default": True},
    "interval": {"type": "int", "default": 60},
}


class ActionModule(ActionBase):
    """Reads this host's intent only."""

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        require(MISSING)
        variables = task_vars or {}
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        sent: dict[str, Any] = {"state": arguments["state"]}
        if arguments["state"] == "present":
            given, interval = arguments["directory"], arguments["interval"]
            directory = DIRECTORY if given is True or str(given).lower() in ("true", "yes") else str(given)
            if not re.fullmatch(r"/[\w./+-]+", directory):
                raise AnsibleActionFail(
                    f"directory: {directory!r} is not an absolute path; write one, or true"
                )
            if not 15 <= interval <= 86400:
                raise AnsibleActionFail(f"interval: {interval} s is not 15 to 86400")
            bundle = Path(os.path.abspath(arguments["bundle_dir"]))
            try:
                device = read_intent(bundle, variables["inventory_hostname"])
            except NotRendered as error:
                raise AnsibleActionFail(str(error)) from None
            plan = health_plan(device, interval, directory)
            sent.update(
                programs={
                    str(path.relative_to(LIBRARY)): path.read_text(encoding="utf-8")
                    for pattern in PROGRAMS
                    for path in sorted(LIBRARY.glob(pattern))
                },
                plan=json.dumps(plan.to_dict(), indent=1) + "\n",
                directory=directory,
                interval=interval,
            )
        result.update(
            self._execute_module(module_name="mgre.dmvpn.collector", module_args=sent, task_vars=variables)
        )
        result.pop("invocation", None)
        return result
