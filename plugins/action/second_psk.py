# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.second_psk``: resolves the router's PSKs and sends them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .linux_apply import ActionModule as LinuxApply

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
}


class ActionModule(LinuxApply):
    """Reads this host's bundle and secrets only."""

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super(LinuxApply, self).run(tmp, task_vars)
        variables = task_vars or {}
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        sent = dict(arguments)
        if arguments["state"] == "present":
            held = self.read(Path(os.path.abspath(arguments["bundle_dir"])), variables)["secrets"]
            sent["secrets"] = {
                name.removeprefix("psk/"): value for name, value in held.items() if name.startswith("psk/")
            }
        result.update(
            self._execute_module(module_name="mgre.dmvpn.second_psk", module_args=sent, task_vars=variables)
        )
        result.pop("invocation", None)
        return result
