# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.failover``: the steps of a failover check that look at all routers at once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.failover.clock import Clock
    from ..plugin_utils.failover.faults import FAULTS
    from ..plugin_utils.failover.judge import Window, judge_flow
    from ..plugin_utils.failover.plan import Plan, flows, make_plan, participants
    from ..plugin_utils.failover.refuse import about_fleet, about_request, not_green
    from ..plugin_utils.failover.report import Report, as_json, console, junit
    from ..plugin_utils.failover.store import NoPlan, Store, parse_readings
    from ..plugin_utils.findings import FindingsError
    from ..plugin_utils.fleet.declared import read_site
    from ..plugin_utils.fleet.rendered import NotRendered, read_intents
    from ..plugin_utils.judge.report import HostReport
    from ..plugin_utils.judge.store import load, write
    from .render import native
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

STEPS = ("plan", "permit", "report")
ARGUMENTS = {
    "step": {"type": "str", "choices": list(STEPS), "required": True},
    "fault": {"type": "str", "default": ""},
    "target": {"type": "str", "default": ""},
    "transport": {"type": "str", "default": ""},
    "window": {"type": "str", "default": ""},
    "sites": {"type": "list", "elements": "str", "default": []},
    "duration": {"type": "int", "default": 0},
    "warmup": {"type": "int", "default": 8},
    "settle": {"type": "int", "default": 10},
    "loss": {"type": "int", "default": 30},
    "mtu": {"type": "int", "default": 0},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "report_dir": {"type": "path", "default": "artifacts/report"},
}

Values = dict[str, Any]


class ActionModule(ActionBase):
    """Runs on the controller alone. Steps hand on what they know in files of the report directory."""

    _supports_check_mode = True
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: Values | None = None) -> Values:
        result: Values = super().run(tmp, task_vars)
        require(MISSING)
        self.given = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        self.variables = task_vars or {}
        self.store = Store(Path(os.path.abspath(self.given["report_dir"])))
        self.bundle = Path(os.path.abspath(self.given["bundle_dir"]))
        result["changed"] = False
        try:
            result.update(getattr(self, f"step_{self.given['step']}")())
        except FindingsError as error:
            raise AnsibleActionFail(f"nothing was broken. {error}") from None
        except (NoPlan, NotRendered) as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(f"{error.filename}: {error.strerror}") from None
        return result

    def play(self) -> list[str]:
        return [str(host) for host in self.variables["ansible_play_hosts_all"]]

    def step_plan(self) -> Values:
        """What was asked for: refused before any router is asked."""
        self.store.forget()
        devices = read_intents(self.bundle, self.play())
        findings = list(about_request(devices, self.given, bool(self._task.check_mode)))
        if findings:
            raise FindingsError(findings)
        self.objectives(self.given["target"])
        return {}

    def step_permit(self) -> Values:
        """The plan, provided that nothing speaks against it."""
        devices = read_intents(self.bundle, self.play())
        target, fault = devices[self.given["target"]], FAULTS[self.given["fault"]]
        plan = make_plan(devices, target, self.given, self.objectives(target.name))
        chosen = participants(devices, target, fault, self.given["sites"])
        addresses = self.store.lan_addresses(devices.values())
        plan.flows, plan.notes = flows(devices, chosen, addresses, target, fault, plan.wans)
        looks = {name: look for name in devices if (look := self.store.load_look(name))}
        found = list(about_fleet(plan, self.health(list(devices)), looks))
        if found:
            raise FindingsError(found)
        self.store.save_plan(plan)
        names = ", ".join(flow.name for flow in plan.flows)
        told = (
            f"{plan.target}: {plan.says} for {plan.duration} s, {plan.window}. Flows: {names}. "
            f"Objective: {plan.objective} {plan.limit} ms."
        )
        Display().display(f"\n{'would be: ' if self._task.check_mode else ''}{told}\n")
        return {"plan": told}

    def objectives(self, target: str) -> dict[str, int]:
        """Those of the router that is broken, in milliseconds."""
        name = "dmvpn_objectives"
        value = self.variables["hostvars"][target].get(name)
        site, findings = read_site(target, {name: native(value)} if value is not None else {})
        if findings:
            raise FindingsError(findings)
        made: dict[str, int] = site.vars.dmvpn_objectives.model_dump()
        return made

    def health(self, hosts: list[str]) -> list[HostReport]:
        return [load(self.store.reports, host) for host in hosts]

    def step_report(self) -> Values:
        plan = self.store.load_plan()
        report = self.made(plan)
        report.trouble += not_green(self.health(list(read_intents(self.bundle, self.play()))))
        folder = self.store.reports
        write(folder / "failover.json", json.dumps(as_json(report), indent=1) + "\n")
        write(folder / "failover.xml", junit(report))
        Display().display(f"\n{console(report)}\n")
        answer: Values = {"verdict": report.verdict, "report_json": str(folder / "failover.json")}
        if not report.green:
            answer |= {"failed": True, "msg": f"{report.verdict}: see above, or {folder}/failover.json"}
        return answer

    def made(self, plan: Plan) -> Report:
        """The report on what was measured; without a fault nothing was."""
        broke = self.store.load("break", plan.target)
        times = (broke or {}).get("times", {})
        if not broke or not {"broken", "restored"} <= times.keys():
            why = (broke or {}).get("error") or "the run ended before the fault did"
            return Report(
                plan, [], trouble=[(f"{plan.target}: the fault was not seen from begin to end", why)]
            )
        clock = Clock(parse_readings(broke["readings"]))
        line = times.get("line", times["restored"])
        window = Window(clock.here(times["broken"]), clock.here(line), clock.error)
        reports = []
        for flow in plan.flows:
            probe = self.store.load("probe", flow.source)
            seen = {entry["name"]: entry for entry in probe["seen"]["flows"]} if probe else {}
            own = Clock(parse_readings(probe["readings"])) if probe else None
            reports.append(judge_flow(plan, flow, seen.get(flow.name), own, window))
        return Report(plan, reports, line - times["broken"], round(window.error, 3))
