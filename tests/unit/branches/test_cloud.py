# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet without one of its clouds, and what is said where that is no fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.branches.cloud import decommission
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.findings import FindingsError

BASE = Path(__file__).parents[2] / "golden" / "bad_inventories" / "base.yml"
Inventory = tuple[dict[str, dict[str, Any]], dict[str, list[str]]]


@pytest.fixture
def inventory() -> Inventory:
    """Two clouds; spoke1 is in both, the other spokes are in blue only."""
    base = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    return {host: base["fleet"] | own for host, own in base["hosts"].items()}, base["groups"]


def test_routers_in_another_cloud_stay_and_the_others_leave(inventory: Inventory) -> None:
    plan = decommission(*inventory, "blue")
    assert plan.rest is not None
    assert (plan.stay, plan.leave) == (
        {"hub": ["hub1", "hub2"], "spoke": ["spoke1"]},
        {"hub": [], "spoke": ["spoke2", "spoke3"]},
    )
    assert list(plan.rest.clouds) == ["green"]
    assert list(plan.rest.devices) == ["hub1", "hub2", "spoke1"]
    assert [member.cloud.name for member in plan.rest.devices["hub1"].memberships] == ["green"]


def test_secrets_of_the_cloud_that_goes_are_no_finding(inventory: Inventory) -> None:
    plan = decommission(*inventory, "green")
    assert plan.rest is not None and list(plan.rest.devices) == ["hub1", "hub2", "spoke1", "spoke2", "spoke3"]
    assert not any(plan.leave.values())


def test_of_the_last_cloud_nobody_stays(inventory: Inventory) -> None:
    hostvars, groups = inventory
    for own in hostvars.values():
        own["dmvpn_clouds"] = own["dmvpn_clouds"][:1]
        own["dmvpn_psks"] = {}
    plan = decommission(hostvars, groups, "blue")
    assert plan.rest is None and not any(plan.stay.values())
    assert plan.leave == {"hub": ["hub1", "hub2"], "spoke": ["spoke1", "spoke2", "spoke3"]}


def test_a_cloud_that_is_not_there_is_refused(inventory: Inventory) -> None:
    with pytest.raises(FindingsError, match=r"no cloud is called 'bleu'; did you mean 'blue'\?"):
        decommission(*inventory, "bleu")
