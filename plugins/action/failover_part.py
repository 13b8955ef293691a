# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.failover_part``: one router's part in a failover check, on whatever platform.

It is apart from ``failover`` because an action has a connection to its router, or has none.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.failover.ios_router import IosRouter
    from ..plugin_utils.failover.linux_router import LinuxRouter
    from ..plugin_utils.failover.router import Router, Trouble
    from ..plugin_utils.failover.store import NoPlan, Store, dump_readings
    from ..plugin_utils.fleet.rendered import NotRendered, read_intents
    from ..plugin_utils.ios.session import Session
    from ..plugin_utils.observe.command_line import is_command_line
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

ARGUMENTS = {
    "step": {"type": "str", "choices": ["look", "probe", "break", "collect"], "required": True},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "report_dir": {"type": "path", "default": "artifacts/report"},
}

Values = dict[str, Any]


class ActionModule(ActionBase):
    """Leaves what it learns in files of the report directory, where ``failover`` finds it."""

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: Values | None = None) -> Values:
        result: Values = super().run(tmp, task_vars)
        require(MISSING)
        given = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        self.variables = task_vars or {}
        self.host = str(self.variables["inventory_hostname"])
        self.store = Store(Path(os.path.abspath(given["report_dir"])))
        self.bundle = Path(os.path.abspath(given["bundle_dir"]))
        result["changed"] = False
        if self._task.check_mode and given["step"] != "look":
            return result | {"skipped": True}
        try:
            result.update(getattr(self, f"step_{given['step']}")())
        except (NoPlan, NotRendered, Trouble) as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(f"{error.filename}: {error.strerror}") from None
        return result

    def step_look(self) -> Values:
        if self.host not in read_intents(self.bundle, [self.host]):
            return {"skipped": True}
        self.store.save_look(self.host, self.router().look())
        return {}

    def step_probe(self) -> Values:
        plan = self.store.load_plan()
        own = [flow for flow in plan.flows if flow.source == self.host]
        if not own:
            return {"skipped": True}
        router = self.linux()
        router.probe(own, plan.limit_of_probes)
        self.store.save("begun", self.host, {"readings": dump_readings([router.reading()])})
        return {}

    def step_break(self) -> Values:
        """Breaks, and waits until the router is restored and things had time to settle."""
        plan = self.store.load_plan()
        if plan.target != self.host:
            return {"skipped": True}
        router = self.router()
        time.sleep(plan.warmup)
        first = router.reading()
        until = time.strftime("%H:%M:%S", time.localtime(time.time() + plan.duration))
        Display().display(f"\n{plan.target}: {plan.says} until {until}\n")
        try:
            times = router.fault(plan)
        except Trouble as trouble:
            self.store.save("break", self.host, {"error": str(trouble)})
            raise
        except AnsibleConnectionFailure as error:
            self.store.save("break", self.host, {"error": str(error.message)})
            raise
        time.sleep(plan.settle)
        readings = dump_readings([first, router.reading()])
        self.store.save("break", self.host, {"times": times, "readings": readings})
        return {"changed": True, "times": times}

    def step_collect(self) -> Values:
        begun = self.store.load("begun", self.host)
        if begun is None:
            return {"skipped": True}
        router = self.linux()
        last = router.reading()
        seen = router.collect()
        readings = [*begun["readings"], *dump_readings([last])]
        self.store.save("probe", self.host, {"seen": seen, "readings": readings})
        return {}

    def router(self) -> Router:
        """This router. The platform is the connection's: that of the inventory follows it."""
        if is_command_line(self._connection):
            return IosRouter(self.host, Session(self))
        device = read_intents(self.bundle, [self.host]).get(self.host)
        if device is not None and device.platform == "ios":
            raise AnsibleActionFail(
                f"{self.host}: an IOS router is reached over network_cli: write ansible_connection: "
                "ansible.netcommon.network_cli and ansible_network_os: cisco.ios.ios"
            )
        return self.linux()

    def linux(self) -> LinuxRouter:
        """Flows begin at Linux routers only."""

        def module(**arguments: Any) -> Values:
            answer: Values = self._execute_module(
                module_name="mgre.dmvpn.failover_router", module_args=arguments, task_vars=self.variables
            )
            return answer

        local = str(self._connection.transport) == "local"
        return LinuxRouter(self.host, module, self._low_level_execute_command, local)
