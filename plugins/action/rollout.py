# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.rollout``: one step of a rollout in waves. The playbook puts the steps in order."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.findings import FindingsError
    from ..plugin_utils.fleet.declared import read_site
    from ..plugin_utils.fleet.rendered import NotRendered, read_intents
    from ..plugin_utils.operator import operator
    from ..plugin_utils.plan.plan import Plan, change, compose, differences
    from ..plugin_utils.plan.present import console
    from ..plugin_utils.plan.store import KEY, BadPlan, key_of, load, save
    from ..plugin_utils.rollout import present
    from ..plugin_utils.rollout.looks import Look
    from ..plugin_utils.rollout.record import Record, Stage, order
    from ..plugin_utils.rollout.store import Store, files_of, routers
    from ..plugin_utils.rollout.waves import Sizes, plan_waves
    from .render import native
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

STEPS = ("begin", "look", "plan", "order", "wave", "told", "judge", "left", "end")
ARGUMENTS = {
    "step": {"type": "str", "choices": list(STEPS), "required": True},
    "forecast": {"type": "dict", "default": {}},
    "certificate": {"type": "list", "elements": "str", "default": []},
    "proven": {"type": "bool", "default": False},
    "cause": {"type": "str", "default": ""},
    "left": {"type": "str", "choices": ["undone", "kept", "unknown"], "default": "unknown"},
    "together": {"type": "bool", "default": False},
    "plan": {"type": "path", "default": ""},
    "plan_dir": {"type": "path", "default": ""},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "report_dir": {"type": "path", "default": "artifacts/report"},
}
CONFIRM_WITHIN = 300  # the default of dmvpn_confirm_within, seconds
ROUND = 30  # seconds that changing and proving takes for one filling of Ansible's forks, with room to spare
NOBODY = ["!all"]  # a pattern that is no host, without a warning

Values = dict[str, Any]


