# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first half of add_branch.yml by ansible-playbook itself. Contacts nobody."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
WAN = "dmvpn_transports.internet"
COLUMNS = f"name,ansible_host,dmvpn_site,dmvpn_lans,{WAN}.interface,{WAN}.address"
# What add_branch.yml does before it goes to the routers; then, what Ansible makes of the inventory.
PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - mgre.dmvpn.branches: {branch: "{{ branch | default('') }}", branches: "{{ branches | default('') }}"}
    - meta: refresh_inventory
    - debug: {msg: "branches {{ groups.branches | length }}"}
    - mgre.dmvpn.render: {output: bundle}
"""


class Office:
    """A copy of the lab's inventory, and a table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inventory = folder / "inventory"
        shutil.copytree(ROOT / "inventories" / "lab", self.inventory)
        self.table = folder / "new.csv"
        self.added = self.inventory / "added_branches.yml"
        self.playbook = folder / "play.yml"
        self.playbook.write_text(PLAYBOOK)

    def rows(self, count: int) -> None:
        lines = [f"branch{n},192.0.2.{n},{n},10.{n}.0.0/24,wan1,203.0.113.{n}" for n in range(21, 21 + count)]
        self.table.write_text("\n".join([COLUMNS, *lines]) + "\n")

    def run(self, *arguments: str, playbook: Path | None = None, status: int = 0, inventory: str = "") -> str:
        program = Path(sys.executable).with_name("ansible-playbook")
        done = subprocess.run(
            [program, "-i", inventory or self.inventory, playbook or self.playbook, *arguments],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build/collections"),
                "ANSIBLE_NOCOLOR": "1",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == status, said
        assert "Traceback" not in said
        return said


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_fifty_rows_become_fifty_hosts_and_a_second_run_changes_nothing(office: Office) -> None:
    office.rows(50)
    said = office.run("-e", "branches=new.csv")
    assert "branches 53" in said
    held = yaml.safe_load(office.added.read_text())["branches"]["hosts"]
    assert len(held) == 50
    assert held["branch21"] == {
        "ansible_host": "192.0.2.21",
        "dmvpn_site": 21,
        "dmvpn_lans": ["10.21.0.0/24"],
        "dmvpn_transports": {"internet": {"interface": "wan1", "address": "203.0.113.21"}},
    }
    assert (office.folder / "bundle" / "branch70" / "manifest.json").exists()
    before = office.added.read_bytes()
    office.rows(51)
    assert "branches 54" in office.run("-e", "branches=new.csv")
    assert office.added.read_bytes().startswith(before), "entries are added, never written anew"
    before = office.added.read_bytes()
    assert "changed=0" in office.run("-e", "branches=new.csv").split("PLAY RECAP")[1]
    assert office.added.read_bytes() == before


def test_check_shows_the_lines_and_writes_none(office: Office) -> None:
    office.rows(2)
    said = office.run(
        "--check", "--diff", "-e", "branches=new.csv", playbook=ROOT / "playbooks" / "add_branch.yml"
    )
    assert "+      dmvpn_site: 22" in said
    assert not office.added.exists()


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_written(office: Office) -> None:
    office.rows(3)
    office.table.write_text(
        office.table.read_text().replace(",22,", ",11,").replace("10.23.0.0/24", "10.13.0.0/25")
    )
    said = office.run("-e", "branches=new.csv", status=2)
    assert "new.csv line 3 (branch22): dmvpn_site: 11 is also the site number of spoke1" in said
    assert "10.13.0.0/24" in said and "(branch23)" in said
    assert not office.added.exists() and not (office.folder / "bundle").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "write -e branch=NAME"),
        (("-e", "branch=spok3,hub1"), "spok3: branch: is not in the inventory; did you mean 'spoke3'?"),
    ],
)
def test_what_is_no_branch_is_refused(office: Office, arguments: tuple[str, ...], words: str) -> None:
    assert words in office.run(*arguments, status=2)


def test_an_inventory_that_is_no_directory_has_no_place_for_hosts(office: Office) -> None:
    office.rows(1)
    said = office.run("-e", "branches=new.csv", inventory=str(office.inventory / "hosts.yml"), status=2)
    assert "branches_file: the inventory is no directory" in said


def test_where_routing_is_static_the_hubs_are_named_that_would_change(office: Office) -> None:
    clouds = office.inventory / "group_vars" / "all" / "dmvpn.yml"
    text = clouds.read_text()
    begin, end = text.index("      protocol: bgp"), text.index("      summaries:")
    clouds.write_text(text[:begin] + "      protocol: static\n      bfd: false\n" + text[end:])
    office.rows(1)
    said = office.run("-e", "branches=new.csv", status=2)
    assert "hub1, hub2: would change, too, for branch21" in said
    assert not office.added.exists()


def test_a_seed_is_written_that_only_its_owner_reads(office: Office) -> None:
    key = office.folder / "id.pub"
    key.write_text("ssh-ed25519 AAAA ops\n")
    wans = '{"bootstrap_wans": {"internet": {"prefix_length": 30, "gateway": "198.51.100.9"}}}'
    book = ROOT / "playbooks" / "bootstrap.yml"
    office.run("-e", "branch=spoke1", "-e", f"bootstrap_ssh_key={key}", "-e", wans, playbook=book)
    seed = office.folder / "artifacts" / "bootstrap" / "spoke1"
    assert {file.name: file.stat().st_mode & 0o777 for file in (seed, *seed.iterdir())} == {
        "spoke1": 0o700,
        "meta-data": 0o600,
        "network-config": 0o600,
        "user-data": 0o600,
    }
    data = yaml.safe_load((seed / "user-data").read_text())
    assert data["users"] == [{"name": "root", "ssh_authorized_keys": ["ssh-ed25519 AAAA ops"]}]
    said = office.run("-e", "branch=spoke1", "-e", f"bootstrap_ssh_key={key}", playbook=book, status=2)
    assert "spoke1: bootstrap_wans.internet: is missing: 198.51.100.10 is static" in said
