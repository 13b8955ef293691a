# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.prove``: whether a pending change may stay; if not, it is undone at once."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.utils.display import Display

from ..plugin_utils.observe.command_line import is_command_line
from ..plugin_utils.requirements import require
from . import adjacency
from .commit import clock, commit, out_of_reach, reconnect

try:
    from ..plugin_utils.fleet.dump import parse_device
    from ..plugin_utils.judge.proof import Proof, prove
    from ..plugin_utils.judge.sight import Sight
    from ..plugin_utils.judge.verdict import judge
except ImportError:
    pass  # told by the class above

PAUSE = 2.0  # seconds between two looks, and between two tries to connect
ALONE = 40  # seconds without an answer of any hub; charon gives up after 12
ARGUMENTS = {
    "commit": {"type": "str", "default": ""},
    "seconds": {"type": "int", "required": True},
    "reached": {"type": "list", "elements": "list", "default": []},
    "absent": {"type": "bool", "default": False},
    "intent": {"type": "dict"},
    "wait": {"type": "int", "default": 100},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
}


class ActionModule(adjacency.ActionModule):
    """Looks at its own host's intent only."""

    _supports_check_mode = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super(adjacency.ActionModule, self).run(tmp, task_vars)
        require(adjacency.MISSING)
        self.given = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        self.variables = task_vars or {}
        self.host = str(self.variables["inventory_hostname"])
        self.end = time.monotonic() + self.given["seconds"]
        device = self.wanted()
        self.ios = is_command_line(self._connection)
        try:
            self.reconnect()
            try:
                proof = self.proven(device) if device else Proof()
            except AnsibleActionFail as error:  # what cannot be observed is not proven
                proof = Proof((str(error.message),))
        except AnsibleConnectionFailure as error:
            raise AnsibleActionFail(self.out_of_reach(str(error.message))) from None
        for warning in proof.warnings:
            Display().warning(f"{self.host}: {warning}")
        result.update(changed=False, unproven=list(proof.warnings))
        if proof.missing:
            result.update(failed=True, msg=self.taken_back(proof))
        return result

    def wanted(self) -> Any:
        """What the router has to be; None if it leaves the fleet, or if that is not known."""
        if self.given["absent"] or self.given["intent"] == {}:
            return None
        if self.given["intent"]:
            return parse_device(self.given["intent"])
        return self.intent(Path(os.path.abspath(self.given["bundle_dir"])))

    def reconnect(self) -> None:
        """A new connection, as soon as there is one. Raises ``AnsibleConnectionFailure`` at the deadline.

        The time to confirm begins anew: over a wave of routers, applying takes its time.
        """
        unheard = ""
        while True:
            try:
                reconnect(self)
                answer = self.commit(state="extended", seconds=self.given["seconds"])
            except AnsibleConnectionFailure as error:
                if time.monotonic() > self.end:
                    raise
                if not unheard:
                    Display().warning(
                        f"{self.host} takes no new connection after the change; it undoes the change by "
                        f"itself at {clock(self.end)} ({str(error.message).strip()})"
                    )
                unheard = (
                    f"{self.host} could not be reached after the change ({str(error.message).strip()}). "
                )
                time.sleep(PAUSE)
                continue
            if answer.get("failed"):
                raise AnsibleActionFail(f"{unheard}{answer.get('msg')}")
            self.end = time.monotonic() + self.given["seconds"]
            return

    def commit(self, **arguments: Any) -> dict[str, Any]:
        return commit(self, self.variables, commit=self.given["commit"], **arguments)

    def out_of_reach(self, why: str) -> str:
        return out_of_reach(self, self.variables, why, self.end, self.given["commit"])

    def proven(self, device: Any) -> Proof:
        """Looks until the change is proven or its time for that is over."""
        before = frozenset((cloud, peer) for cloud, peer in self.given["reached"])
        # Half of the time is left for taking it back.
        began = time.monotonic()
        last = began + min(self.given["wait"], self.given["seconds"] / 2)
        earlier = None
        while True:
            over = time.monotonic() > last
            # Hubs that say nothing are waited for while they may still be at it, too.
            alone = time.monotonic() > began + ALONE
            state, measured = self.observed(device, whatever=over)
            sight = Sight(device, state, [], earlier)
            proof = prove(sight, judge(device, state, [], earlier), before)
            if (proof.unsent or over) and (probes := self.crossed(device, state, measured)):
                sight.probes = probes
                proof = prove(sight, judge(device, state, sight.probes, earlier), before)
            if over and proof.unsent:
                return Proof(("no packet could be sent to a hub",))
            if over or not (proof.missing or proof.unsent or (proof.warnings and not alone)):
                return proof
            earlier = state
            time.sleep(PAUSE)

    def taken_back(self, proof: Proof) -> str:
        """Undo at once; what was missing, and how the router is now."""
        told = "\n".join(proof.missing)
        try:
            answer = self.commit(state="undone", why=f"the proof failed: {proof.missing[0]}")
        except AnsibleConnectionFailure as error:
            return f"{told}\n{self.out_of_reach(str(error.message))}"
        if answer.get("failed"):
            again = "" if self.ios else " at once, and the router tries again"
            return f"{told}\nIt could not be undone{again}: {answer.get('msg')}"
        return f"{told}\nThe change was undone: the router is as it was before"
