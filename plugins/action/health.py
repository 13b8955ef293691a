# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.health``: one look at a router, as metrics."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure

from ..plugin_utils.requirements import require
from .adjacency import MISSING as MISSING_HERE
from .adjacency import ActionModule as Adjacency

try:
    from ..module_utils.health_measure import Look, Ping, measure, watched
    from ..module_utils.health_memory import advance
    from ..module_utils.health_plan import HealthPlan
    from ..plugin_utils.fleet.rendered import intent_path
    from ..plugin_utils.health.plan import health_plan
    from ..plugin_utils.health.store import Kept, last, save
    from ..plugin_utils.judge.plan import state_arguments
    from ..plugin_utils.judge.verdict import parse_state
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = MISSING_HERE

ARGUMENTS = {
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "health_dir": {"type": "path", "default": "artifacts/health"},
    "interval": {"type": "int", "default": 3600},
}
PING_SIZE = 100


class ActionModule(Adjacency):
    """A Linux router is read and pings in one round trip; an IOS router is asked by its commands."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super(Adjacency, self).run(tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        self.variables = task_vars or {}
        self.host = str(self.variables["inventory_hostname"])
        bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        directory = Path(os.path.abspath(arguments["health_dir"]))
        if "dmvpn_site" not in self.variables and not intent_path(bundle, self.host).exists():
            result.update(skipped=True, msg=f"{self.host} is not in the fleet")
            return result
        device = self.intent(bundle)
        self.ios = device.platform == "ios"
        own = bool(self._templar.template(self.variables.get("dmvpn_metrics"))) and not self.ios
        before = last(directory, self.host)
        memory = before.memory if before else {}
        plan = health_plan(device, arguments["interval"])
        try:
            found = self.from_commands(device, plan) if self.ios else self.from_router(plan)
        except (AnsibleActionFail, AnsibleConnectionFailure) as error:
            save(directory, Kept(self.host, memory=memory, own=own, error=str(error.message).splitlines()[0]))
            raise
        memory = advance(memory, watched(found), found.time)
        samples = measure(found, memory)
        save(directory, Kept(self.host, samples, memory, own))
        result.update(
            changed=False,
            metrics=[{"name": s.name, "labels": dict(s.labels), "value": s.value} for s in samples],
        )
        return result

    def from_router(self, plan: HealthPlan) -> Look:
        said = self.module("health", {"plan": plan.to_dict()})
        pings = [Ping(**ping) for ping in said["pings"]]
        return Look(plan, parse_state(said["state"]), pings, said["xfrm"], said["time"], said["duration"])

    def from_commands(self, device: Any, plan: HealthPlan) -> Look:
        begun = time.monotonic()
        state = parse_state(self.module("state_info", state_arguments(device))["state"])
        targets = [
            {"address": server.overlay, "size": PING_SIZE, "source": cloud.overlay}
            for cloud in plan.clouds
            for server in cloud.servers
        ]
        probes = self.module("path_mtu", {"targets": targets})["probes"] if targets else []
        pings = [Ping(p["address"], p["loss"], None if p["rtt"] is None else p["rtt"] / 1000) for p in probes]
        return Look(plan, state, pings, None, time.time(), time.monotonic() - begun)
