# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Arming on a router: in which order, and that it ends whatever fails. Scripts run in a real shell."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import fault, fault_probe
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.fault_scripts import SCRIPTS, Script, Settings
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import Host, Result

SETTINGS = Settings(("wan1", "wan2"), loss=30, mtu=1300)


class Router:
    """systemd that remembers what it was asked, and lets the fault come up at once."""

    def __init__(self, root: Path, failing: str = "", comes: bool = True) -> None:
        self.root, self.failing, self.comes = root, failing, comes
        self.asked: list[str] = []

    def __call__(
        self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, timeout: float = 1
    ) -> Result:
        line = " ".join(argv)
        self.asked.append(line)
        if self.failing and self.failing in line:
            return Result(1, err="no")
        if line.startswith(f"systemd-run --unit={fault.UNIT}"):
            for mark in ("breaking", "broken" if self.comes else "restored"):
                (self.root / fault.FOLDER.lstrip("/") / mark).write_text("12.50\n")
        return Result(0)


def router(tmp_path: Path, **how: object) -> tuple[Host, Router]:
    runner = Router(tmp_path, **how)  # type: ignore[arg-type]
    return Host(tmp_path, runner, sleep=lambda seconds: None), runner


def test_the_timer_that_restores_is_armed_before_the_fault(tmp_path: Path) -> None:
    host, runner = router(tmp_path)
    fault.arm(host, "hub_wan", SETTINGS, 20)
    armed = [line for line in runner.asked if line.startswith("systemd-run")]
    assert armed[0].startswith(f"systemd-run --unit={fault.GUARD} --on-active={fault.TICK} ")
    assert armed[1].startswith(f"systemd-run --unit={fault.UNIT} ")
    assert f"ExecStopPost=/bin/sh {fault.FOLDER}/restore" in armed[1]
    assert fault.times(host) == {"broken": 12.5}


def test_a_second_fault_is_refused(tmp_path: Path) -> None:
    host, _runner = router(tmp_path)
    fault.arm(host, "hub_wan", SETTINGS, 20)
    with pytest.raises(fault.Refused, match=r"another fault is armed on this router \(hub_wan\)"):
        fault.arm(host, "mtu", SETTINGS, 20)


@pytest.mark.parametrize("failing", [fault.GUARD, f"--unit={fault.UNIT}", "command -v nft"])
def test_what_cannot_be_armed_leaves_nothing_armed(tmp_path: Path, failing: str) -> None:
    host, runner = router(tmp_path, failing=failing)
    with pytest.raises(fault.Refused):
        fault.arm(host, "hub_wan", SETTINGS, 20)
    if failing == f"--unit={fault.UNIT}":
        assert f"systemctl stop {fault.GUARD}.timer" in runner.asked
        assert f"/bin/sh {fault.FOLDER}/restore" in runner.asked
    else:
        assert not any(fault.UNIT in line and "systemd-run" in line for line in runner.asked)
        assert fault.armed(host) is None


def test_what_a_run_left_that_was_killed_before_it_armed_anything_stops_nobody(tmp_path: Path) -> None:
    host, _runner = router(tmp_path)
    host.write(f"{fault.FOLDER}/fault", "mtu\n")
    assert fault.armed(host) is None
    host.write(f"{fault.FOLDER}/breaking", "1.00\n")
    assert fault.armed(host) == "mtu"


def test_while_one_arms_another_is_refused(tmp_path: Path) -> None:
    host, runner = router(tmp_path)
    with fault.only_one(host), pytest.raises(fault.Refused, match="being armed on this router right now"):
        fault.arm(host, "hub_wan", SETTINGS, 20)
    assert runner.asked == []


def test_a_fault_that_does_not_come_is_taken_back_and_told(tmp_path: Path) -> None:
    host, runner = router(tmp_path, comes=False)
    with pytest.raises(fault.Refused, match="could not be made, and is taken back"):
        fault.arm(host, "hub_wan", SETTINGS, 20)
    assert f"systemctl stop {fault.UNIT}" in runner.asked


