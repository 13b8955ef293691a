# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.rollback``: says whom the router reached before it goes back, for the proof."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils.operator import operator
from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.fleet.dump import parse_device
    from ..plugin_utils.judge.proof import reached
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

ARGUMENTS = {
    "generation": {"type": "int"},
    "confirm_within": {"type": "int", "default": 300},
    "why": {"type": "str", "default": ""},
}


class ActionModule(ActionBase):
    """Needs no bundle: the router has kept what it was rendered from."""

    _supports_check_mode = True
    _supports_diff = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        result.update(
            self._execute_module(
                module_name="mgre.dmvpn.rollback",
                module_args={**arguments, "who": operator()},
                task_vars=task_vars,
            )
        )
        result.pop("invocation", None)
        before = result.pop("before", None)
        if result.get("pending"):
            intent = result.get("intent")
            result["reached"] = reached(parse_device(intent) if intent else None, before)
        return result
