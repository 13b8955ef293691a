# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.commit``: ends a pending change over a connection that was made after it."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils.operator import operator

ARGUMENTS = {
    "state": {"type": "str", "choices": ["confirmed", "extended", "undone", "status"], "default": "status"},
    "commit": {"type": "str", "default": ""},
    "seconds": {"type": "int", "default": 300},
    "why": {"type": "str", "default": ""},
}


class ActionModule(ActionBase):
    """Adds who it is."""

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        result.update(
            self._execute_module(
                module_name="mgre.dmvpn.commit",
                module_args={**arguments, "who": operator()},
                task_vars=task_vars,
            )
        )
        result.pop("invocation", None)
        return result
