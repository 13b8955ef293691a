# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a plan says, and when it is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.generate import sample_inventory
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.plan.impact import Flap, flaps
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.plan.page import page
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.plan.plan import (
    Plan,
    change,
    compose,
    differences,
    dump,
    parse,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.plan.present import console
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.plan.store import BadPlan, key_of, load, save
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.rollout.looks import Look
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.rollout.record import Stage

GOLDEN = Path(__file__).parent / "golden"
DEVICES = load_fleet(*sample_inventory(3)).devices
FILES = {host: f"files of {host}" for host in DEVICES}
QUIET = {
    "act": "FRR lines change",
    "added": ["interface dmvpn10 / ip nhrp holdtime 45"],
    "removed": ["interface dmvpn10 / ip nhrp holdtime 60"],
}
RESTART = {"act": "charon is restarted", "why": ["threads"]}
DIFF = "--- FRR, running\n+++ FRR, running\n@@ -1 +1 @@\n-ip nhrp holdtime 60\n+ip nhrp holdtime 45\n"


def forecast(host: str, *acts: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "changed": True, "new": False, "acts": list(acts), "diff": DIFF,
        "state": f"state of {host}", "wanted": f"release of {host}", **other,
    }  # fmt: skip


FORECASTS = {
    "hub1": forecast("hub1", QUIET, RESTART),
    "spoke1": forecast("spoke1", QUIET),
    "spoke2": forecast("spoke2", QUIET),
}


def plan(why: str = "CHG1234") -> Plan:
    changes = {host: change(DEVICES[host], said, FILES[host]) for host, said in FORECASTS.items()}
    stages = [Stage("canary", ["spoke1"]), Stage("wave", ["hub1", "spoke2"])]
    about = {"made": "2026-03-01 22:00 UTC", "made_by": "anna@control", "why": why}
    return compose(changes, stages, DEVICES, FILES, ["hub2"], ["spoke3"], about)


def flap_of(host: str, *acts: dict[str, Any]) -> list[tuple[str, tuple[str, ...], str]]:
    return [(flap.sessions, flap.peers, flap.sure) for flap in flaps(DEVICES[host], acts)]


def lines(added: Sequence[str] = (), removed: Sequence[str] = ()) -> dict[str, Any]:
    return {"act": "FRR lines change", "added": list(added), "removed": list(removed)}


@pytest.mark.parametrize(
    ("text", "name"), [(console(plan()) + "\n", "console.txt"), (page(plan()), "plan.html")]
)
def test_the_plan_of_an_example_reads_like_this(text: str, name: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


def test_what_changes_in_place_interrupts_nothing() -> None:
    acts = ["guard is replaced", "sysctls are set", "charon is told", "tunnel is set again"]
    assert flap_of("spoke1", *({"act": act, "tunnel": "dmvpn10"} for act in acts), QUIET) == []
    timers = "router bgp 65000 / neighbor MGRE-blue-hubs timers 3 9"
    assert flap_of("spoke1", lines([timers], [timers.replace("3 9", "3 10")])) == []


def test_a_restart_of_charon_takes_all_sas_along() -> None:
    assert flap_of("hub1", RESTART) == [("IPsec and BGP", (), "measured")]


def test_a_neighbour_that_changes_is_reset() -> None:
    new, old = ("router bgp 65000 / neighbor MGRE-blue-spokes remote-as " + asn for asn in ("65001", "65000"))
    assert flap_of("hub1", lines([new], [old]))[0] == ("BGP", ("spoke1", "spoke2", "spoke3"), "expected")
    assert flap_of("hub1", lines([new])) == []
    assert flap_of(
        "spoke1", lines([], ["router bgp 65000 / neighbor 100.64.0.1 peer-group MGRE-blue-hubs"])
    ) == [("BGP", ("hub1",), "expected")]


def test_what_no_rule_knows_is_not_called_harmless() -> None:
    assert (
        flap_of("hub1", lines(["router bgp 65000 / neighbor MGRE-blue-hubs something"]))[0][2] == "not known"
    )
    assert flap_of("hub1", {"act": "something new"}) == [("all", (), "not known")]
    assert flap_of("hub1", {"act": "IOS lines change", "lines": ["tunnel key 11"]})[0][2] == "not known"
    assert flap_of("hub1", {"act": "IOS lines change", "lines": ["ip nhrp holdtime 45"]}) == []


def test_a_tunnel_that_goes_does_not_come_back() -> None:
    (flap,) = flaps(DEVICES["spoke1"], [{"act": "tunnel goes", "tunnel": "dmvpn10"}])
    assert flap == Flap("blue", "all", (), None, "expected", "dmvpn10 is taken away")


def test_spokes_with_one_hub_are_at_risk_while_it_changes() -> None:
    devices = load_fleet(*sample_inventory(2, hubs=1)).devices
    changes = {"hub1": change(devices["hub1"], forecast("hub1", RESTART), "")}
    made = compose(
        changes, [Stage("wave", ["hub1"])], devices, {}, [], [], dict.fromkeys(("made", "made_by", "why"), "")
    )
    assert [(risk.sites, risk.down) for risk in made.risks] == [
        (("hub1",), True),
        (("spoke1", "spoke2"), True),
    ]


def found(**changed: Any) -> list[str]:
    """What is said when something is another than in the plan."""
    given = {"files": FILES, "forecasts": FORECASTS, "play": list(DEVICES)} | changed
    return [
        f"{f.host}: {f.problem}"
        for f in differences(plan(), given["files"], given["forecasts"], given["play"])
    ]


def test_a_plan_holds_while_nothing_else_changed() -> None:
    assert found() == []


def test_every_difference_to_the_plan_is_named() -> None:
    assert found(files=FILES | {"spoke3": "others"}) == ["spoke3: gets other files than in the plan"]
    assert found(files={h: f for h, f in FILES.items() if h != "hub2"}) == [
        "hub2: is not in the inventory any more"
    ]
    assert found(files=FILES | {"spoke9": "files"}) == ["spoke9: was not in the inventory then"]
    by_hand = FORECASTS | {"hub1": FORECASTS["hub1"] | {"state": "another"}}
    assert found(forecasts=by_hand) == ["hub1: is not as it was when the plan was made"]
    secret = FORECASTS | {"hub1": FORECASTS["hub1"] | {"wanted": "another"}}
    assert found(forecasts=secret) == ["hub1: another secret or program than in the plan"]
    lost = {host: said for host, said in FORECASTS.items() if host != "spoke2"}
    assert found(forecasts=lost) == ["spoke2: cannot be looked at"]
    done = FORECASTS | {"spoke1": {"changed": False}}
    assert found(forecasts=done) == ["spoke1: needs no change any more"]
    drifted = FORECASTS | {"hub2": forecast("hub2")}
    assert found(forecasts=drifted) == ["hub2: differs from the inventory, and did not then"]
    assert found(forecasts=lost, play=["hub1"]) == []


def test_a_plan_that_was_altered_is_no_plan() -> None:
    text = json.dumps(dump(plan()))
    assert parse(text) == plan()
    with pytest.raises(ValueError, match="altered"):
        parse(text.replace("state of hub1", "state of hub9"))


def test_plans_are_for_their_owner_and_need_their_key(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match=r"plan\.json is not there"):
        load(tmp_path / "plan.json")
    path, html = save(tmp_path, plan())
    with pytest.raises(BadPlan, match="on the controller that made it"):
        load(path)
    key = key_of(tmp_path)
    assert key == key_of(tmp_path) and len(key) == 64
    assert load(path) == plan()
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    assert key not in path.read_text() + html.read_text()
    path.write_text("nonsense")
    with pytest.raises(BadPlan, match="it is no plan"):
        load(path)


def test_what_comes_from_outside_is_escaped_on_the_page() -> None:
    assert "<script>" not in page(plan(why="<script>alert(1)</script>"))


def test_a_certificate_that_will_be_replaced_is_a_change() -> None:
    look = Look.of({"changed": False, "new": False}, ["it expires in 3 days"])
    made = change(DEVICES["spoke1"], look.forecast, "")
    assert look.changed
    assert made.acts == ["certificate is replaced (it expires in 3 days)"]
    assert [(flap.sessions, flap.sure) for flap in made.flaps] == [("IPsec", "not known")]
