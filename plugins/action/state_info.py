# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.state_info``: on IOS the controller reads, elsewhere the module does."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils.observe.command_line import command_line, is_command_line
from ..plugin_utils.observe.ios import TRUSTPOINT, observe

ARGUMENTS = {
    "units": {"type": "list", "elements": "str"},
    "certificates": {"type": "list", "elements": "str"},
    "firewall": {"type": "str", "choices": ["nftables", "iptables"]},
    "tunnels": {"type": "list", "elements": "str", "default": []},
    "trustpoint": {"type": "str", "default": TRUSTPOINT},
}


class ActionModule(ActionBase):
    """An IOS router runs no code of ours: its show commands go over the connection that Ansible holds."""

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        if not is_command_line(self._connection):
            module: dict[str, Any] = self._execute_module(
                module_name="mgre.dmvpn.state_info", task_vars=task_vars
            )
            return module
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        run = command_line(self._connection, "the router cannot be read")
        state = observe(run, arguments["tunnels"], arguments["trustpoint"])
        result.update(changed=False, state=state.to_dict())
        return result
