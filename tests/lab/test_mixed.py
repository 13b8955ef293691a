# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The mixed example on booted routers: Linux ones, and stand-ins for Cisco's. Needs root."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.mgre.dmvpn.tests.lab import Lab, load
from ansible_collections.mgre.dmvpn.tests.lab.fleet import ROOT, Fleet
from ansible_collections.mgre.dmvpn.tests.lab.inventory import inventory

pytestmark = pytest.mark.lab

EXAMPLE = ROOT / "inventories" / "examples" / "mixed.yml"
PSK = "a-key-for-the-lab-and-nothing-else"


class Mixed(Fleet):
    """The example as it is, and beside it how this lab's routers are reached."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        super().__init__(lab, folder)
        self.inventory = EXAMPLE
        reach = yaml.safe_load(inventory(lab))["all"]
        for name, host in reach["hosts"].items():
            reach["hosts"][name] = {key: value for key, value in host.items() if key.startswith("ansible_")}
        self.reach = folder / "reach.yml"
        self.reach.write_text(yaml.safe_dump({"all": reach}))

    def play(self, name: str, *arguments: str, inventory: Path | None = None):  # type: ignore[no-untyped-def]
        return super().play(name, "-i", str(self.reach), *arguments, inventory=inventory)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    """The example, applied once. With MGRE_LAB that lab stays."""
    given = os.environ.get("MGRE_LAB")
    name = given or f"mixed-{os.getpid()}"
    os.environ["DMVPN_PSK_BLUE"] = PSK
    try:
        lab = Lab.up(load("mixed-vendors"), name)
        mixed = Mixed(lab, tmp_path_factory.mktemp("mixed"))
        lab.capture_start()
        told = mixed.site()
        assert PSK not in told
        yield mixed
    finally:
        del os.environ["DMVPN_PSK_BLUE"]
        if not given:
            Lab.remove(name)


def test_verify_is_green_on_routers_of_both_kinds(mixed: Mixed) -> None:
    mixed.wait_green()


def test_packets_cross_between_all_kinds_and_none_in_the_clear(mixed: Mixed) -> None:
    flows = [("branch11", "hub2"), ("branch12", "hub1"), ("branch13", "hub2"), ("branch12", "branch11")]
    assert {flow: mixed.ping(*flow) for flow in flows} == dict.fromkeys(flows, 0)
    mixed.assert_clean_wans()
    mixed.lab.capture_start()


def test_a_second_run_changes_nothing_on_either_kind(mixed: Mixed) -> None:
    recap = mixed.site().split("PLAY RECAP")[1]
    changed = dict(re.findall(r"^(\w+)\s+: ok=\d+\s+changed=(\d+)", recap, re.M))
    assert changed == dict.fromkeys(mixed.lab.topology.nodes, "0")
