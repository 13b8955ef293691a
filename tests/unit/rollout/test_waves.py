# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order of a rollout: by example, and for any fleet."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.rollout.waves import (
    Router,
    Sizes,
    Wave,
    number_of,
    plan_waves,
)
from hypothesis import given
from hypothesis import strategies as st

HUBS = [Router("hub1", 1, hub_of=("blue",)), Router("hub2", 2, hub_of=("blue",))]
SPOKES = [Router(f"spoke{number}", 10 + number, spoke_of=("blue",)) for number in (1, 2, 3)]


def new(*routers: Router) -> list[Router]:
    return [Router(r.name, r.site, r.hub_of, r.spoke_of, new=True) for r in routers]


def told(waves: Sequence[Wave]) -> list[tuple[str, str]]:
    return [(wave.kind, " ".join(wave.hosts)) for wave in waves]


def test_a_change_goes_canary_first_and_hubs_apart() -> None:
    assert told(plan_waves([*HUBS, *SPOKES], [], Sizes())) == [
        ("canary", "spoke1"),
        ("wave", "hub1 spoke2 spoke3"),
        ("wave", "hub2"),
    ]


def test_the_first_rollout_has_all_hubs_at_once_then_the_spokes() -> None:
    assert told(plan_waves(new(*HUBS, *SPOKES), [], Sizes())) == [
        ("hubs", "hub1 hub2"),
        ("wave", "spoke1 spoke2 spoke3"),
    ]


def test_a_new_hub_of_a_cloud_that_stands_is_no_first_rollout() -> None:
    changing = new(HUBS[1])
    assert told(plan_waves(changing, [HUBS[0], *SPOKES], Sizes())) == [("wave", "hub2")]


def test_new_spokes_come_behind_what_stands_and_changes() -> None:
    changing = [HUBS[0], *new(SPOKES[0]), SPOKES[1]]
    assert told(plan_waves(changing, [HUBS[1]], Sizes())) == [
        ("canary", "spoke2"),
        ("wave", "hub1"),
        ("wave", "spoke1"),
    ]


@pytest.mark.parametrize(
    ("canary", "first"),
    [
        (("spoke3",), "spoke3"),
        (("hub2",), "hub2"),
        (("elsewhere",), "spoke1"),
        (2, "spoke1 spoke2"),
        (0, "hub1 spoke1 spoke2 spoke3"),
        (99, "spoke1 spoke2 spoke3"),
    ],
)
def test_canaries_are_named_or_chosen(canary: int | tuple[str, ...], first: str) -> None:
    assert " ".join(plan_waves([*HUBS, *SPOKES], [], Sizes(canary))[0].hosts) == first


def test_canaries_are_of_as_many_clouds_as_possible() -> None:
    other = Router("spoke9", 19, spoke_of=("green",))
    assert plan_waves([*SPOKES, other], HUBS, Sizes(canary=2))[0].hosts == ("spoke1", "spoke9")


def test_one_router_is_no_canary_of_anybody() -> None:
    assert told(plan_waves([SPOKES[0]], [*HUBS, *SPOKES[1:]], Sizes())) == [("wave", "spoke1")]


def test_two_routers_of_a_site_never_change_together() -> None:
    pair = [Router("a", 7, spoke_of=("blue",)), Router("b", 7, spoke_of=("green",))]
    assert [wave.hosts for wave in plan_waves(pair, [], Sizes(canary=0))] == [("a",), ("b",)]


def test_a_flag_day_is_one_wave() -> None:
    assert told(plan_waves([*HUBS, *SPOKES], [], Sizes(together=True))) == [
        ("wave", "hub1 hub2 spoke1 spoke2 spoke3")
    ]


def test_waves_grow_and_the_last_size_stays() -> None:
    spokes = [Router(f"spoke{number}", number, spoke_of=("blue",)) for number in range(1, 1001)]
    sizes = [len(wave.hosts) for wave in plan_waves(spokes, HUBS, Sizes(waves=(20, "1%", "30%")))]
    assert sizes == [1, 20, 20, 300, 300, 300, 59]


