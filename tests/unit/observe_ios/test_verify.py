# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""verify.yml over SSH against a fleet of devices on 127.0.0.1: connection, enable, prompts, and the report.

The devices print the words of router.py, so what is proven here is the way from a router to its line in the
report, not that a DMVPN forms.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.observe import ios_interfaces
from ansible_collections.mgre.dmvpn.tests.lab.ios import Device, Options, running
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import HUB1, HUB2, SPOKE1, SPOKE2
from ansible_collections.mgre.dmvpn.tests.unit.observe_ios.router import Router, healthy
from ansible_collections.mgre.dmvpn.tests.unit.observe_ios.test_judged import BROKEN

ROOT = Path(__file__).resolve().parents[3]
# The device's own answers that are replaced, by the syntax that it knows them by.
OWN = {
    "show interfaces Tunnel10": "show interfaces [name:INTERFACE]",
    "show ip interface Tunnel10": "show ip interface [name:INTERFACE]",
    "show crypto pki certificates": "show crypto pki certificates [trustpoint:WORD]",
}
PING = (
    "ping peer:A.B.C.D source own:A.B.C.D size size:<36-18024> df-bit repeat repeat:<1-1000> "
    "timeout timeout:<0-3600>"
)
SECRET = "not-to-be-seen-anywhere"
FLEET = {
    "dmvpn_platform": "ios",
    "dmvpn_psks": {"blue": SECRET},
    "dmvpn_clouds": [
        {
            "name": "blue",
            "number": 10,
            "prefix": "10.255.0.0/22",
            "transport": "internet",
            "hubs": ["hub1", "hub2"],
            "spokes": "branches",
            "routing": {"summaries": ["10.0.0.0/9"]},
            "ipsec": {"auth": "psk"},
        }
    ],
}
CONNECTION = {
    "ansible_host": "127.0.0.1",
    "ansible_user": "admin",
    "ansible_password": "admin",
    "ansible_become": True,
    "ansible_become_method": "ansible.netcommon.enable",
    "ansible_become_password": "enable",
    "ansible_connection": "ansible.netcommon.network_cli",
    "ansible_network_os": "cisco.ios.ios",
    "ansible_network_cli_ssh_type": "paramiko",
    "ansible_host_key_checking": False,
}


@dataclass
class Run:
    """What a run of verify.yml ended with."""

    status: int
    output: str
    report: dict[str, Any]


def device(router: Router) -> Device:
    """A device that prints what the router would."""
    made = Device(Options(hostname=router.device.name))
    for command, text in router.answers().items():
        syntax = OWN.get(command, command.partition("|")[0].strip())
        privilege = 15 if command == ios_interfaces.NULL_ROUTES else 1
        made.execs.add(syntax, partial(_said, text), privilege)

    def ping(session: object, values: dict[str, str]) -> str:
        return router.ping(f"ping {values['peer']} size {values['size']} repeat {values['repeat']}")

    made.execs.add(PING, ping)
    return made


def _said(text: str, session: object, values: dict[str, str]) -> str:
    return text


def verify(place: Path, change: Callable[[dict[str, Router]], None], connection: dict[str, Any]) -> Run:
    routers = {peer.name: healthy(peer, "bgp", "psk") for peer in (HUB1, HUB2, SPOKE1, SPOKE2)}
    change(routers)
    groups: dict[str, dict[str, Any]] = {"hubs": {"hosts": {}}, "branches": {"hosts": {}}}
    with ExitStack() as stack:
        for name, router in routers.items():
            port = stack.enter_context(running(device(router)))
            (member,) = router.device.memberships
            wan: dict[str, Any] = {"interface": "GigabitEthernet1", "address": "192.168.1.2", "nat": True}
            if member.transport.address:
                wan = {"interface": "GigabitEthernet1", "address": str(member.transport.address)}
            groups["hubs" if member.role == "hub" else "branches"]["hosts"][name] = {
                "ansible_port": port,
                "dmvpn_site": router.device.site,
                "dmvpn_lans": [str(lan) for lan in router.device.lans],
                "dmvpn_transports": {"internet": wan},
            }
        paths = {"dmvpn_bundle_dir": str(place / "bundle"), "dmvpn_report_dir": str(place / "report")}
        variables = FLEET | connection | paths | {"verify_wait": 0}
        (place / "hosts.yml").write_text(yaml.safe_dump({"all": {"vars": variables, "children": groups}}))
        (place / "ansible.cfg").write_text("[defaults]\n")
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *("-i", str(place / "hosts.yml"), str(ROOT / "playbooks" / "verify.yml")),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(place / "ansible.cfg"),
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
                "ANSIBLE_HOME": str(place / "home"),
                # The path of the persistent connection's socket must stay short.
                "ANSIBLE_PERSISTENT_CONTROL_PATH_DIR": str(place / "pc"),
            },
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    said = done.stdout + done.stderr
    assert SECRET not in said
    report = place / "report" / "report.json"
    return Run(done.returncode, said, json.loads(report.read_text()) if report.exists() else {})


def test_healthy_fleet_is_proven(tmp_path: Path) -> None:
    run = verify(tmp_path, lambda routers: None, CONNECTION)
    assert run.status == 0, run.output[-4000:]
    assert run.report["routers"] == {"green": 4, "RED": 0, "NOT PROVEN": 0, "NOT JUDGED": 0}
    assert not any(SECRET in file.read_text() for file in (tmp_path / "report").iterdir())


def test_broken_routers_are_told_with_their_causes(tmp_path: Path) -> None:
    def change(routers: dict[str, Router]) -> None:
        BROKEN["wrong PSK"].change(routers["spoke1"])
        BROKEN["protection is gone"].change(routers["spoke2"])

    run = verify(tmp_path, change, CONNECTION)
    assert run.status != 0
    assert {(c["host"], c["cause"]) for c in run.report["causes"]} == {
        ("spoke1", "authentication"),
        ("spoke2", "unprotected"),
    }, run.output[-4000:]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"ansible_connection": "ansible.builtin.local"},
            "write ansible_connection: ansible.netcommon.network_cli",
        ),
        ({"ansible_become": False}, "guard"),
    ],
    ids=["wrong connection", "no enable"],
)
def test_what_cannot_be_read_is_told_and_never_green(
    tmp_path: Path, given: dict[str, Any], says: str
) -> None:
    run = verify(tmp_path, lambda routers: None, CONNECTION | given)
    assert run.status != 0 and run.report["routers"]["green"] == 0 and run.report["routers"]["RED"] == 0
    assert says in run.output
    assert "Traceback" not in run.output