class ActionModule(ActionBase):
    """Steps hand on what they know in files of the report directory: hostvars of a fleet are quadratic."""

    _supports_check_mode = True
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: Values | None = None) -> Values:
        result: Values = super().run(tmp, task_vars)
        require(MISSING)
        self.given = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        self.variables = task_vars or {}
        self.host = str(self.variables["inventory_hostname"])
        self.bundle = Path(os.path.abspath(self.given["bundle_dir"]))
        self.store = Store(Path(os.path.abspath(self.given["report_dir"])))
        result["changed"] = False
        try:
            result.update(getattr(self, f"step_{self.given['step']}")())
        except (FindingsError, NotRendered) as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(
                f"{error.filename or self.store.folder}: {error.strerror}; "
                "give another directory with dmvpn_report_dir"
            ) from None
        return result

    # Before anything is touched.

    def step_begin(self) -> Values:
        """With a plan, or a directory for one, the fact ``rollout_key_file`` has the key of fingerprints."""
        self.store.forget_looks()
        if self.given["plan"]:
            self.plan()
            return {"ansible_facts": {"rollout_key_file": str(self.plan_path.parent / KEY)}}
        if self.given["plan_dir"]:
            folder = Path(os.path.abspath(self.given["plan_dir"]))
            key_of(folder)
            return {"ansible_facts": {"rollout_key_file": str(folder / KEY)}}
        return {}

    @property
    def plan_path(self) -> Path:
        return Path(os.path.abspath(self.given["plan"]))

    def plan(self) -> Plan:
        """The plan that is carried out. Raises ``AnsibleActionFail``."""
        try:
            return load(self.plan_path)
        except BadPlan as error:
            raise AnsibleActionFail(f"nothing was touched: {error}") from None

    def step_look(self) -> Values:
        """What this router would change, as its own check mode said."""
        self.store.save_look(self.host, Look.of(self.given["forecast"], self.given["certificate"]))
        return {}

    def step_plan(self) -> Values:
        """Writes what would be done, and says it."""
        play = self.play()
        looks = self.store.looks(play)
        everybody = [str(host) for host in self.variables["groups"]["all"]]
        every = routers(self.bundle, everybody, looks)
        ours = [every[host] for host in play if host in every and host in looks and looks[host].changed]
        names = {router.name for router in ours}
        waves = plan_waves(ours, [r for r in every.values() if r.name not in names], self.sizes())
        devices = read_intents(self.bundle, everybody)
        files = {host: files_of(self.bundle, host) for host in every}
        changes = {r.name: change(devices[r.name], looks[r.name].forecast, files[r.name]) for r in ours}
        plan = compose(
            changes,
            [Stage(wave.kind, list(wave.hosts)) for wave in waves],
            devices,
            files,
            [host for host in play if host in looks and host not in names],
            [host for host in play if host in every and host not in looks],
            {
                "made": time.strftime("%Y-%m-%d %H:%M %Z"),
                "made_by": operator(),
                "why": str(self._templar.template(self.variables.get("dmvpn_change")) or ""),
            },
        )
        paths = save(Path(os.path.abspath(self.given["plan_dir"] or "artifacts/plan")), plan)
        told = f"{console(plan)}\n\n{paths[1]} is the page to read and sign"
        if changes:
            told += f"; carry it out with\n  site.yml -e dmvpn_plan={paths[0]}"
        Display().display(f"\n{told}\n")
        return {"plan": str(paths[0]), "page": str(paths[1]), "fingerprint": plan.fingerprint}

    def planned(self, looks: Mapping[str, Look]) -> Values:
        """The waves of a plan, unless inventory or a router is another by now."""
        plan, play, earlier = self.plan(), self.play(), self.store.load()
        every = routers(self.bundle, map(str, self.variables["groups"]["all"]), looks)
        files = {host: files_of(self.bundle, host) for host in every}
        goes_on = earlier is not None and earlier.plan == plan.fingerprint
        done = earlier.done() if earlier is not None and goes_on else set()
        seen = {host: look.forecast for host, look in looks.items()}
        findings = list(differences(plan, files, seen, [host for host in play if host not in done]))
        if findings:
            raise AnsibleActionFail(f"nothing was touched. {FindingsError(findings)}")
        taking_part = set(play)
        stages = []
        for stage in plan.stages:
            here = [host for host in stage.hosts if host in taking_part]
            ready = [host for host in here if host in done]
            stages += [Stage(stage.kind, ready, "done")] if ready else []
            left = [host for host in here if host not in done]
            stages += [Stage(stage.kind, left)] if left else []
        record = Record(
            begun=earlier.begun if earlier and goes_on else time.strftime("%Y-%m-%d %H:%M"),
            stages=stages,
            files={host: files[host] for stage in stages for host in stage.hosts},
            sites={name: every[name].site for stage in stages for name in stage.hosts},
            forks=self.forks(),
            resumed=bool(done),
            plan=plan.fingerprint,
        )
        Display().display(f"\nplan {plan.fingerprint}: inventory and routers are as they were")
        return self.begun(record, len(looks) - sum(len(s.hosts) for s in stages if s.state != "done"))

    def play(self) -> list[str]:
        return [str(host) for host in self.variables["ansible_play_hosts_all"]]

    def step_order(self) -> Values:
        """The waves, for the whole fleet in one go. Says in check mode what they would be."""
        play = self.play()
        looks = self.store.looks(play)
        if self.given["plan"]:
            return self.planned(looks)
        changing = [host for host in play if host in looks and looks[host].changed]
        if not changing:
            return self.hosts_of([])
        every = routers(self.bundle, map(str, self.variables["groups"]["all"]), looks)
        ours = [every[host] for host in changing if host in every]
        files = {router.name: files_of(self.bundle, router.name) for router in ours}
        earlier = self.store.load()
        stages = order(ours, [r for r in every.values() if r.name not in files], self.sizes(), files, earlier)
        record = Record(
            begun=earlier.begun if earlier and _has_done(stages) else time.strftime("%Y-%m-%d %H:%M"),
            stages=stages,
            files={**(earlier.files if earlier and _has_done(stages) else {}), **files},
            sites={name: every[name].site for stage in stages for name in stage.hosts if name in every},
            forks=self.forks(),
            left_out=[host for host in play if host not in looks and host in every],
            resumed=_has_done(stages),
        )
        return self.begun(record, len(looks) - len(changing))

    def begun(self, record: Record, unchanged: int) -> Values:
        """Says what comes, and hands it to the play over the waves unless this is only a look."""
        told = present.forecast(record, unchanged, bool(self._task.check_mode))
        Display().display(f"\n{told}\n")
        if self._task.check_mode:
            return self.hosts_of([]) | {"waves": [stage.hosts for stage in record.stages]}
        self.store.save(record)
        return self.hosts_of([stage.hosts for stage in record.stages if stage.state != "done"])

    @staticmethod
    def hosts_of(waves: list[list[str]]) -> Values:
        """What the play over the waves takes: its hosts in order, and how many of them are in each wave."""
        hosts = [host for wave in waves for host in wave]
        return {
            "waves": waves,
            "ansible_facts": {
                "rollout_hosts": hosts or NOBODY,
                "rollout_sizes": [len(wave) for wave in waves] or [1],
            },
        }

    def sizes(self) -> Sizes:
        """``dmvpn_rollout``, which rendering has found to be the same on all hosts."""
        name = "dmvpn_rollout"
        value = self._templar.template(self.variables.get(name))
        site, findings = read_site(self.host, {name: native(value)} if value is not None else {})
        if findings:
            raise FindingsError(findings)
        said = site.vars.dmvpn_rollout
        within = self._templar.template(self.variables.get("dmvpn_confirm_within", CONFIRM_WITHIN))
        most = self.forks() * max(1, int(within) // ROUND) if int(within) else 0
        return Sizes(said.canary, tuple(said.waves), said.together or self.given["together"], most)

    @staticmethod
    def forks() -> int:
        return int(context.CLIARGS.get("forks") or 5)

    # In a wave.

    def step_wave(self) -> Values:
        """Begins the wave that the hosts of this batch are."""
        record, number = self.here()
        record.stages[number].state = "begun"
        self.store.forget_proofs(record.stages[number].hosts)
        self.store.save(record)
        self.store.mark(time.time())
        Display().display(f"\n{present.heading(record, number)}\n")
        return {}

    def step_told(self) -> Values:
        """Keeps whether this router was proven, and if not, why."""
        self.store.save_proof(self.host, self.given["proven"], self.given["cause"])
        return {}

    def step_judge(self) -> Values:
        """Whether all of the wave was proven. Who did not tell so was not."""
        record, number = self.here()
        stage = record.stages[number]
        stage.causes = self.causes(stage)
        self.store.save(record)
        return {"ansible_facts": {"rollout_good": not stage.causes, "rollout_causes": stage.causes}}

    def step_left(self) -> Values:
        """Keeps how this router of a wave that was not proven was left."""
        self.store.save_left(self.host, self.given["left"])
        return {}

    def step_end(self) -> Values:
        """The wave was confirmed or undone; says how far the rollout is."""
        record, number = self.here()
        stage = record.stages[number]
        stage.seconds = round(time.time() - self.store.marked(), 1)
        undone = bool(stage.causes)
        # One may have been out of reach when it was to be confirmed.
        stage.causes = self.causes(stage)
        stage.state = "undone" if stage.causes else "done"
        left = self.store.left(stage.hosts)
        silent = dict.fromkeys(stage.hosts, "kept") | dict.fromkeys(stage.causes, "unknown")
        stage.left = left if undone else silent if stage.causes else {}
        self.store.save(record)
        told = present.stopped(record, number) if stage.causes else present.progress(record, number)
        Display().display(f"\n{told}\n")
        return {"told": told, "ansible_facts": {"rollout_causes": stage.causes}}

    def causes(self, stage: Stage) -> dict[str, str]:
        """Why routers of a wave were not proven; those that did not tell that they were are among them."""
        proofs = self.store.proofs(stage.hosts)
        return {host: why for host in stage.hosts if (why := proofs[host]) is not None}

    def batch(self) -> list[str]:
        return [str(host) for host in self.variables["ansible_play_batch"]]

    def here(self) -> tuple[Record, int]:
        """The rollout and the number of the wave that the hosts of this batch are."""
        record = self.store.load()
        if record is not None:
            try:
                return record, record.stage_of(self.batch())
            except KeyError:
                pass
        raise AnsibleActionFail(f"{self.store.folder} holds no wave of these hosts; run playbooks/site.yml")


def _has_done(stages: Iterable[Stage]) -> bool:
    return any(stage.state == "done" for stage in stages)