def test_no_wave_is_larger_than_can_be_proven_in_time() -> None:
    spokes = [Router(f"spoke{number}", number, spoke_of=("blue",)) for number in range(1, 101)]
    hubs = [Router(f"hub{number}", 1000 + number, hub_of=("blue",)) for number in range(1, 4)]
    sizes = [len(wave.hosts) for wave in plan_waves(new(*hubs, *spokes), [], Sizes(most=2))]
    assert sizes == [2, 1, *[2] * 50]
    sizes = [len(wave.hosts) for wave in plan_waves(spokes, hubs, Sizes(canary=5, most=20))]
    assert sizes == [5, 10, 10, 20, 20, 20, 15]


@pytest.mark.parametrize(("share", "number"), [(5, 5), ("20%", 2), ("1%", 1), ("0.5 %", 1), ("100%", 9)])
def test_a_share_is_at_least_one_router(share: int | str, number: int) -> None:
    assert number_of(share, 9) == number


CLOUDS = ("blue", "green", "red")


@st.composite
def fleets(draw: st.DrawFn) -> tuple[list[Router], list[Router], Sizes]:
    """Routers that change, routers that do not, and sizes."""
    routers = []
    for number in range(draw(st.integers(1, 30))):
        role = {cloud: draw(st.sampled_from("hs-")) for cloud in CLOUDS}
        hub_of = tuple(cloud for cloud in CLOUDS if role[cloud] == "h")
        spoke_of = tuple(cloud for cloud in CLOUDS if role[cloud] == "s")
        if hub_of or spoke_of:
            site = draw(st.integers(1, 25))
            routers.append(Router(f"r{number}", site, hub_of, spoke_of, draw(st.booleans())))
    changes = draw(st.lists(st.booleans(), min_size=len(routers), max_size=len(routers)))
    changing = [router for router, changes_too in zip(routers, changes, strict=True) if changes_too]
    names = st.lists(st.sampled_from([f"r{number}" for number in range(30)]), min_size=1, max_size=4)
    share = st.one_of(st.integers(1, 40), st.integers(1, 100).map("{}%".format))
    sizes = Sizes(
        draw(st.one_of(st.integers(0, 5), names.map(tuple))),
        tuple(draw(st.lists(share, min_size=1, max_size=4))),
    )
    return changing, [router for router in routers if router not in changing], sizes


@given(fleets())
def test_in_any_fleet_nobody_loses_both(fleet: tuple[list[Router], list[Router], Sizes]) -> None:
    changing, standing, sizes = fleet
    waves = plan_waves(changing, standing, sizes)
    by_name = {router.name: router for router in changing}
    assert sorted(host for wave in waves for host in wave.hosts) == sorted(by_name)
    lived_in = {cloud for r in (*changing, *standing) if not r.new for cloud in r.clouds}
    for wave in waves:
        held = [by_name[host] for host in wave.hosts]
        assert held
        assert len({router.site for router in held}) == len(held)
        lost = [cloud for router in held for cloud in router.hub_of if cloud in lived_in]
        assert len(set(lost)) == len(lost)


@given(fleets())
def test_in_any_fleet_hubs_come_first_where_nothing_stands(
    fleet: tuple[list[Router], list[Router], Sizes],
) -> None:
    changing, _standing, sizes = fleet
    fresh = new(*changing)
    order = [host for wave in plan_waves(fresh, [], sizes) for host in wave.hosts]
    hubs = {router.name for router in fresh if router.hub_of}
    assert set(order[: len(hubs)]) == hubs


@given(fleets())
def test_the_same_fleet_has_the_same_waves(fleet: tuple[list[Router], list[Router], Sizes]) -> None:
    assert plan_waves(*fleet) == plan_waves(*fleet)
