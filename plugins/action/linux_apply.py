# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.linux_apply``: reads one router's directory of the bundle and sends it in one go."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ..plugin_utils.operator import operator
from ..plugin_utils.requirements import require
from ..plugin_utils.secret_references import NoSecret, secrets_in
from .commit import out_of_reach

try:
    from ..plugin_utils.fleet.dump import parse_device
    from ..plugin_utils.judge.plan import state_arguments
    from ..plugin_utils.judge.proof import reached
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

LONGEST = 86400  # seconds that a change may wait to be confirmed
PROGRAMS = Path(__file__).resolve().parents[2] / "roles" / "linux" / "files"


class ActionModule(ActionBase):
    """Looks at this host's own variables only, because reading others' costs minutes in a large fleet."""

    _supports_check_mode = True
    _supports_diff = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        _validation, arguments = self.validate_argument_spec(
            argument_spec={
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                "bundle": {"type": "path"},
                "confirm_within": {"type": "int", "default": 0},
                "why": {"type": "str", "default": ""},
                "fingerprint_key": {"type": "str", "no_log": True},
            },
            required_if=[("state", "present", ("bundle",))],
        )
        if not 0 <= arguments["confirm_within"] <= LONGEST:
            raise AnsibleActionFail(
                f"dmvpn_confirm_within: {arguments['confirm_within']} s cannot be; write 0 to {LONGEST}"
            )
        sent = {**arguments, "who": operator()}
        if arguments["state"] == "present":
            sent.update(self.read(Path(os.path.abspath(arguments["bundle"])), variables))
        device = None
        if arguments["confirm_within"] and arguments["state"] == "present":
            require(MISSING)
            device = parse_device(sent["intent"])
            sent["look"] = state_arguments(device)
        try:
            result.update(
                self._execute_module(
                    module_name="mgre.dmvpn.linux_apply", module_args=sent, task_vars=variables
                )
            )
        except AnsibleConnectionFailure as error:
            if not arguments["confirm_within"] or self._task.check_mode:
                raise
            end = time.monotonic() + arguments["confirm_within"]
            raise AnsibleActionFail(out_of_reach(self, variables, str(error.message), end)) from None
        result.pop("invocation", None)
        before = result.pop("before", None)
        if result.get("pending"):
            result["reached"] = reached(device, before)
        return result

    def read(self, bundle: Path, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The module's further arguments. Raises ``AnsibleActionFail``."""
        name = variables["inventory_hostname"]
        folder = bundle / name
        try:
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            intent = json.loads((folder / "intent.json").read_text(encoding="utf-8"))
            texts = {
                entry["path"]: (folder / entry["path"].lstrip("/")).read_text(encoding="utf-8")
                for entry in manifest["files"]
            }
            programs = {
                path.name: path.read_text(encoding="utf-8")
                for path in sorted(PROGRAMS.glob("nhrp_events*.py"))
            }
        except FileNotFoundError as error:
            raise AnsibleActionFail(
                f"no bundle for {name}: {error.filename} is not there; render it first "
                "(playbooks/render.yml), and see that the host is in a cloud"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnsibleActionFail(
                f"the bundle in {folder} cannot be read ({error}); render it again"
            ) from None
        return {
            "manifest": manifest,
            "intent": intent,
            "texts": texts,
            "programs": programs,
            "secrets": self.secrets("\n".join(texts.values()), variables),
        }

    def secrets(self, text: str, variables: Mapping[str, Any]) -> dict[str, str]:
        """The values behind a text's references; vaulted values and templates of the host work."""
        try:
            return secrets_in(text, lambda name: self._templar.template(variables.get(name)))
        except NoSecret as error:
            raise AnsibleActionFail(str(error)) from None
