# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.decommission``: the files of a fleet without one of its clouds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils.requirements import require
from .render import MISSING
from .render import ActionModule as Render

if MISSING is None:
    from ..plugin_utils.branches.cloud import decommission
    from ..plugin_utils.findings import FindingsError
    from ..plugin_utils.render.fleet import render_fleet
    from ..plugin_utils.render.writer import write_bundles

ARGUMENTS = {
    "cloud": {"type": "str", "default": ""},
    "output": {"type": "path", "default": "artifacts/decommission"},
}


class ActionModule(Render):
    """Runs on the controller and contacts nobody."""

    _supports_check_mode = True
    _supports_diff = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = ActionBase.run(self, tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        if not arguments["cloud"]:
            raise AnsibleActionFail("write -e cloud=NAME for a cloud of the inventory")
        output = Path(os.path.abspath(arguments["output"]))
        variables = task_vars or {}
        try:
            plan = decommission(self.fleet_variables(variables), variables["groups"], arguments["cloud"])
        except FindingsError as error:
            raise AnsibleActionFail(f"without cloud {arguments['cloud']!r}: {error}") from None
        try:
            if plan.rest:
                write_bundles(render_fleet(plan.rest), output)
        except OSError as error:
            raise AnsibleActionFail(f"{error.filename or output}: {error.strerror}") from None
        result.update(changed=False, bundle_dir=str(output), stay=plan.stay, leave=plan.leave)
        return result
