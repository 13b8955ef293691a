# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router on 127.0.0.1, and ansible-playbook against it as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.ios import Device, Options, running

CHECKOUT = Path(__file__).resolve().parents[2]
SITE = f"- import_playbook: {CHECKOUT}/playbooks/site.yml\n"
CONFIGS = CHECKOUT / "tests" / "unit" / "ios" / "configs"
PSK, NHRP = "a-psk-of-many-letters-3141", "nhrp2718"
TASK = """\
- hosts: r1
  gather_facts: false
  tasks:
    - mgre.dmvpn.ios_apply: {arguments}
      register: applied
"""
# What a router has before us; the archive is what the revert timer needs.
BASE = """\
version {release}
service timestamps log datetime msec
hostname r1
enable secret enable
username admin privilege {privilege} secret admin
archive
 path flash:before
 maximum 5
vrf definition INTERNET
 address-family ipv4
 exit-address-family
interface GigabitEthernet1
 description WAN, not MGRE-internet
 ip address 198.51.100.1 255.255.255.0
interface GigabitEthernet2
 ip address 10.1.0.1 255.255.255.0
interface Loopback0
 ip address 192.168.255.1 255.255.255.255
interface Tunnel99
 description to a partner
 ip address 192.168.99.1 255.255.255.252
 tunnel source GigabitEthernet1
 tunnel destination 192.0.2.99
ip route 0.0.0.0 0.0.0.0 198.51.100.254
ip prefix-list PARTNER seq 5 permit 192.168.99.0/30
route-map PARTNER permit 10
 match ip address prefix-list PARTNER
{more}
line vty 0 4
 login local
 transport input ssh
"""


@dataclass
class Run:
    """What one ansible-playbook came to."""

    code: int
    output: str
    result: dict[str, Any] = field(default_factory=dict)
    stats: dict[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return str(self.result.get("msg", ""))


class Router:
    """A device, and what a user would do with it."""

    def __init__(self, device: Device, port: int, folder: Path) -> None:
        self.device = device
        self.folder = folder
        self.pid = 0  # of the last ansible-playbook, which leads a process group
        self.variables: dict[str, Any] = {
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": "admin",
            "ansible_password": "admin",
            "ansible_become": True,
            "ansible_become_method": "ansible.netcommon.enable",
            "ansible_become_password": "enable",
            "ansible_connection": "ansible.netcommon.network_cli",
            "ansible_network_os": "cisco.ios.ios",
            "ansible_host_key_checking": False,
            "ansible_buffer_read_timeout": 0.02,
            "ansible_command_timeout": 20,
            "ansible_connect_timeout": 40,
            "ansible_network_cli_retries": 0,
            "dmvpn_psks": {"blue": PSK},
            "dmvpn_nhrp_secrets": {"blue": NHRP},
        }

    def bundle(self, text: str) -> None:
        """What rendering would have left for the router."""
        folder = self.folder / "bundle" / "r1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.ios").write_text(text)
        manifest = {"bundle": 1, "host": "r1", "platform": "ios", "interfaces": ["Tunnel10"]}
        (folder / "manifest.json").write_text(json.dumps(manifest))

    def apply(self, *flags: str, **arguments: Any) -> Run:
        """One task of ``ios_apply``."""
        return self.play(TASK.format(arguments=json.dumps({"bundle": "bundle"} | arguments)), *flags)

    def play(self, playbook: str, *flags: str, inventory: str = "") -> Run:
        """A playbook; on this router alone, unless there is another inventory."""
        command, environment = self.prepare(playbook, *flags, inventory=inventory)
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as done:
            self.pid = done.pid
            out, err = done.communicate(timeout=300)
        output = out + err
        try:
            parsed = json.loads(out[out.index("{") :])
            stats = parsed["stats"]
            # The last play is empty where there is nothing to change.
            last = [play for play in parsed["plays"] if play["tasks"]][-1]
            result = last["tasks"][-1]["hosts"].get("r1", {})
        except (ValueError, KeyError, IndexError):
            stats, result = {}, {}
        return Run(done.returncode, output, result, stats)

    def prepare(self, playbook: str, *flags: str, inventory: str = "") -> tuple[list[str], dict[str, str]]:
        """Writes what a run needs; its command and environment."""
        alone = json.dumps({"all": {"hosts": {"r1": self.variables}}})
        (self.folder / "hosts.yml").write_text(inventory or alone)
        (self.folder / "play.yml").write_text(playbook)
        (self.folder / "ansible.cfg").write_text(
            f"[defaults]\ncollections_path = {CHECKOUT}/.build/collections\n"
        )
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        return [program, "-i", "hosts.yml", "play.yml", *flags], {
            **os.environ,
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.json",
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_PERSISTENT_CONTROL_PATH_DIR": str(self.folder / "pc"),
        }

    @property
    def text(self) -> str:
        return self.device.text()

    @property
    def log(self) -> str:
        return (self.device.directory / "session.log").read_text()

    def fault(self, *faults: str) -> None:
        """Break the router, or with nothing mend it."""
        (self.device.directory / "faults").write_text("".join(f"{fault}\n" for fault in faults))


Make = Callable[..., Router]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Boots routers; ``more`` is further configuration of theirs."""
    with ExitStack() as stack:
        # A socket's path may have 107 characters.
        short = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ios-")))

        def build(
            more: str = "",
            release: str = "17.15",
            privilege: int = 1,
            base: str = BASE,
            name: str = "r1",
            **options: Any,
        ) -> Router:
            startup = base.format(more=more, release=release, privilege=privilege)
            state = tmp_path / name
            device = Device(Options(hostname=name, release=release, startup=startup, state=state, **options))
            port = stack.enter_context(running(device))
            return Router(device, port, short)

        yield build


@pytest.fixture
def hub() -> str:
    return (CONFIGS / "hub.ios").read_text()
