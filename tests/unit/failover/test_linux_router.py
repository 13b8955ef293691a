# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Linux router's module says, in the shape that a check asks for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.linux_router import LinuxRouter
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.look import Look
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.plan import Flow, Plan
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.router import Trouble


def router(answer: dict[str, Any], local: bool = False) -> LinuxRouter:
    return LinuxRouter("hub1", lambda **_: answer, lambda command: {"rc": 1, "stdout": ""}, local)


def test_a_router_that_is_reached_by_ssh() -> None:
    assert router({"armed": None, "management": ["mgmt0"]}).look() == Look(management=["mgmt0"])


def test_a_router_that_we_are_on_needs_no_way() -> None:
    assert router({"armed": None, "management": ["wan1"]}, local=True).look() == Look()


def test_an_armed_fault_speaks_against_any_other() -> None:
    (found,) = router({"armed": "mtu", "management": ["mgmt0"]}).look().against
    assert str(found) == (
        "hub1: fault: mtu is armed on this router already; wait until it is over, or end it: systemctl stop "
        "mgre-dmvpn-fault"
    )


def test_an_unknown_way_is_a_reason_against_it() -> None:
    (found,) = router({"armed": None, "management": None}).look().unable
    assert str(found).startswith("hub1: management: the interface that Ansible reaches ")


def test_a_failure_is_told_in_one_line() -> None:
    with pytest.raises(Trouble, match=r"^hub1: the last of it$"):
        router({"failed": True, "msg": "a traceback\nthe last of it"}).look()
    with pytest.raises(Trouble, match=r"^hub1: /proc/uptime cannot be read$"):
        router({}).reading()


def test_a_fault_is_over_when_the_router_says_so() -> None:
    asked: list[dict[str, Any]] = []
    said = iter([{"rc": 1}, {"rc": 0}])

    def module(**given: Any) -> dict[str, Any]:
        asked.append(given)
        return {"times": {"broken": 1.0, "line": 21.0, "restored": 22.0}}

    def execute(command: str) -> dict[str, Any]:
        assert command == "cat /run/mgre-dmvpn-fault/restored"
        return next(said)

    held = {"fault": "mtu", "wans": ["wan1"], "duration": 20, "loss": 30, "mtu": 1300}
    plan = Plan(**{**dict.fromkeys(Plan.__dataclass_fields__, ""), **held})  # type: ignore[arg-type]
    assert LinuxRouter("hub1", module, execute, False).fault(plan)["line"] == 21.0
    assert asked == [
        {"step": "break", "fault": "mtu", "wans": ["wan1"], "seconds": 20, "loss": 30, "mtu": 1300},
        {"step": "look"},
    ]


def test_probes_go_along_the_flows_of_the_router() -> None:
    asked: list[dict[str, Any]] = []

    def module(**given: Any) -> dict[str, Any]:
        asked.append(given)
        return {"seen": {"flows": []}}

    router = LinuxRouter("s1", module, lambda command: {"rc": 1}, False)
    router.probe([Flow("s1 > r1", "s1", "r1", "10.3.0.1", "10.1.0.1")], 60)
    assert router.collect() == {"flows": []}
    flow = {"name": "s1 > r1", "source": "10.3.0.1", "target": "10.1.0.1", "size": 84}
    assert asked == [{"step": "probe", "flows": [flow], "rate": 25, "limit": 60}, {"step": "collect"}]
