# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a rollout goes on, counts and speaks."""

from __future__ import annotations

import json
import time
from pathlib import Path

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.rollout.looks import Look, forecast_of
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.rollout.present import (
    duration,
    forecast,
    progress,
    stopped,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.rollout.record import (
    Record,
    Stage,
    dump,
    order,
    parse,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.rollout.store import Store, files_of, routers
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.rollout.waves import Router, Sizes, plan_waves

SITES = {"hub1": 1, "hub2": 2, "spoke1": 11, "spoke2": 12, "spoke3": 13}
ROUTERS = {
    name: Router(name, site, hub_of=("blue",) if site < 10 else (), spoke_of=() if site < 10 else ("blue",))
    for name, site in SITES.items()
}
FILES = {name: f"files of {name}" for name in SITES}


def record() -> Record:
    """One whose canary is done and whose second wave was undone."""
    return Record(
        begun="2026-03-01 22:00",
        stages=[
            Stage("canary", ["spoke1"], "done", seconds=30.0),
            Stage("wave", ["hub1", "spoke2"], "undone", seconds=40.0, causes={"spoke2": "no SA\nno route"}),
            Stage("wave", ["hub2", "spoke3"]),
        ],
        files=dict(FILES),
        sites=dict(SITES),
    )


def told(stages: list[Stage]) -> list[tuple[str, list[str]]]:
    return [(stage.state, stage.hosts) for stage in stages]


def again(*changing: str, files: dict[str, str] = FILES, earlier: Record | None = None) -> list[Stage]:
    standing = [router for name, router in ROUTERS.items() if name not in changing]
    return order([ROUTERS[name] for name in changing], standing, Sizes(), files, earlier or record())


def test_the_next_run_goes_on_with_what_is_not_done_and_needs_no_canary() -> None:
    assert told(again("hub1", "hub2", "spoke2", "spoke3")) == [
        ("done", ["spoke1"]),
        ("waiting", ["hub1", "spoke2"]),
        ("waiting", ["hub2", "spoke3"]),
    ]


def test_what_was_done_and_differs_again_comes_last() -> None:
    assert told(again("hub2", "spoke1", "spoke3"))[-2:] == [
        ("waiting", ["spoke1"]),
        ("waiting", ["hub2", "spoke3"]),
    ]


def test_other_files_are_another_rollout() -> None:
    other = FILES | {"hub2": "other files"}
    assert again("hub1", "hub2", "spoke2", "spoke3", files=other)[0].kind == "canary"


def test_a_rollout_that_was_finished_is_not_gone_on_with() -> None:
    finished = record()
    finished.stages = [Stage(stage.kind, stage.hosts, "done") for stage in finished.stages]
    assert again("spoke2", "spoke3", earlier=finished)[0].kind == "canary"


def test_a_record_is_read_as_it_was_written_and_nothing_else_is() -> None:
    assert parse(json.dumps(dump(record()))) == record()
    assert parse("{}") is None
    assert parse("nonsense") is None


def test_progress_says_what_is_done_what_is_left_and_for_how_long() -> None:
    half = record()
    half.stages[1].state = "done"
    assert progress(half, 1) == "wave 2 of 3: 3 sites done, 2 left, about 35 s to go"
    half.stages[2].state = "done"
    assert progress(half, 2) == "wave 3 of 3: 5 sites done, 0 left"


def test_a_site_is_done_when_both_of_its_routers_are() -> None:
    pair = record()
    pair.sites["spoke2"] = pair.sites["spoke1"]
    assert pair.count("done") == 0


def test_time_is_told_as_one_says_it() -> None:
    assert [duration(seconds) for seconds in (0, 40, 89, 90, 840, 7500)] == [
        "1 s", "40 s", "89 s", "2 min", "14 min", "2 h 5 min",
    ]  # fmt: skip


def test_a_rollout_that_stopped_says_how_each_router_was_left() -> None:
    red = record()
    red.stages[1].left = {"hub1": "undone"}
    assert stopped(red, 1) == (
        "the rollout stopped in wave 2 of 3\n"
        "  done:      spoke1\n"
        "  undone:    hub1\n"
        "  not known: spoke2\n"
        "  not begun: hub2, spoke3\n"
        "  cause:\n"
        "  spoke2: no SA\n"
        "  spoke2: no route\n"
        "run site.yml again when that is repaired: it goes on with what is not done"
    )


def test_the_waves_are_told_before_anything_is_touched() -> None:
    stages = again("spoke1", "spoke2", files=FILES | {"spoke2": "other files"})
    new = Record(begun="", stages=stages, files={}, sites=dict(SITES), left_out=["spoke3"])
    assert forecast(new, 2, check=True) == (
        "2 routers would change, 2 as they should be; 2 waves:\n"
        "  1. canary: spoke1\n"
        "  2. wave: spoke2\n"
        "  left out, could not be looked at: spoke3"
    )


def test_an_ios_router_is_new_when_it_gets_a_tunnel_and_loses_nothing() -> None:
    fresh = ["interface Tunnel10", " no ip redirects", " tunnel mode gre multipoint", " no shutdown"]
    assert forecast_of(True, fresh) == {"changed": True, "new": True}
    assert not forecast_of(True, ["interface Tunnel10", " no ip mtu 1390", " ip mtu 1400"])["new"]
    assert not forecast_of(True, [" ip mtu 1400"])["new"]


def test_what_the_steps_hand_on_is_for_its_owner_only(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(record())
    store.save_look("hub1", Look(changed=True, new=True))
    store.save_proof("hub1", True, "")
    store.save_proof("spoke2", False, "no SA")
    store.save_left("spoke2", "undone")
    assert store.load() == record()
    assert store.looks(["hub1", "hub2"]) == {"hub1": Look(changed=True, new=True)}
    proofs = store.proofs(["hub1", "spoke2", "spoke3"])
    assert proofs["hub1"] is None and proofs["spoke2"] == "no SA"
    assert "did not tell" in str(proofs["spoke3"])
    assert store.left(["hub1", "spoke2"]) == {"spoke2": "undone"}
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.json")}
    assert modes == {0o600}
    store.forget_looks()
    store.forget_proofs(["hub1"])
    assert store.looks(["hub1"]) == {} and store.proofs(["hub1"])["hub1"] is not None


def test_the_fingerprint_is_of_every_file_of_a_router(tmp_path: Path) -> None:
    folder = tmp_path / "hub1"
    (folder / "etc").mkdir(parents=True)
    (folder / "etc" / "one").write_text("text")
    (folder / "manifest.json").write_text(json.dumps({"files": [{"path": "/etc/one"}]}))
    (folder / "intent.json").write_text(
        json.dumps({"site": 1, "memberships": [{"role": "hub", "cloud": {"name": "blue"}}]})
    )
    before = files_of(tmp_path, "hub1")
    assert files_of(tmp_path, "hub1") == before
    (folder / "etc" / "one").write_text("other text")
    assert files_of(tmp_path, "hub1") != before
    assert routers(tmp_path, ["hub1", "elsewhere"], {}) == {"hub1": Router("hub1", 1, hub_of=("blue",))}


def test_5000_routers_are_in_order_well_below_a_second() -> None:
    fleet = [Router(f"hub{n}", n, hub_of=("blue",)) for n in range(1, 5)]
    fleet += [Router(f"spoke{n}", 10 + n, spoke_of=("blue",)) for n in range(4996)]
    for sizes in (Sizes(), Sizes(waves=(1,))):
        begun = time.process_time()
        waves = plan_waves(fleet, [], sizes)
        assert time.process_time() - begun < 0.5
        assert sum(len(wave.hosts) for wave in waves) == 5000
