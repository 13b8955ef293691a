# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A failover check whose target is a Cisco router: its WAN is shut, and starts whatever becomes of us."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.clock import Clock
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.store import parse_readings

from .conftest import BASE, CHECKOUT, Make, Router, Run
from .paper_fleet import PLAY, WAN, Fleet

MANAGED = ("10.1.0.9", "10.1.0.1")  # by GigabitEthernet2
SHUT = (
    f"interface {WAN}\n description WAN, not MGRE-internet\n ip address 198.51.100.1 255.255.255.0\n shutdown"
)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def as_before(router: Router, before: str) -> None:
    assert router.text == before
    assert not router.device.archive.pending
    assert not router.device.startup()


def refused(router: Router, run: Run, before: str, *words: str) -> None:
    """One finding for each reason, and a router that was not touched."""
    assert run.code != 0
    assert run.message.startswith("nothing was broken. "), run.output
    for word in words:
        assert word in run.message, run.output
    assert f"{len(words)} finding" in run.message, run.message
    assert "Traceback" not in run.output
    assert router.text == before
    assert "config: " not in router.log


def test_the_wan_is_shut_for_its_time_and_started_again(make: Make) -> None:
    router = make(ends=MANAGED)
    before, seen = router.text, []
    router.device.on_change.append(lambda device: seen.append((time.monotonic(), SHUT in router.text)))
    fleet = Fleet(router)
    run = fleet.check()
    assert run.code == 0, run.output
    as_before(router, before)
    plan = json.loads(fleet.file("plan.json").read_text())
    assert plan["says"] == f"WAN {WAN} is shut down"
    flows = {flow["name"]: flow["exempt"] for flow in plan["flows"]}
    assert flows["s1 > h2"] == flows["s1 > s2"] == "" and flows["s1 > r1"]
    # The times that are told are those at which the router did it, to the error that is told.
    told, clock = fleet.handed_on["times"], Clock(parse_readings(fleet.handed_on["readings"]))
    begun = next(when for when, shut in seen if shut)
    ended = next(when for when, shut in seen if when > begun and not shut)
    assert abs(clock.here(told["broken"]) - begun) <= clock.error
    assert abs(clock.here(told["line"]) - ended) <= clock.error
    assert told["broken"] + 3 <= told["line"] + clock.error
    assert told["line"] < told["restored"] and 0 < clock.error < 1


def test_a_router_without_wans_keeps_its_lan(make: Make) -> None:
    router = make(ends=MANAGED)
    before, seen = router.text, []
    router.device.on_change.append(lambda device: seen.append(router.text.count("\n shutdown\n")))
    run = Fleet(router).check(fault="hub_router", duration=1)
    assert run.code == 0, run.output
    assert max(seen) == 1
    as_before(router, before)


def test_check_mode_says_what_would_be_broken_and_breaks_nothing(make: Make) -> None:
    router = make(ends=MANAGED)
    before = router.text
    fleet = Fleet(router)
    run = fleet.check("--check")
    assert run.code == 0, run.output
    assert f'"plan": "r1: WAN {WAN} is shut down for 3 s, CHG1234. Flows: ' in run.output
    assert not fleet.file("r1.break.json").exists()
    assert router.text == before and "config: " not in router.log
    assert "configure" not in router.log


def test_without_an_archive_nothing_is_broken(make: Make) -> None:
    router = make(base=BASE.replace("archive\n path flash:before\n maximum 5\n", ""), ends=MANAGED)
    words = "r1: archive: no fault can be armed", "configure `archive` / `path flash:archive`"
    run = Fleet(router).check()
    refused(router, run, router.text, words[0])
    assert words[1] in run.message


def test_a_pending_change_is_not_touched(make: Make) -> None:
    router = make(ends=MANAGED)
    other = router.play(
        "- hosts: r1\n  gather_facts: false\n  tasks:\n"
        "    - cisco.ios.ios_command:\n        commands: [configure terminal revert timer 60, end]\n"
    )
    assert other.code == 0, other.output
    run = Fleet(router).check()
    refused(router, run, router.text, "r1: rollback timer: a change on it waits to be confirmed")
    assert router.device.archive.pending