@pytest.mark.parametrize("seconds", [0, 601])
def test_no_fault_lasts_longer_than_ten_minutes(tmp_path: Path, seconds: int) -> None:
    host, runner = router(tmp_path)
    with pytest.raises(fault.Refused, match="write 1 to 600"):
        fault.arm(host, "hub_wan", SETTINGS, seconds)
    assert runner.asked == []


def shell(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Runs a script with a folder of the test's own in place of the router's."""
    return subprocess.run(
        ["/bin/sh", "-c", text.replace(fault.FOLDER, str(tmp_path))],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_one_for_the_shell(tmp_path: Path, name: str) -> None:
    script = SCRIPTS[name](SETTINGS)
    for text in (fault.run_script(script, 1), fault.restore_script(script), fault.guard_script(1)):
        done = subprocess.run(["/bin/sh", "-n"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), text


def test_a_fault_that_cannot_be_made_ends_at_once_and_is_never_called_broken(tmp_path: Path) -> None:
    done = shell(tmp_path, fault.run_script(Script(("false",), ("true",)), 60))
    assert done.returncode != 0
    assert not (tmp_path / "broken").exists()


def test_restoring_goes_on_when_a_part_of_it_fails_and_happens_once(tmp_path: Path) -> None:
    (tmp_path / "systemctl").write_text("#!/bin/sh\n")
    (tmp_path / "systemctl").chmod(0o755)
    restore = fault.restore_script(Script((), ("false", "echo second >>did")))
    for _time in range(2):
        assert shell(tmp_path, restore).returncode == 0
    assert (tmp_path / "did").read_text() == "second\n"
    assert float((tmp_path / "restored").read_text()) > 0


@pytest.mark.parametrize(
    ("unit", "marks", "restores"),
    [
        ("active", {"breaking": 1}, False),
        ("deactivating", {"breaking": 1}, False),
        ("inactive", {"breaking": 1}, True),
        ("failed", {"breaking": 1}, True),
        ("inactive", {}, False),  # it is not there yet
        ("active", {"breaking": 1, "armed": -1000}, True),  # long over
        ("inactive", {"armed": -1000}, True),  # never came
    ],
)
def test_the_timer_restores_when_the_unit_is_gone(
    tmp_path: Path, unit: str, marks: dict[str, int], restores: bool
) -> None:
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\necho {unit}\n")
    (tmp_path / "systemctl").chmod(0o755)
    (tmp_path / "restore").write_text(f"touch {tmp_path}/did\n")
    for mark, value in marks.items():
        (tmp_path / mark).write_text(f"{value}\n")
    assert shell(tmp_path, fault.guard_script(20)).returncode == 0
    assert (tmp_path / "did").exists() == restores


def test_the_kernel_says_where_a_packet_goes() -> None:
    assert fault_probe.Routes().path("127.0.0.1", "127.0.0.1") == ("lo", "")


@pytest.mark.parametrize("data", [b"", b"\0" * 20, b"\xff" * 40, bytes(28)])
def test_an_answer_that_is_no_route_is_no_path(data: bytes) -> None:
    assert fault_probe.parse_route(data) == ("", "")


def test_only_answers_to_our_own_packets_count() -> None:
    prober = object.__new__(fault_probe.Prober)
    prober.flows = [
        fault_probe.Flow(0, {"name": "a > b", "source": "10.0.0.1", "target": "10.0.0.2", "size": 84})
    ]
    prober.identifier = 7
    flow = prober.flows[0]
    packet = flow.packet(7)
    flow.sent.append(1.0)
    flow.answered.append(None)
    header = bytes([0x45]) + bytes(19)
    assert len(header + packet) == 84
    prober.heard(header + packet)  # a request, as raw sockets see it on lo
    prober.heard(header + b"\0" + flow.packet(8)[1:])
    prober.heard(header[:10])
    assert flow.answered == [None]
    prober.heard(header + b"\0" + packet[1:])
    assert flow.answered[0] is not None
