# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.adjacency``: one router against its intent."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.fleet.rendered import NotRendered, intent_path, read_intent
    from ..plugin_utils.judge.plan import path_arguments, probe_targets, state_arguments
    from ..plugin_utils.judge.present import described
    from ..plugin_utils.judge.report import HostReport, rows
    from ..plugin_utils.judge.sight import Sight
    from ..plugin_utils.judge.store import forget, save, save_error
    from ..plugin_utils.judge.verdict import Judgement, judge, parse_probes, parse_state
    from ..plugin_utils.observe.command_line import is_command_line
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

PAUSE = 3.0
ARGUMENTS = {
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "report_dir": {"type": "path", "default": "artifacts/report"},
    "wait": {"type": "int", "default": 0},
    "fail_on_red": {"type": "bool", "default": True},
}


class ActionModule(ActionBase):
    """Reads its own host's intent only: other hosts' variables would make a fleet quadratic."""

    ios = False

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        self.variables = task_vars or {}
        self.host = str(self.variables["inventory_hostname"])
        reports = Path(os.path.abspath(arguments["report_dir"]))
        forget(reports, [self.host])
        bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        if "dmvpn_site" not in self.variables and not intent_path(bundle, self.host).exists():
            result.update(skipped=True, msg=f"{self.host} is not in the fleet")
            return result
        try:
            report, judgement = self.judged(self.intent(bundle), arguments["wait"], reports)
        except (AnsibleActionFail, AnsibleConnectionFailure) as error:
            # The fleet's report tells of this router too, and why there is nothing to tell.
            save_error(reports, self.host, error.message)
            raise
        result.update(
            changed=False,
            green=judgement.green,
            verdict=report.verdict,
            causes=[root.cause for root in judgement.roots],
            results=judgement.to_list(),
        )
        if not judgement.green:
            self.say(result, judgement, arguments["fail_on_red"])
        return result

    def judged(self, device: Any, wait: int, reports: Path) -> tuple[HostReport, Judgement]:
        """Looks until everything is green or ``wait`` seconds are over, and writes the router's report."""
        deadline = time.monotonic() + wait
        # Green at once, or looked at again until it is or time is up: which counters move between two looks
        # tells a refusal from silence.
        sight, judgement = self.look(device, None, last=False)
        while not judgement.green:
            time.sleep(PAUSE)
            last = time.monotonic() >= deadline
            sight, judgement = self.look(device, sight.state, last)
            if last:
                break
        report = HostReport(self.host, rows(sight, judgement), judgement.results)
        save(reports, report, sight)
        return report, judgement

    def intent(self, bundle: Path, host: str | None = None) -> Any:
        """What is wanted of a host, this one if none is named."""
        try:
            return read_intent(bundle, host or self.host)
        except NotRendered as error:
            raise AnsibleActionFail(str(error)) from None

    def look(self, device: Any, earlier: Any, last: bool) -> tuple[Sight, Judgement]:
        """One observation. Packets count once nothing else fails, or the last time whatever fails."""
        self.ios = device.platform == "ios"
        state, measured = self.observed(device, whatever=last)
        sight = Sight(device, state, [], earlier)
        judgement = judge(device, state, [], earlier)
        if last or not any(result.outcome == "fail" for result in judgement.results):
            sight.probes = self.crossed(device, state, measured)
            if sight.probes:
                judgement = judge(device, state, sight.probes, earlier)
        return sight, judgement

    def observed(self, device: Any, *, whatever: bool) -> tuple[Any, Any]:
        """The state, and what came of the packets to each hub that were sent along with the look.

        None if none were: on IOS, whose state has to tell the LAN address first, and unless ``whatever``
        where a way to a hub is not up. Only the judgement knows then whether they are wanted.
        """
        along = {} if self.ios else path_arguments(device, if_up=not whatever)
        answer = self.asked(state_arguments(device) | along)
        found = answer.get("paths")
        return parse_state(answer["state"]), None if found is None else parse_probes(found)

    def crossed(self, device: Any, state: Any, measured: Any) -> Any:
        """What came of packets to each hub; they are sent now if the look has not."""
        if measured is not None:
            return measured
        targets = probe_targets(device, state)
        return parse_probes(self.module("path_mtu", {"targets": targets})["probes"]) if targets else []

    def asked(self, arguments: dict[str, Any], name: str = "state_info") -> dict[str, Any]:
        """What a module answers that reads the state, with how far the router's clock is ahead of ours, for
        certain."""
        began = time.time()
        answer = self.module(name, arguments)
        # What the module did once the router had told its time.
        ended, told = time.time() - answer.get("spent", 0.0), answer["state"]["host"]["time"]
        if told is not None:
            answer["state"]["host"]["ahead"] = min(0.0, told - began) + max(0.0, told - ended)
        return answer

    def module(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Runs one of our modules on the router. Its failure is this router's, in one line."""
        answer = self.controller_side(name, arguments) if self.ios else self.router_side(name, arguments)
        if answer.get("failed"):
            detail = str(answer.get("module_stderr") or answer.get("msg") or "no reason given").strip()
            raise AnsibleActionFail(f"{name} cannot run on the router: {detail.splitlines()[-1]}")
        return answer

    def router_side(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name=f"mgre.dmvpn.{name}", module_args=arguments, task_vars=self.variables
        )
        return answer

    def controller_side(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """An IOS router runs no code of ours: the action of the same name asks it."""
        if not is_command_line(self._connection):
            raise AnsibleActionFail(
                f"{self.host} is an IOS router (dmvpn_platform) and its connection is "
                f"{self._connection.transport}; write ansible_connection: ansible.netcommon.network_cli and "
                "ansible_network_os: cisco.ios.ios"
            )
        task = self._task.copy()
        task.args = arguments
        action = self._shared_loader_obj.action_loader.get(
            f"mgre.dmvpn.{name}",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        answer: dict[str, Any] = action.run(task_vars=self.variables)
        return answer

    @staticmethod
    def say(result: dict[str, Any], judgement: Judgement, fail: bool) -> None:
        result["msg"] = "\n".join(line for root in judgement.roots for line in (*described(root), "")).strip()
        result["failed"] = fail