def test_a_wan_that_we_come_by_is_not_shut(make: Make) -> None:
    router = make(ends=("192.0.2.9", "198.51.100.1"))
    run = Fleet(router).check()
    refused(router, run, router.text, f"r1: management: Ansible reaches this router by {WAN}, which hub_wan")


def test_all_reasons_are_told_at_once(make: Make) -> None:
    base = BASE.replace("archive\n path flash:before\n maximum 5\n", "")
    base = base.replace(
        " ip address 198.51.100.1 255.255.255.0\n", " ip address 198.51.100.1 255.255.255.0\n shutdown\n"
    )
    router = make(base=base, ends=("10.1.0.9", "10.1.0.77"))
    run = Fleet(router).check()
    refused(
        router,
        run,
        router.text,
        "r1: archive: no fault can be armed",
        "r1: management: the interface that Ansible reaches this router by cannot be told",
        f"r1: failover_fault: {WAN} is shut down already",
    )


@pytest.mark.parametrize("fault", ["brownout", "mtu", "nhrpd", "bgpd", "charon"])
def test_what_ios_cannot_do_is_refused_before_it_is_asked(make: Make, fault: str) -> None:
    router = make(ends=MANAGED)
    run = Fleet(router).check(fault=fault)
    refused(router, run, router.text, f"where {fault} cannot be made: IOS ")
    assert "choose one of hub_wan, hub_router, spoke_wan, or a Linux router" in run.message
    assert router.log == ""


def test_a_long_warmup_ends_an_idle_session_and_no_more(make: Make) -> None:
    router = make(ends=MANAGED)
    router.variables["ansible_connect_timeout"] = 5
    before = router.text
    run = Fleet(router).check(warmup=8, duration=7)
    assert run.code == 0, run.output
    as_before(router, before)


def test_a_session_that_breaks_is_made_anew_and_the_wan_started_in_time(make: Make) -> None:
    router = make(ends=MANAGED)
    before = router.text
    cut: list[bool] = []

    def change(device: Any) -> None:
        if SHUT in router.text and not cut:
            cut.append(True)
            device.loop.call_later(1, lambda: [one.abort() for one in list(device.connections)])

    router.device.on_change.append(change)
    run = Fleet(router).check(duration=8)
    assert run.code == 0 and cut, run.output
    as_before(router, before)


def test_a_router_that_cannot_be_reached_any_more_restores_itself(make: Make) -> None:
    router = make(ends=MANAGED, minute=5.0)
    before = router.text

    def change(device: Any) -> None:
        """Nobody can log in while the WAN is shut."""
        router.fault(*["auth"] * (SHUT in router.text))
        if SHUT in router.text:
            device.loop.call_later(0.5, lambda: [one.abort() for one in list(device.connections)])

    router.device.on_change.append(change)
    fleet = Fleet(router)
    run = fleet.check(duration=20)
    assert run.code != 0
    assert "was up again before its time, by the timer or by somebody" in run.message, run.output
    assert len(run.message.splitlines()) == 1 and "Traceback" not in run.output
    assert fleet.handed_on["error"] == run.message
    assert "rollback timer expired" in router.log
    as_before(router, before)


def descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def test_a_controller_that_dies_leaves_the_rest_to_the_router(make: Make) -> None:
    router = make(ends=MANAGED, minute=4.0)
    before = router.text
    # What holds the session outlives its controller by so long.
    router.variables["ansible_connect_timeout"] = 10
    fleet = Fleet(router)
    command, environment = router.prepare(PLAY, "-e", "duration=30", inventory=fleet.inventory)
    run = subprocess.Popen(
        command, cwd=router.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: SHUT in router.text)
    finally:
        for pid in [run.pid, *descendants(run.pid)]:
            os.kill(pid, signal.SIGKILL)
        run.wait()
    until(lambda: router.text == before)
    assert "rollback timer expired" in router.log and "no shutdown" not in router.log
    as_before(router, before)


def test_the_playbook_runs_these_steps_in_this_order() -> None:
    """The play above is what playbooks/failover.yml does, without verify and without packets."""
    text = (CHECKOUT / "playbooks" / "failover.yml").read_text()
    steps = [line.split()[1] for line in text.splitlines() if line.strip().startswith("step: ")]
    assert steps == ["plan", "look", "permit", "probe", "break", "collect", "report"]
