# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What happened between two looks is told from what they see."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.health_memory import (
    Memory,
    Remembered,
    Watched,
    advance,
    dump,
    load,
)

BEGUN = 1000.0
NHS = Watched("nhs", "blue", "hub1", True)
BGP = Watched("neighbour", "blue", "hub1", True, since=400.0)
SA = Watched("sa", "blue", "hub1", True, since=500.0, ike=(500.0,), esp=("a1",))


def after(first: Watched, *then: Watched) -> Remembered:
    """The memory of a look a minute after the one before it."""
    memory: Memory = {}
    for number, item in enumerate((first, *then)):
        memory = advance(memory, [item], BEGUN + 60 * number)
    return memory[first.key]


def test_what_goes_down_is_counted_once_and_dated() -> None:
    down = replace(NHS, up=False)
    held = after(NHS, down, down)
    assert (held.up, held.flaps, held.changed) == (False, 1, BEGUN + 60)
    held = after(NHS, down, NHS, NHS)
    assert (held.up, held.flaps, held.changed) == (True, 1, BEGUN + 120)


def test_a_session_that_fell_and_came_back_between_two_looks_is_a_flap() -> None:
    assert after(BGP, BGP).flaps == 0
    held = after(BGP, replace(BGP, since=BEGUN + 30))
    assert (held.flaps, held.changed) == (1, BEGUN + 30)


def test_the_age_of_a_session_is_known_from_the_first_look_if_it_tells() -> None:
    assert after(BGP).changed == 400.0
    assert after(NHS).changed == BEGUN


def test_what_is_not_known_changes_nothing() -> None:
    assert after(NHS, replace(NHS, up=None), NHS) == replace(after(NHS), seen=BEGUN + 120)
    assert advance({}, [replace(NHS, up=None)], BEGUN) == {}


@pytest.mark.parametrize(
    ("then", "esp", "ike", "flaps"),
    [
        (replace(SA, esp=("b2",)), 1, 0, 0),
        (replace(SA, ike=(1030.0,), since=1030.0), 0, 1, 0),
        (replace(SA, ike=(1030.0,), since=1030.0, esp=("b2",)), 0, 0, 1),
        (replace(SA, ike=(506.5,), since=506.5), 0, 0, 0),  # rounded, and read late
        (replace(SA, up=False, ike=(), esp=(), since=None), 0, 0, 1),
    ],
    ids=["ESP rekeyed", "IKE rekeyed", "set up anew", "nothing", "lost"],
)
def test_a_rekeyed_sa_is_told_from_a_new_one(then: Watched, esp: int, ike: int, flaps: int) -> None:
    held = after(SA, then)
    assert (held.esp_rekeys, held.ike_rekeys, held.flaps) == (esp, ike, flaps)


def test_a_peer_that_left_the_inventory_is_forgotten() -> None:
    memory = advance({}, [NHS, BGP], BEGUN)
    assert advance(memory, [NHS], BEGUN + 60).keys() == {NHS.key}


def test_counters_survive_the_disk_and_a_torn_file_starts_again() -> None:
    memory = advance(advance({}, [NHS, SA], BEGUN), [replace(NHS, up=False), SA], BEGUN + 60)
    assert load(dump(memory)) == memory
    for torn in (None, "", dump(memory)[:40], '{"format": 0, "memory": {}}', "[]"):
        assert load(torn) == {}
