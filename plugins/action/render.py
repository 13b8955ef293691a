# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.render``: the whole fleet's files in one pass on the controller."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.findings import Finding, FindingsError
    from ..plugin_utils.fleet.load import load_fleet
    from ..plugin_utils.fleet.secret_values import UNREAD
    from ..plugin_utils.render.fleet import render_fleet
    from ..plugin_utils.render.writer import Written, write_bundles
except ModuleNotFoundError as error:
    if error.name not in ("pydantic", "jinja2"):
        raise
    MISSING: str | None = error.name
else:
    MISSING = None

PREFIX = "dmvpn_"
# Which clouds have a PSK is all that rendering needs to know; what is vaulted stays so.
PSKS = "dmvpn_psks"
# A router that Ansible reaches as IOS need not be called one again.
PLATFORM, NETWORK_OS = "dmvpn_platform", "ansible_network_os"
IOS = ("ios", "cisco.ios.ios")


class ActionModule(ActionBase):
    """Takes the variables of all hosts raw, because reading ``hostvars[host]`` is quadratic."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(
            argument_spec={"output": {"type": "path", "default": "artifacts/bundle"}}
        )[1]
        output = Path(os.path.abspath(arguments["output"]))
        check = self._task.check_mode
        # Ansible's own temporary directory of this run: 0700, removed when ansible-playbook ends.
        target = Path(C.DEFAULT_LOCAL_TMP) / "mgre-dmvpn-bundle" if check else output
        try:
            written = self.render(task_vars or {}, target, output if check else None)
        except FindingsError as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(
                f"cannot write the bundle: {error.filename or output}: {error.strerror}; "
                "give another directory with dmvpn_bundle_dir"
            ) from None
        result.update(
            changed=bool(written.changed or written.removed),
            bundle_dir=str(target),
            hosts=written.changed,
            removed=written.removed,
            rendered=len(written.hosts),
        )
        if self._task.diff and written.diff:
            result["diff"] = {"prepared": written.diff_text()}
        return result

    def render(self, task_vars: dict[str, Any], target: Path, compare_with: Path | None) -> Written:
        """Raises ``FindingsError`` with everything that is wrong in the inventory."""
        fleet = load_fleet(self.fleet_variables(task_vars), task_vars["groups"])
        return write_bundles(render_fleet(fleet), target, compare_with=compare_with, diff=self._task.diff)

    def fleet_variables(self, task_vars: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Each host's ``dmvpn_`` variables; what holds a template is resolved with that host's variables."""
        hostvars = task_vars["hostvars"]
        templar = self._templar.copy_with_new_env(available_variables={})
        plain = Plain()
        variables: dict[str, dict[str, Any]] = {}
        findings = []
        for host in task_vars["groups"]["all"]:
            raw = hostvars.raw_get(host)
            own: dict[str, Any] = {}
            templar.available_variables = raw
            for name, value in raw.items():
                if not name.startswith(PREFIX):
                    continue
                if name == PSKS and isinstance(value, Mapping):
                    own[name] = {
                        str(cloud): UNREAD if needs_templating(secret) else native(secret)
                        for cloud, secret in value.items()
                    }
                    continue
                try:
                    own[name] = plain.value(value, templar.template)
                except AnsibleError as error:
                    findings.append(unresolved(host, name, error))
            if own and PLATFORM not in own and NETWORK_OS in raw:
                try:
                    if plain.value(raw[NETWORK_OS], templar.template) in IOS:
                        own[PLATFORM] = "ios"
                except AnsibleError as error:
                    findings.append(unresolved(host, NETWORK_OS, error))
            if own:
                variables[host] = own
        if findings:
            raise FindingsError(findings)
        return variables


class Plain:
    """Values without Ansible's tags. What has no template is converted once, for all hosts that share it."""

    def __init__(self) -> None:
        # The value is kept beside its result: an id is only unique while its object lives.
        self._known: dict[int, tuple[Any, Any]] = {}

    def value(self, value: Any, template: Callable[[Any], Any]) -> Any:
        known = self._known.get(id(value))
        if known:
            return known[1]
        if needs_templating(value):
            return native(template(value))
        result = native(value)
        self._known[id(value)] = (value, result)
        return result


def needs_templating(value: Any) -> bool:
    """Whether a value holds a template, or is not plain data (a vaulted string)."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value or "{#" in value
    if isinstance(value, Mapping):
        return any(needs_templating(item) for pair in value.items() for item in pair)
    if isinstance(value, (list, tuple)):
        return any(needs_templating(item) for item in value)
    return value is not None and not isinstance(value, (bool, int, float))


def native(value: Any) -> Any:
    """A copy of builtin types only."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return {native(key): native(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [native(item) for item in value]
    for kind in (bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    return value


def unresolved(host: str, name: str, error: AnsibleError) -> Finding:
    cause = error.message if isinstance(getattr(error, "message", None), str) else type(error).__name__
    return Finding(
        host=host,
        subject=name,
        problem=f"its value cannot be resolved: {cause}",
        remedy="define what the template uses, or write the value itself",
    )
