# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.netconf_apply``: one IOS-XE router's ``config.xml`` onto it, over NETCONF."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils.netconf.apply import apply, wanted_facts
from ..plugin_utils.netconf.client import Unreachable, connect
from ..plugin_utils.netconf.order import Order, Outcome
from ..plugin_utils.netconf.paths import Facts
from ..plugin_utils.netconf.target import target_of
from ..plugin_utils.pending.errors import Failed, Refused
from ..plugin_utils.requirements import require
from ..plugin_utils.rollout.looks import forecast_of
from ..plugin_utils.secret_references import NoSecret, hidden, resolved, secrets_in

# Only for the proof of a change that waits.
try:
    from ..plugin_utils.judge.intended import intended
    from ..plugin_utils.judge.proof import reached
except ModuleNotFoundError as error:
    if error.name != "pydantic":
        raise
    MISSING: str | None = error.name
else:
    MISSING = None

FILE = "config.xml"
SHORTEST, LONGEST = 10, 7200  # seconds; the router's own timer ends at 120 minutes
ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "bundle": {"type": "path"},
    "confirm_timeout": {"type": "int", "default": 120},
    "save": {"type": "bool", "default": True},
    "confirm": {"type": "bool", "default": True},
    "before": {"type": "dict"},
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
        target = target_of(self._variables["inventory_hostname"], self.variable)
        order = Order(
            target,
            wanted,
            lambda: connect(target),
            arguments["confirm_timeout"],
            arguments["send_secrets"],
            hold=not arguments["confirm"],
        )
        there = self.reached(arguments)
        try:
            outcome = apply(order, check=self._task.check_mode, save=arguments["save"])
        except (Refused, Unreachable) as error:
            return {**result, "failed": True, "restored": True, "msg": hidden(str(error), secrets)}
        except Failed as error:
            return {**result, "failed": True, "restored": error.restored, "msg": hidden(str(error), secrets)}
        told = self.told(outcome, secrets, arguments["fingerprint_key"])
        if outcome.held:
            told["reached"] = there
        return {**result, **told}

    def reached(self, arguments: Mapping[str, Any]) -> list[list[str]]:
        """The peers that were there before the change, for its proof; none where that is not known."""
        if arguments["confirm"] or not arguments["before"] or arguments["state"] == "absent":
            return []
        require(MISSING)
        bundle = Path(os.path.abspath(arguments["bundle"]))
        return reached(intended(bundle, self._variables["inventory_hostname"]), arguments["before"])

    def told(self, outcome: Outcome, secrets: Mapping[str, str], key: str | None = None) -> dict[str, Any]:
        """The result, which holds no secret even where a router put one into an unexpected place."""
        told: dict[str, Any] = {
            "changed": outcome.changed,
            "lines": [hidden(line, secrets) for line in outcome.lines],
            "way": outcome.way,
            "saved": outcome.saved,
            "commit": outcome.held.commit,
            "pending": outcome.held.seconds,
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

    def variable(self, name: str) -> Any:
        """A variable of the host; vaulted values and templates work."""
        return self._templar.template(self._variables.get(name))
