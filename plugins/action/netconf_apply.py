# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.netconf_apply``: one IOS-XE router's ``config.xml`` onto it, over NETCONF."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils.netconf.apply import apply, wanted_facts
from ..plugin_utils.netconf.client import Target, Unreachable, connect
from ..plugin_utils.netconf.order import Order, Outcome
from ..plugin_utils.netconf.paths import Facts
from ..plugin_utils.pending.errors import Failed, Refused
from ..plugin_utils.rollout.looks import forecast_of
from ..plugin_utils.secret_references import NoSecret, hidden, resolved, secrets_in

FILE = "config.xml"
NETCONF, SSH = 830, 22
NEVER = {"no", "false", "0", "off", "n", "f"}
SHORTEST, LONGEST = 10, 7200  # seconds; the router's own timer ends at 120 minutes
ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "bundle": {"type": "path"},
    "confirm_timeout": {"type": "int", "default": 120},
    "save": {"type": "bool", "default": True},
    "fingerprint_key": {"type": "str", "no_log": True},
    "send_secrets": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Runs on the controller and speaks NETCONF itself; Ansible's connection is not used."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._variables: Mapping[str, Any] = task_vars or {}
        arguments = self.validate_argument_spec(
            argument_spec=ARGUMENTS, required_if=[("state", "present", ("bundle",))]
        )[1]
        if not SHORTEST <= arguments["confirm_timeout"] <= LONGEST:
            raise AnsibleActionFail(
                f"confirm_timeout: {arguments['confirm_timeout']} is not a time that a router can wait; "
                f"write seconds from {SHORTEST} to {LONGEST}"
            )
        wanted, secrets = self.wanted(arguments)
        target = self.target()
        order = Order(
            target, wanted, lambda: connect(target), arguments["confirm_timeout"], arguments["send_secrets"]
        )
        try:
            outcome = apply(order, check=self._task.check_mode, save=arguments["save"])
        except (Refused, Unreachable) as error:
            return {**result, "failed": True, "restored": True, "msg": hidden(str(error), secrets)}
        except Failed as error:
            return {**result, "failed": True, "restored": error.restored, "msg": hidden(str(error), secrets)}
        return {**result, **self.told(outcome, secrets, arguments["fingerprint_key"])}

    def told(self, outcome: Outcome, secrets: Mapping[str, str], key: str | None = None) -> dict[str, Any]:
        """The result, which holds no secret even where a router put one into an unexpected place."""
        told: dict[str, Any] = {
            "changed": outcome.changed,
            "lines": [hidden(line, secrets) for line in outcome.lines],
            "way": outcome.way,
            "saved": outcome.saved,
        }
        if self._task.check_mode:
            told["forecast"] = forecast_of(outcome.changed, told["lines"], key)
        if outcome.warnings:
            told["warnings"] = [hidden(text, secrets) for text in outcome.warnings]
        if self._task.diff and outcome.changed:
            told["diff"] = {
                "before_header": f"{self._variables['inventory_hostname']} (running)",
                "after_header": f"{self._variables['inventory_hostname']} (rendered)",
                "before": hidden(outcome.before, secrets),
                "after": hidden(outcome.after, secrets),
            }
        return told

    def wanted(self, arguments: Mapping[str, Any]) -> tuple[Facts, dict[str, str]]:
        """What the router shall hold, and the secrets in it. Raises ``AnsibleActionFail``."""
        if arguments["state"] == "absent":
            return {}, {}
        name = self._variables["inventory_hostname"]
        file = Path(os.path.abspath(arguments["bundle"])) / name / FILE
        try:
            text = file.read_text(encoding="utf-8")
            facts = wanted_facts(text)
            secrets = secrets_in(text, self.variable)
        except FileNotFoundError:
            raise AnsibleActionFail(
                f"no bundle for {name}: {file} is not there; render it first (playbooks/render.yml), and see "
                "that the host is in a cloud and has dmvpn_platform: ios"
            ) from None
        except (OSError, UnicodeDecodeError, ElementTree.ParseError) as error:
            raise AnsibleActionFail(
                f"the bundle in {file} cannot be read ({error}); render it again"
            ) from None
        except NoSecret as error:
            raise AnsibleActionFail(str(error)) from None
        return {path: resolved(value, secrets) for path, value in facts.items()}, secrets

    def target(self) -> Target:
        """Where the router is, from the variables that Ansible goes by. Raises ``AnsibleActionFail``."""
        name = self._variables["inventory_hostname"]
        speaks_netconf = str(self.variable("ansible_connection") or "").endswith("netconf")
        port = self.variable("ansible_port")
        user = self.variable("ansible_user") or self.variable("ansible_ssh_user")
        if not user:
            raise AnsibleActionFail("ansible_user: not set; write the name of a user with privilege 15")
        password = self.variable("ansible_password") or self.variable("ansible_ssh_pass")
        key = self.variable("ansible_ssh_private_key_file")
        return Target(
            host=str(self.variable("ansible_host") or name),
            port=self.port("dmvpn_netconf_port", port if speaks_netconf else None, NETCONF),
            user=str(user),
            password=str(password) if password else None,
            key=os.path.expanduser(str(key)) if key else None,
            verify_host_key=self.verifies_host_keys(),
            ssh_port=self.port("dmvpn_ssh_port", None if speaks_netconf else port, SSH),
        )

    def port(self, variable: str, other: object, default: int) -> int:
        value = self.variable(variable) or other or default
        try:
            port = int(str(value))
        except ValueError:
            port = 0
        if not 0 < port < 65536:
            raise AnsibleActionFail(f"{variable}: {value!r} is not a port; write a number from 1 to 65535")
        return port

    def verifies_host_keys(self) -> bool:
        for name in ("ansible_host_key_checking", "ansible_ssh_host_key_checking"):
            if (value := self.variable(name)) is not None:
                return str(value).lower() not in NEVER
        return bool(C.config.get_config_value("HOST_KEY_CHECKING", variables=dict(self._variables)))

    def variable(self, name: str) -> Any:
        """A variable of the host; vaulted values and templates work."""
        return self._templar.template(self._variables.get(name))
