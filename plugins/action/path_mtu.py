# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.path_mtu``: on IOS the router's own ping is read, elsewhere the module sends."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils.linux.observe_path import DEADLINE, SMALLEST, Target
from ..plugin_utils.observe.command_line import command_line, is_command_line
from ..plugin_utils.observe.ios_path import LARGEST, probe_all

ARGUMENTS = {
    "targets": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "address": {"type": "str", "required": True},
            "size": {"type": "int", "required": True},
            "source": {"type": "str"},
        },
    },
    "count": {"type": "int"},
    "timeout": {"type": "float"},
    "deadline": {"type": "float", "default": DEADLINE},
}


class ActionModule(ActionBase):
    """``count`` and ``timeout`` are not for IOS: its ping counts and waits in its own units."""

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        if not is_command_line(self._connection):
            module: dict[str, Any] = self._execute_module(
                module_name="mgre.dmvpn.path_mtu", task_vars=task_vars
            )
            return module
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        targets = [Target(t["address"], t["size"], t["source"]) for t in arguments["targets"]]
        for target in targets:
            if not SMALLEST <= target.size <= LARGEST:
                raise AnsibleActionFail(f"targets: size {target.size} is not {SMALLEST} to {LARGEST}")

        run = command_line(self._connection, "the router cannot be asked to ping")
        probes = probe_all(run, targets, arguments["deadline"])
        result.update(changed=False, probes=[probe.to_dict() for probe in probes])
        return result
