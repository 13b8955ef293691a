# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""playbooks/render.yml by ansible-playbook itself, as a user runs it. Contacts nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

# Templates use the host's own variables; the vaulted secret cannot be read, because no password is given.
INVENTORY = """
all:
  vars:
    office_prefix: 10.255.0.0/24
    dmvpn_clouds:
      - name: blue
        number: 10
        prefix: "{{ office_prefix }}"
        transport: internet
        hubs: [hub1]
        spokes: branches
        routing: {summaries: [10.0.0.0/9]}
        ipsec: {auth: psk}
    dmvpn_psks:
      blue: !vault |
        $ANSIBLE_VAULT;1.1;AES256
        62313365396662343061393464336163383764373764613633653634306231386433626436623361
        6134333665353966363534333632666535333761666131620a663537646436643839616531643561
        63396265333963386166373965366339643136333638646335373431643435323963333536363235
        3438626566303930300a313638663838376133633539643663346563653330386263633965306630
        3533
  hosts:
    hub1:
      dmvpn_site: 1
      dmvpn_lans: ["10.{{ dmvpn_site }}.0.0/24"]
      dmvpn_transports: {internet: {interface: wan1, address: 198.51.100.1}}
    idle.example.com: {}
  children:
    branches:
      vars:
        dmvpn_lans: ["10.{{ number }}.0.0/24"]
        dmvpn_site: "{{ number }}"
        dmvpn_transports: {internet: {interface: wan1, address: "198.51.100.{{ number }}"}}
      hosts:
        branch11: {number: 11}
        branch12: {number: 12}
"""


class Playbook:
    """One inventory and one bundle directory."""

    def __init__(self, directory: Path) -> None:
        self.inventory = directory / "hosts.yml"
        self.bundle = directory / "bundle"
        self.inventory.write_text(INVENTORY)
        self._home = directory / "home"
        self._home.mkdir()

    def run(self, *arguments: str, status: int = 0) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build/collections"),
            "ANSIBLE_NOCOLOR": "1",
        }
        program = Path(sys.executable).with_name("ansible-playbook")
        playbook = ROOT / "playbooks/render.yml"
        variable = f"dmvpn_bundle_dir={self.bundle}"
        done = subprocess.run(
            [program, "-i", self.inventory, playbook, "-e", variable, *arguments],
            env=environment,
            cwd=self.inventory.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def edit(self, old: str, new: str) -> None:
        held = self.inventory.read_text()
        assert old in held
        self.inventory.write_text(held.replace(old, new))

    def temporary(self) -> list[Path]:
        return list((self._home / ".ansible/tmp").glob("*"))


@pytest.fixture
def playbook(tmp_path: Path) -> Playbook:
    return Playbook(tmp_path)


def test_check_shows_what_a_run_then_writes_and_a_second_run_changes_nothing(playbook: Playbook) -> None:
    shown = playbook.run("--check", "--diff")
    assert "changed=1" in shown
    assert "+ip route 10.11.0.0/24 blackhole 250" in shown
    assert not playbook.bundle.exists()
    assert playbook.temporary() == []
    assert "changed=1" in playbook.run()
    assert sorted(path.name for path in playbook.bundle.iterdir()) == ["branch11", "branch12", "hub1"]
    assert (
        "10.255.0.12/32"
        in (playbook.bundle / "branch12/etc/systemd/system/mgre-dmvpn-blue.service").read_text()
    )
    assert "changed=0" in playbook.run()
    assert "changed=0" in playbook.run("--check", "--diff")


def test_limit_renders_all_hosts_and_the_diff_names_the_one_that_changed(playbook: Playbook) -> None:
    playbook.run("--limit", "branch11")
    assert (playbook.bundle / "hub1/manifest.json").exists()
    playbook.edit("branch12: {number: 12}", "branch12: {number: 13}")
    shown = playbook.run("--limit", "branch11", "--diff")
    assert "branch12/etc/mgre-dmvpn/frr.conf" in shown
    assert "branch11/" not in shown
    assert "VAULT" not in shown


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_written(playbook: Playbook) -> None:
    playbook.edit("branch11: {number: 11}", "branch11: {number: 1}")
    playbook.edit("branch12: {number: 12}", "branch12: {number: 12, dmvpn_lan: [10.9.0.0/24]}")
    told = playbook.run(status=2)
    assert "dmvpn_lan" in told
    assert "dmvpn_site" in told
    assert "Traceback" not in told
    assert not playbook.bundle.exists()


def test_template_without_its_variable_names_host_and_variable(playbook: Playbook) -> None:
    playbook.edit("branch12: {number: 12}", "branch12: {}")
    told = playbook.run(status=2)
    assert "branch12: dmvpn_site" in told
    assert "'number' is undefined" in told
    assert "Traceback" not in told


def test_directory_that_cannot_be_made_is_told_in_one_sentence(playbook: Playbook) -> None:
    playbook.bundle.write_text("a file is in the way")
    told = playbook.run(status=2)
    assert "cannot write the bundle" in told
    assert "dmvpn_bundle_dir" in told
    assert "Traceback" not in told


def test_a_router_that_ansible_reaches_as_ios_is_one(playbook: Playbook) -> None:
    """Also by a template; what the router is called beats how it is reached."""
    playbook.edit(
        "branch11: {number: 11}",
        'branch11: {number: 11, maker: cisco, ansible_network_os: "{{ maker }}.ios.ios", wan: Dialer1}',
    )
    playbook.edit(
        "branch12: {number: 12}",
        "branch12: {number: 12, ansible_network_os: cisco.ios.ios, dmvpn_platform: linux, wan: wan1}",
    )
    playbook.edit('interface: wan1, address: "198', 'interface: "{{ wan }}", address: "198')
    playbook.run()
    assert " tunnel source Dialer1\n" in (playbook.bundle / "branch11/config.ios").read_text()
    assert not (playbook.bundle / "branch12/config.ios").exists()


def test_a_template_that_cannot_be_resolved_says_which(playbook: Playbook) -> None:
    playbook.edit("branch11: {number: 11}", 'branch11: {number: 11, ansible_network_os: "{{ nowhere }}"}')
    assert "branch11: ansible_network_os: its value cannot be resolved" in playbook.run(status=2)
