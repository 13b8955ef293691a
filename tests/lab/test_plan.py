# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan on a live fleet: it touches nothing, what it says happens, and it is refused when it is too old."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet
from ansible_collections.mgre.dmvpn.tests.lab.test_rollout import ALL, AT_ONCE, edited, established, files

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

PLAN = "artifacts/plan/plan.json"
SUMMARIES = ("summaries: [10.0.0.0/9]", "summaries: [10.0.0.0/9, 172.20.0.0/16]")
SLOW = ("dmvpn_pki_dir:", "dmvpn_convergence: slow\n\ndmvpn_pki_dir:")


def planned(fleet: Fleet) -> dict[str, Any]:
    """A plan, all at once because the order is not what is tested here."""
    done = fleet.play("plan", *AT_ONCE)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((fleet.folder / PLAN).read_text())
    return found


def refused(fleet: Fleet) -> str:
    done = fleet.play("site", "-e", f"dmvpn_plan={PLAN}")
    assert done.returncode != 0, done.stdout
    assert "nothing was touched" in done.stdout, done.stdout
    return done.stdout


def carried_out(fleet: Fleet, plan: dict[str, Any]) -> None:
    said = fleet.site("-e", f"dmvpn_plan={PLAN}")
    assert f"plan {plan['fingerprint']}: inventory and routers are as they were" in said, said
    for node in ALL:
        last = fleet.lab.ssh(node, "tail -n 1 /var/lib/mgre-dmvpn/history.jsonl")
        entry = json.loads(last)
        assert entry["verdict"] == "confirmed"
        assert entry["diff"] == plan["changes"][node]["diff"], node


def sas(fleet: Fleet, node: str) -> set[str]:
    """The IKE SAs of a router, by their number since charon was started and their cookies."""
    told = fleet.lab.ssh(node, "swanctl --list-sas")
    return set(re.findall(r"^mgre-\S+: #\d+, ESTABLISHED, IKEv2, (\w+_i\*? \w+_r\*?)", told, re.M))


@pytest.mark.soak
def test_a_plan_says_what_then_happens_and_is_refused_when_it_is_too_old(fleet: Fleet) -> None:
    before = {node: files(fleet, node) for node in ALL}
    sessions = {node: established(fleet, node) for node in ALL}
    with edited(fleet, *SUMMARIES):
        plan = planned(fleet)
        assert {node: files(fleet, node) for node in ALL} == before
        assert sorted(plan["changes"]) == ALL
        assert all("+ip prefix-list" in plan["changes"][node]["diff"] for node in ALL), plan
        assert [change["flaps"] for change in plan["changes"].values()] == [[], [], [], [], []]

        with edited(fleet, "172.20.0.0/16", "172.21.0.0/16"):
            assert "inventory: gets other files than in the plan" in refused(fleet)
        by_hand = "configure terminal", "ip route 192.0.2.128/25 blackhole"
        fleet.vtysh("spoke2", *by_hand)
        try:
            assert "spoke2: router: is not as it was when the plan was made" in refused(fleet)
        finally:
            fleet.vtysh("spoke2", by_hand[0], f"no {by_hand[1]}")
        assert {node: files(fleet, node) for node in ALL} == before

        carried_out(fleet, plan)
        for node in ALL:
            assert established(fleet, node) == pytest.approx(sessions[node], abs=2), node
    fleet.site(*AT_ONCE)
    fleet.wait_green()


@pytest.mark.soak
def test_a_plan_knows_that_a_restart_of_charon_takes_every_sa_along(fleet: Fleet) -> None:
    held = {node: sas(fleet, node) for node in ALL}
    sessions = {node: established(fleet, node) for node in ALL}
    assert all(held.values()), held
    with edited(fleet, *SLOW):
        plan = planned(fleet)
        for node in ALL:
            (flap,) = plan["changes"][node]["flaps"]
            said = (flap["sessions"], flap["cloud"], flap["sure"])
            assert said == ("IPsec and BGP", "blue", "measured")
        carried_out(fleet, plan)
        fleet.wait_green()
        for node in ALL:
            assert held[node].isdisjoint(sas(fleet, node)), node
            assert set(sessions[node]).isdisjoint(established(fleet, node)), node
    fleet.site(*AT_ONCE)
    fleet.wait_green()
