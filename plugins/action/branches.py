# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.branches``: checks new branches against the whole fleet, and enters rows as hosts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.inventory.manager import InventoryManager
from ansible.plugins.action import ActionBase
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ..plugin_utils.requirements import require
from .render import MISSING, native
from .render import ActionModule as Render

if MISSING is None:
    from ..plugin_utils.branches.check import contradictions, grouped, hub_ends, joined, summary, touched
    from ..plugin_utils.branches.entry import Entry, NoPlace, with_entries
    from ..plugin_utils.branches.rows import Table, read_table
    from ..plugin_utils.findings import FindingsError

FILE = "added_branches.yml"
ARGUMENTS = {
    "branch": {"type": "str", "default": ""},
    "branches": {"type": "str", "default": ""},
    "branches_file": {"type": "str", "default": ""},
    "touch_others": {"type": "bool", "default": False},
}


class ActionModule(Render):
    """Runs on the controller and contacts nobody."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = ActionBase.run(self, tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        try:
            result.update(self.entered(arguments, task_vars or {}))
        except FindingsError as error:
            raise AnsibleActionFail(str(error)) from None
        return result

    def entered(self, arguments: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Raises ``FindingsError`` with everything that is wrong, before anything is written."""
        names = [name for name in arguments["branch"].replace(",", " ").split() if name]
        if bool(names) == bool(arguments["branches"]):
            raise AnsibleActionFail(
                "write -e branch=NAME for a host of the inventory, or -e branches=FILE for rows of a table"
            )
        table = read_table(Path(os.path.abspath(arguments["branches"]))) if not names else Table()
        hostvars, groups = self.fleet_variables(task_vars), task_vars["groups"]
        rows, findings = grouped(table.rows, hostvars, groups)
        findings = [*table.findings, *findings]
        here = {
            row.name: native(task_vars["hostvars"].raw_get(row.name))
            for row in rows
            if row.name in groups["all"]
        }
        findings += contradictions([row for row in rows if row.name in here], here, groups)
        new = [Entry(row.name, row.groups, row.variables) for row in rows if row.name not in here]
        target, before, after = None, "", ""
        if new:
            target = self.target(arguments["branches_file"], task_vars)
            before = target.read_text(encoding="utf-8") if target.exists() else ""
            try:
                after = with_entries(before, new)
            except NoPlace as error:
                raise AnsibleActionFail(f"{target}: {error}") from None
            hostvars, groups = self.simulated(after, task_vars)
        names = names or [row.name for row in rows]
        try:
            fleet = joined(hostvars, groups, names, rows)
        except FindingsError as error:
            raise FindingsError([*findings, *error.findings]) from None
        if findings:
            raise FindingsError(findings)
        others = touched(fleet, hostvars, groups, names)
        if others and not arguments["touch_others"]:
            raise AnsibleActionFail(
                f"{', '.join(others)}: would change, too, for {', '.join(names)}: with static routing "
                "a hub has a route to every LAN; nothing was touched. Write -e touch_others=true to do so"
            )
        if target and not self._task.check_mode:
            write(target, after)
        result = {
            "changed": bool(new),
            "branches": names,
            "others": others,
            "hub_ends": hub_ends([fleet.devices[name] for name in names]),
            "files": mentioned(names, task_vars),
            "sites": {name: summary(fleet.devices[name]) for name in names},
            "entered": [one.name for one in new],
        }
        if new and self._task.diff:
            result["diff"] = {
                "before": before,
                "after": after,
                "before_header": str(target),
                "after_header": str(target),
            }
        return result

    def target(self, given: str, task_vars: Mapping[str, Any]) -> Path:
        """The file of the inventory that gets new hosts."""
        sources = [Path(str(source)) for source in task_vars.get("ansible_inventory_sources") or ()]
        folders = [source for source in sources if source.is_dir()]
        if not given:
            if not folders:
                raise AnsibleActionFail(
                    "branches_file: the inventory is no directory, so there is no place for new hosts; give "
                    "a directory with -i, or name an inventory file that is also given with -i"
                )
            return folders[0] / FILE
        target = Path(os.path.abspath(given))
        inside = any(folder.resolve() in target.resolve().parents for folder in folders)
        same = any(source.is_file() and target.exists() and source.samefile(target) for source in sources)
        if target.suffix not in (".yml", ".yaml") or not (inside or same):
            raise AnsibleActionFail(
                f"branches_file: {given} is no YAML file of the inventory that -i names; write one in its "
                f"directory, such as {(folders or [Path('inventory')])[0] / FILE}"
            )
        return target

    def simulated(
        self, text: str, task_vars: Mapping[str, Any]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
        """Variables and groups as they will be once ``text`` is part of the inventory."""
        # Ansible's own temporary directory of this run: 0700, removed when ansible-playbook ends.
        file = Path(mkdtemp(dir=C.DEFAULT_LOCAL_TMP)) / FILE
        file.write_text(text, encoding="utf-8")
        sources = [str(source) for source in task_vars["ansible_inventory_sources"]]
        inventory = InventoryManager(loader=self._loader, sources=[*sources, str(file)])
        variables = VariableManager(loader=self._loader, inventory=inventory)
        groups = inventory.get_groups_dict()
        hostvars = HostVars(inventory=inventory, variable_manager=variables, loader=self._loader)
        return self.fleet_variables({"hostvars": hostvars, "groups": groups}), groups


def mentioned(names: Sequence[str], task_vars: Mapping[str, Any]) -> list[str]:
    """The files of the inventory that have a branch in their name or text."""
    word = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, names))})(?![\w-])")
    found = []
    for source in (Path(str(source)) for source in task_vars.get("ansible_inventory_sources") or ()):
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        for file in (file for file in files if file.is_file()):
            text = file.read_text(encoding="utf-8", errors="replace")
            if word.search(file.name) or word.search(text):
                found.append(os.path.relpath(file))
    return found


def write(path: Path, text: str) -> None:
    """Whole or not at all; the mode of a file that is there stays."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        if path.exists():
            part.chmod(path.stat().st_mode & 0o7777)
        part.replace(path)
    except OSError as error:
        raise AnsibleActionFail(f"{path}: {error.strerror}; name another file in branches_file") from None
