# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.ios_apply``: reads one router's directory of the bundle and brings the router to it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ..plugin_utils.ios.session import Session
from ..plugin_utils.observe.command_line import command_line
from ..plugin_utils.observe.ios import observe
from ..plugin_utils.pending.errors import Failed, Lost, Refused
from ..plugin_utils.requirements import require
from ..plugin_utils.rollout.looks import forecast_of
from ..plugin_utils.secret_references import NoSecret, secrets_in

try:
    from ..plugin_utils.ios.driver import BadConfiguration
    from ..plugin_utils.ios.owned import NotOurs
    from ..plugin_utils.ios.transaction import apply
    from ..plugin_utils.ios.wish import Wish
    from ..plugin_utils.judge.intended import intended
    from ..plugin_utils.judge.plan import state_arguments
    from ..plugin_utils.judge.proof import reached
except ModuleNotFoundError as error:
    if error.name not in ("hier_config", "pydantic"):
        raise
    MISSING: str | None = error.name
else:
    MISSING = None


class ActionModule(ActionBase):
    """Looks at this host's own variables only, because reading others' costs minutes in a large fleet."""

    _supports_check_mode = True
    _supports_diff = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        require(MISSING)
        arguments = self.arguments()
        configuration = ""
        if arguments["state"] == "present":
            configuration = self.read(Path(os.path.abspath(arguments["bundle"])), variables)
        wish = Wish(
            intended=configuration,
            secrets=self.secrets(configuration, variables),
            minutes=arguments["revert_timer"],
            wait=arguments["wait_for_tunnels"],
            push_secrets=arguments["push_secrets"],
            save=arguments["save"],
            hold=not arguments["confirm"],
        )
        session = self.session()
        there = self.reached(arguments, variables) if wish.hold and not self._task.check_mode else []
        try:
            outcome = apply(session, wish, check=self._task.check_mode)
        except Refused as refused:
            return result | {"failed": True, "msg": str(refused), "restored": True}
        except Failed as failed:
            return result | {
                "failed": True,
                "msg": str(failed),
                "step": failed.step,
                "restored": failed.restored,
            }
        except Lost as lost:
            raise AnsibleConnectionFailure(
                f"the router cannot be reached, nothing was sent: {lost}; see ansible_host, ansible_user, "
                "ansible_password and ansible_become_password"
            ) from None
        except (BadConfiguration, NotOurs) as error:
            return result | {
                "failed": True,
                "msg": f"{error}: this cannot be compared; render again, or report it",
            }
        for text in outcome.warnings:
            result.setdefault("warnings", []).append(text)
        result |= {"changed": outcome.changed, "lines": outcome.lines.splitlines()}
        result |= {"commit": outcome.mark, "pending": outcome.pending}
        if outcome.pending:
            result["reached"] = there
        if self._task.check_mode:
            result["forecast"] = forecast_of(outcome.changed, result["lines"], arguments["fingerprint_key"])
        if self._task.diff:
            result["diff"] = {"prepared": outcome.lines}
        return result

    def arguments(self) -> dict[str, Any]:
        _validation, arguments = self.validate_argument_spec(
            argument_spec={
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                "bundle": {"type": "path"},
                "revert_timer": {"type": "int", "default": 3},
                "wait_for_tunnels": {"type": "int", "default": 0},
                "push_secrets": {"type": "bool", "default": False, "no_log": False},
                "save": {"type": "bool", "default": True},
                "confirm": {"type": "bool", "default": True},
                "fingerprint_key": {"type": "str", "no_log": True},
            },
            required_if=[("state", "present", ("bundle",))],
        )
        if not 2 <= arguments["revert_timer"] <= 120:
            raise AnsibleActionFail(f"revert_timer is {arguments['revert_timer']}; write 2 to 120 (minutes)")
        if not 0 <= arguments["wait_for_tunnels"] <= 60 * (arguments["revert_timer"] - 1):
            raise AnsibleActionFail(
                f"wait_for_tunnels is {arguments['wait_for_tunnels']}; write seconds, at least one "
                f"minute less than "
                f"revert_timer ({arguments['revert_timer']} minutes), or 0"
            )
        found: dict[str, Any] = arguments
        return found

    def session(self) -> Session:
        if not getattr(self._connection, "socket_path", None):
            raise AnsibleActionFail(
                "an IOS router is reached over network_cli: write ansible_connection: "
                "ansible.netcommon.network_cli and "
                "ansible_network_os: cisco.ios.ios (for NETCONF too, and dmvpn_ios_transport: netconf)"
            )
        return Session(self)

    def reached(self, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> list[list[str]]:
        """The peers that are there before the change, for its proof; none where the intent is not known."""
        if arguments["state"] == "absent":
            return []
        device = intended(Path(os.path.abspath(arguments["bundle"])), variables["inventory_hostname"])
        if device is None:
            return []
        run = command_line(self._connection, "the router cannot be read before the change")
        asked = state_arguments(device)
        return reached(device, observe(run, asked["tunnels"], asked["trustpoint"]).to_dict())

    def read(self, bundle: Path, variables: Mapping[str, Any]) -> str:
        """The rendered configuration. Raises ``AnsibleActionFail``."""
        name = variables["inventory_hostname"]
        folder = bundle / name
        try:
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            if manifest["platform"] != "ios":
                raise AnsibleActionFail(
                    f"the bundle in {folder} is for {manifest['platform']}; correct dmvpn_platform and "
                    f"render it again"
                )
            return (folder / "config.ios").read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise AnsibleActionFail(
                f"no bundle for {name}: {error.filename} is not there; render it first "
                "(playbooks/render.yml), and see that the host is in a cloud"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnsibleActionFail(
                f"the bundle in {folder} cannot be read ({error}); render it again"
            ) from None

    def secrets(self, text: str, variables: Mapping[str, Any]) -> dict[str, str]:
        """The values behind a text's references; vaulted values and templates of the host work."""
        try:
            return secrets_in(text, lambda name: self._templar.template(variables.get(name)))
        except NoSecret as error:
            raise AnsibleActionFail(str(error)) from None
