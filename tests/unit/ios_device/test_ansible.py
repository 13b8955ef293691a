# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""cisco.ios works against the device, through network_cli and paramiko, as against a router."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.ios import Device, Options, running

INVENTORY = """\
all:
  hosts:
    r1:
      ansible_host: 127.0.0.1
      ansible_port: {port}
      ansible_user: admin
      ansible_password: admin
      ansible_become: true
      ansible_become_method: ansible.netcommon.enable
      ansible_become_password: enable
      ansible_connection: ansible.netcommon.network_cli
      ansible_network_os: cisco.ios.ios
      ansible_network_cli_ssh_type: paramiko
      ansible_host_key_checking: false
"""
PLAYBOOK = """\
- hosts: r1
  gather_facts: false
  tasks:
    - name: Commands
      cisco.ios.ios_command:
        commands: [show version, show privilege, show running-config | section ^interface]
      register: shown
    - ansible.builtin.assert:
        that:
          - "'Version 17.15' in shown.stdout[0]"
          - shown.stdout[1] == 'Current privilege level is 15'
          - "'interface GigabitEthernet4' in shown.stdout[2]"
    - name: Configure
      cisco.ios.ios_config: &tunnel
        parents: interface Tunnel10
        lines: [ip address 10.255.0.1 255.255.252.0, no ip redirects, tunnel mode gre multipoint]
      register: first
    - name: Again
      cisco.ios.ios_config: *tunnel
      register: second
    - ansible.builtin.assert:
        that: [first.changed, not second.changed]
    - name: A bad line
      cisco.ios.ios_config:
        parents: interface Tunnel10
        lines: [ip nhrp netwrk-id 10]
      register: bad
      ignore_errors: true
    - ansible.builtin.assert:
        that: [bad.failed, "'Invalid input' in bad.msg"]
    - name: Save
      cisco.ios.ios_config:
        save_when: always
"""


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    (tmp_path / "play.yml").write_text(PLAYBOOK)
    (tmp_path / "ansible.cfg").write_text("[defaults]\n")
    return tmp_path


def test_a_playbook(workplace: Path) -> None:
    device = Device(Options(hostname="r1"))
    with running(device) as port:
        (workplace / "hosts.yml").write_text(INVENTORY.format(port=port))
        run = subprocess.run(
            [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", "play.yml"],
            cwd=workplace,
            env={
                **os.environ,
                "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.json",
                "ANSIBLE_HOME": str(workplace / "home"),
                "ANSIBLE_CONFIG": str(workplace / "ansible.cfg"),
                # The persistent connection's socket path must stay short.
                "ANSIBLE_PERSISTENT_CONTROL_PATH_DIR": str(workplace / "pc"),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    assert json.loads(run.stdout[run.stdout.index("{") :])["stats"]["r1"]["failures"] == 0
    tunnel = device.config.children[("interface", "Tunnel10")]
    assert [line.text for line in device.configuration.ordered(tunnel)] == [
        "ip address 10.255.0.1 255.255.252.0",
        "no ip redirects",
        "tunnel mode gre multipoint",
    ]
    assert "interface Tunnel10" in device.startup()
    assert device.crashes == []
    device.close()
