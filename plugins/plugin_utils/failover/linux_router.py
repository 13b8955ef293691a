# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Linux router: our module arms the fault and the probes there, and its uptime is the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleConnectionFailure  # type: ignore[import-untyped]

from ..findings import Finding
from .clock import Reading, best
from .look import Look
from .plan import Flow, Plan
from .router import Times, Trouble

RATE = 25  # packets a second in each flow
READINGS = 5  # of the clock; the quickest counts
PAUSE = 0.5
OVERTIME = 240  # seconds after its end at which a fault has to be restored

Answer = dict[str, Any]


class LinuxRouter:
    """``module`` runs ``failover_router`` there, ``execute`` a command; the connection may break in both."""

    def __init__(
        self, name: str, module: Callable[..., Answer], execute: Callable[[str], Answer], local: bool
    ) -> None:
        self.name = name
        self._module = module
        self._execute = execute
        self._local = local

    def look(self) -> Look:
        answer, look = self.module(step="look"), Look()
        if answer["armed"]:
            problem = f"{answer['armed']} is armed on this router already"
            remedy = "wait until it is over, or end it: systemctl stop mgre-dmvpn-fault"
            look.against.append(Finding(self.name, "fault", problem, remedy))
        if self._local:
            return look
        if answer["management"] is not None:
            look.management = list(answer["management"])
        else:
            problem = (
                "the interface that Ansible reaches this router by cannot be found, so it may be what is "
                "broken"
            )
            look.unable.append(Finding(self.name, "management", problem, "reach it by SSH"))
        return look

    def reading(self) -> Reading:
        """Its uptime beside our clock: the quickest answer of some."""
        found = []
        for _number in range(READINGS):
            begun = time.monotonic()
            answer = self._execute("cat /proc/uptime")
            ended = time.monotonic()
            words = str(answer.get("stdout", "")).split()
            if answer["rc"] == 0 and words:
                found.append(Reading((begun + ended) / 2, float(words[0]), (ended - begun) / 2))
        if not found:
            raise Trouble(f"{self.name}: /proc/uptime cannot be read")
        return best(found)

    def fault(self, plan: Plan) -> Times:
        """The router restores itself; its own times are asked for once it says so."""
        self.module(
            step="break",
            fault=plan.fault,
            wans=plan.wans,
            seconds=plan.duration,
            loss=plan.loss,
            mtu=plan.mtu,
        )
        deadline = time.monotonic() + plan.duration + OVERTIME
        while time.monotonic() < deadline:
            time.sleep(PAUSE)
            try:
                answer = self._execute("cat /run/mgre-dmvpn-fault/restored")
            except AnsibleConnectionFailure:
                continue  # what was broken was the way here after all; the router restores itself
            if answer["rc"] == 0:
                times: Times = self.module(step="look")["times"]
                return times
        raise Trouble(
            f"{self.name} does not say that it has restored itself, {OVERTIME} s after the end of the fault; "
            "look there: systemctl status mgre-dmvpn-fault, journalctl -u mgre-dmvpn-fault"
        )

    def probe(self, flows: Sequence[Flow], limit: int) -> None:
        """Begins to send; probes end by themselves after ``limit`` seconds."""
        given = [
            {"name": f.name, "source": f.source_address, "target": f.target_address, "size": f.size}
            for f in flows
        ]
        self.module(step="probe", flows=given, rate=RATE, limit=limit)

    def collect(self) -> Answer:
        """Ends to send; what the probes saw."""
        seen: Answer = self.module(step="collect")["seen"]
        return seen

    def module(self, **arguments: Any) -> Answer:
        """Runs the router's part. Its failure is this router's, in one line."""
        answer = self._module(**arguments)
        if answer.get("failed"):
            said = str(answer.get("msg") or answer.get("module_stderr") or "no reason given").strip()
            raise Trouble(f"{self.name}: {said.splitlines()[-1]}")
        return answer
