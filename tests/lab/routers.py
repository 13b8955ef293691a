# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hub on Debian 13 and a spoke on Debian 12 with a PSK: the smallest fleet, to change routers of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.mgre.dmvpn.tests.lab import Lab
from ansible_collections.mgre.dmvpn.tests.lab.inventory import inventory

# Seconds, because a router of the lab has no CPU to itself: BFD must see links, not the machine.
BFD = {"interval": 1000, "multiplier": 3}
ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = """\
nodes:
  hub1: {site: 1, wan1: 198.51.100.2/30}
  spoke1: {site: 11, debian: 12, wan1: 198.51.100.10/30}
"""
FLEET = {
    "dmvpn_clouds": [
        {
            "name": "blue",
            "number": 10,
            "prefix": "10.255.0.0/22",
            "transport": "internet",
            "hubs": ["hub1"],
            "spokes": "branches",
            "routing": {"summaries": ["10.0.0.0/9"], "bfd": BFD},
            "ipsec": {"auth": "psk"},
        }
    ],
    "dmvpn_psks": {"blue": "a-secret-for-this-test-only"},
}
# What a run may change, and what it must not.
STATE = r"""
cd /etc && find frr swanctl strongswan.d sysctl.d systemd/system mgre-dmvpn -type f ! -name '*.sav' \
    -exec sha256sum {} + 2>/dev/null | sort
ip -br link | awk '{print $1}' | sort
nft list tables
swanctl --list-conns 2>/dev/null | grep '^[a-z]'
systemctl is-enabled frr strongswan
vtysh -c 'show running-config'
"""


class Routers:
    """The lab, its inventory, and ansible-playbook."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.bundle = folder / "bundle"
        hosts = yaml.safe_load(inventory(lab))
        hosts["all"]["children"] = {"branches": {"hosts": {"spoke1": {}}}}
        hosts["all"]["hosts"]["spoke1"]["dmvpn_frr_version"] = "8.4"
        hosts["all"]["vars"] |= {**FLEET, "dmvpn_bundle_dir": str(self.bundle)}
        self.hosts = hosts
        self.write()

    def write(self) -> None:
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(self.hosts))

    def command(self, playbook: str, *arguments: str) -> list[str]:
        program = Path(sys.executable).with_name("ansible-playbook")
        return [str(program), "-i", "hosts.yml", playbook, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build/collections"),
        }

    def play(self, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(playbook, *arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def site(self, *arguments: str) -> str:
        """site.yml, which has to succeed."""
        done = self.play(str(ROOT / "playbooks/site.yml"), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def apply(self, bundle: Path, node: str) -> subprocess.CompletedProcess[str]:
        """The module alone, with a bundle of one's own making."""
        play = [
            {
                "hosts": node,
                "gather_facts": False,
                "tasks": [{"mgre.dmvpn.linux_apply": {"bundle": str(bundle)}}],
            }
        ]
        (self.folder / "apply.yml").write_text(yaml.safe_dump(play))
        return self.play("apply.yml")

    def spoiled(self, node: str, path: str, spoil: Callable[[str], str]) -> Path:
        """A copy of the bundle in which one file of a router is another."""
        copy = self.folder / "spoiled"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.bundle, copy)
        file = copy / node / path.lstrip("/")
        file.write_text(spoil(file.read_text()))
        return copy

    def state(self, node: str) -> str:
        return self.lab.ssh(node, STATE)

    def neighbor(self) -> dict[str, Any]:
        """The spoke as the hub's BGP sees it."""
        told = json.loads(self.lab.ssh("hub1", "vtysh -c 'show bgp neighbors 10.255.0.11 json'"))
        return dict(told.get("10.255.0.11", {}))

    def wait_up(self) -> None:
        """Until the session stands and the spoke has the route to the hub's LAN."""
        end = time.monotonic() + 90
        while self.neighbor().get("bgpState") != "Established" or "dmvpn10" not in self.lab.ssh(
            "spoke1", "ip route get 10.1.0.10 2>&1 || true"
        ):
            assert time.monotonic() < end, self.lab.ssh(
                "hub1", "vtysh -c 'show bgp summary'; swanctl --list-sas"
            )
            time.sleep(1)
