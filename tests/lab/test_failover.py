# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""failover.yml on a live fleet: its figures against pings of LAN clients, what it refuses, and that a router
restores itself whenever the controller dies. Needs root."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.tests.lab import wiring
from ansible_collections.mgre.dmvpn.tests.lab.fleet import PINGS_PER_SECOND, ROOT, Fleet, until

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

FAULT = "/run/mgre-dmvpn-fault"
TABLE = "nft list table inet mgre_dmvpn_fault"
WINDOW = ("-e", "failover_window=CHG1234")
# A busy machine makes BFD flap: the fleet may take its time to be green before.
SHORT = ("-e", "failover_warmup=4", "-e", "failover_settle=4", "-e", "failover_ready=60")


def asked(fault: str, target: str, seconds: int) -> tuple[str, ...]:
    return (
        *("-e", f"failover_fault={fault}", "-e", f"failover_target={target}"),
        *("-e", json.dumps({"failover_duration": seconds})),
    )


def failover(fleet: Fleet, *arguments: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """A run of the playbook and its report, by flow; empty if there is none."""
    report = fleet.folder / "artifacts" / "report" / "failover.json"
    report.unlink(missing_ok=True)
    done = fleet.play("failover", *arguments)
    said = json.loads(report.read_text()) if report.exists() else {"flows": []}
    return done, {**said, "flows": {flow["name"]: flow for flow in said["flows"]}}


def arm(fleet: Fleet, router: str, fault: str, seconds: int) -> None:
    """Only the fault, without the rest of the check."""
    done = fleet.run(
        *("ansible", router, "-m", "mgre.dmvpn.failover_router", "-a"),
        f"step=break fault={fault} wans=wan1 seconds={seconds}",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def has(fleet: Fleet, router: str, mark: str) -> bool:
    return "yes" in fleet.lab.ssh(router, f"if [ -e {FAULT}/{mark} ]; then echo yes; fi")


def assert_restored(fleet: Fleet, router: str, seconds: float) -> None:
    """The router is as before: no rule of ours, every daemon runs, no fault is armed."""
    until(lambda: has(fleet, router, "restored"), f"{router} restores itself", seconds)
    states = (
        f"{TABLE} 2>/dev/null; systemctl is-active frr strongswan mgre-dmvpn-nhrp-events; "
        "systemctl is-active mgre-dmvpn-fault mgre-dmvpn-fault-guard.timer || true"
    )
    # The units end right after the last of the script.
    until(
        lambda: fleet.lab.ssh(router, states).split() == ["active"] * 3 + ["inactive"] * 2,
        f"{router} has no fault and all its daemons",
        10,
    )


@contextmanager
def hub_only(fleet: Fleet) -> Iterator[None]:
    """A cloud without shortcuts: all between spokes goes by a hub."""
    variables = fleet.inventory / "group_vars" / "all" / "dmvpn.yml"
    kept = variables.read_text()
    try:
        variables.write_text(
            kept.replace("    transport: internet\n", "    transport: internet\n    phase: 1\n")
        )
        fleet.site()
        fleet.wait_green()
        yield
    finally:
        variables.write_text(kept)
        fleet.site()


@pytest.mark.soak
def test_figures_of_a_cut_hub_wan_are_those_of_the_lans_and_the_objective_decides(fleet: Fleet) -> None:
    low = ("-e", json.dumps({"dmvpn_objectives": {"hub_loss": "300ms"}}))
    with hub_only(fleet):
        with fleet.traffic(("spoke1", "spoke3")) as lost:
            done, said = failover(fleet, *WINDOW, *SHORT, *asked("hub_wan", "hub1", 12), *low)
        by_hub, gone = said["flows"]["spoke1 > spoke3"], said["flows"]["spoke1 > hub1"]
    # The flow by the hub that is cut: what the probes say is what the LAN's clients saw.
    assert by_hub["path"]["before"] == ["by hub1 (blue)"], done.stdout
    assert "by hub2 (blue)" in by_hub["path"]["during"], by_hub
    told = (by_hub["outage_ms"] + (by_hub["restore_ms"] or 0)) / 1000
    assert 1 < by_hub["outage_ms"] / 1000 < 8, by_hub
    assert lost[("spoke1", "spoke3")] / PINGS_PER_SECOND == pytest.approx(told, abs=1.0), by_hub
    assert gone["outcome"] == "cut off" and gone["verdict"] == "not judged", gone
    # The objective cannot be met, and that is what is said.
    assert done.returncode != 0 and said["verdict"] == "red"
    assert by_hub["verdict"] == "MISSED", by_hub
    assert re.search(
        rf"spoke1 > spoke3: MISSED\n  expected: hub_loss at most 300 ms\n"
        rf"  got:      an outage of {by_hub['outage_ms']} ms",
        done.stdout,
    ), done.stdout
    junit = (fleet.folder / "artifacts" / "report" / "failover.xml").read_text()
    assert f"expected hub_loss at most 300 ms, got an outage of {by_hub['outage_ms']} ms" in junit
    fleet.wait_green()


def test_a_dead_hub_is_within_the_usual_objective(fleet: Fleet) -> None:
    done, said = failover(fleet, *WINDOW, *SHORT, *asked("hub_router", "hub1", 12))
    assert done.returncode == 0 and said["verdict"] == "green", done.stdout
    assert said["flows"]["spoke1 > hub1"]["outcome"] == "cut off"
    assert {said["flows"][f"spoke{n} > hub2"]["verdict"] for n in (1, 2, 3)} == {"met"}
    assert said["lasted_s"] >= 12
    assert_restored(fleet, "hub1", 0)


@pytest.mark.parametrize(
    "phase",
    [
        *(pytest.param(name, marks=pytest.mark.soak) for name in ("before", "armed")),
        "during",
        pytest.param("restoring", marks=pytest.mark.soak),
    ],
)
def test_a_router_restores_itself_when_the_controller_is_killed(fleet: Fleet, phase: str) -> None:
    """The plan of the test before is used again: the same fault, on the same router."""
    fleet.lab.ssh("hub1", f"rm -rf {FAULT}")
    run = subprocess.Popen(
        fleet.command(
            "ansible-playbook",
            str(ROOT / "playbooks" / "failover.yml"),
            *("--start-at-task", "Break, and wait until the router has restored itself", *WINDOW),
        ),
        cwd=fleet.folder,
        # Otherwise the name of a task comes with its first result.
        env={**fleet.environment, "PYTHONUNBUFFERED": "1", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "yes"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    reached: dict[str, Callable[[], bool]] = {
        "armed": lambda: has(fleet, "hub1", "fault"),
        "during": lambda: has(fleet, "hub1", "broken"),
        "restoring": lambda: has(fleet, "hub1", "restoring"),
    }
    try:
        assert run.stdout is not None
        for line in run.stdout:
            if "TASK [Break, and wait" in line:
                break
        if phase != "before":
            until(reached[phase], f"the run is {phase}")
        assert run.poll() is None, "the run had ended before it could be killed"
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(timeout=20)
    if phase == "before":
        # Nobody arms anything later, either: watched for longer than a run takes from here to the fault.
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline:
            assert not has(fleet, "hub1", "fault")
        fleet.lab.ssh("hub1", "systemctl is-active frr strongswan")
        return
    # Twelve seconds, and what the daemons need to stop and start.
    assert_restored(fleet, "hub1", 12 + 60)


def test_a_killed_fault_and_a_reboot_restore_too(fleet: Fleet) -> None:
    arm(fleet, "spoke3", "spoke_wan", 300)
    assert "drop" in fleet.lab.ssh("spoke3", TABLE)
    fleet.lab.ssh("spoke3", "systemctl kill --signal=KILL mgre-dmvpn-fault")
    assert_restored(fleet, "spoke3", 20)
    arm(fleet, "spoke3", "spoke_wan", 300)
    fleet.lab.kill("spoke3")
    fleet.lab.start("spoke3")
    assert fleet.lab.ssh("spoke3", f"{TABLE} 2>/dev/null; ls {FAULT} 2>/dev/null || true") == ""
    fleet.wait_green()


@pytest.mark.soak
def test_each_fault_is_what_it_says(fleet: Fleet) -> None:
    def pid(router: str, daemon: str) -> str:
        return fleet.lab.ssh(router, f"pidof {daemon} || true").strip()

    def answered(size: int) -> bool:
        address = str(fleet.lab.topology.node("hub2").client.ip)
        said = fleet.lab.client(
            "spoke2", "ping", "-q", "-n", "-c", "5", "-i", "0.2", "-W", "1", "-s", str(size), address
        )
        return " 0 received" not in said.stdout

    daemons = {"hub1": ("nhrpd", "nhrpd"), "spoke3": ("charon", "charon-systemd"), "hub2": ("bgpd", "bgpd")}
    before = {router: pid(router, program) for router, (_fault, program) in daemons.items()}
    arm(fleet, "spoke2", "mtu", 60)
    assert answered(100) and not answered(1372)
    # Two times 30 % of the packets, there and back: half of them.
    arm(fleet, "spoke1", "brownout", 60)
    lost = fleet.ping("spoke1", "hub1", count=60)
    assert 12 < lost < 55, lost
    for router in ("spoke1", "spoke2"):
        fleet.lab.ssh(router, "systemctl stop mgre-dmvpn-fault")
    for router, (fault, program) in daemons.items():
        arm(fleet, router, fault, 3)
        until(
            lambda router=router, program=program: pid(router, program) not in ("", before[router]),  # type: ignore[misc]
            f"{program} of {router} runs again, and is another process",
        )
    for router in ("spoke2", "spoke1", *daemons):
        assert_restored(fleet, router, 60)
    fleet.wait_green()
    assert answered(1372)


def test_everything_that_speaks_against_it_is_told_and_nothing_is_broken(fleet: Fleet) -> None:
    done, _said = failover(fleet, "-e", "failover_fault=hubwan", "-e", "failover_target=spoke9")
    assert done.returncode != 0
    for text in (
        "fleet: failover_window: is missing",
        "fleet: failover_fault: 'hubwan' is no fault; did you mean 'hub_wan'?",
        "fleet: failover_target: 'spoke9' is no router of the fleet; did you mean 'spoke",
    ):
        assert text in done.stdout, done.stdout
    done, _said = failover(fleet, *WINDOW, *asked("hub_wan", "spoke1", 5))
    assert "spoke1: failover_target: is no hub in any cloud" in done.stdout, done.stdout

    # hub1 is reached over the tunnel that is to be broken, and spoke2 has a fault already.
    through = f"ip netns exec {wiring.client(fleet.lab.name, 'spoke3')} nc 10.1.0.1 22"
    variables = fleet.inventory / "host_vars" / "hub1.yml"
    kept = variables.read_text()
    arm(fleet, "spoke2", "mtu", 120)
    try:
        variables.write_text(
            kept
            + f"ansible_ssh_common_args: -o ProxyCommand='{through}' -o StrictHostKeyChecking=no "
            + "-o UserKnownHostsFile=/dev/null -o ControlMaster=no -o ControlPath=none\n"
        )
        done, _said = failover(fleet, *WINDOW, *asked("hub_wan", "hub1", 5))
    finally:
        variables.write_text(kept)
        fleet.lab.ssh("spoke2", "systemctl stop mgre-dmvpn-fault")
    assert done.returncode != 0
    for text in (
        "spoke2: fault: mtu is armed on this router already",
        "spoke2: path_mtu (blue: hub1): is not green to begin with",
        "hub1: management: Ansible reaches this router by dmvpn10, which hub_wan would break",
    ):
        assert text in done.stdout, done.stdout
    assert not has(fleet, "hub1", "fault") or has(fleet, "hub1", "restored")
    assert_restored(fleet, "spoke2", 20)
    fleet.wait_green()


def test_check_mode_says_what_would_be_broken_and_breaks_nothing(fleet: Fleet) -> None:
    fleet.lab.ssh("hub2", f"rm -rf {FAULT}")
    done, _said = failover(fleet, "--check", *asked("hub_wan", "hub2", 7))
    assert done.returncode == 0, done.stdout
    assert "would be: hub2: WAN wan1 is cut for 7 s" in done.stdout, done.stdout
    assert not has(fleet, "hub2", "fault")
