# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a flow went through, from the times of its packets."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.clock import Clock, Reading
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.flows import (
    LATE,
    STEADY,
    Experience,
    Packet,
    experience,
    longest_silence,
)
from hypothesis import given
from hypothesis import strategies as st

RATE = 25
BEGIN, END, LAST = 5.0, 25.0, 40.0


def flow(*dead: tuple[float, float], last: float = LAST) -> list[Packet]:
    """25 packets a second; those sent from ``a`` to before ``b`` of each pair are lost."""
    times = [number / RATE for number in range(int(last * RATE))]
    return [Packet(when, None if any(a <= when < b for a, b in dead) else when + 0.01) for when in times]


def went(*dead: tuple[float, float], last: float = LAST) -> Experience:
    return experience(flow(*dead, last=last), BEGIN, END)


def test_a_flow_that_loses_nothing_is_unaffected() -> None:
    seen = went()
    assert (seen.outcome, seen.lost, seen.during, seen.after) == ("unaffected", (0, 0, 0), None, None)
    assert seen.silence == seen.spacing == pytest.approx(0.04)


def test_an_outage_lasts_from_the_first_lost_packet_to_the_first_that_is_answered_again() -> None:
    seen = went((6.0, 8.4))
    assert seen.outcome == "failed over" and seen.times == 1
    assert seen.during and seen.during.seconds == pytest.approx(2.4, abs=0.041)
    assert seen.during.at_most == pytest.approx(2.44, abs=0.041)
    assert seen.lost == (0, 60, 0)


def test_a_flow_that_answers_in_between_but_not_for_long_is_not_well_again() -> None:
    seen = went((6.0, 7.0), (7.5, 9.0))
    assert seen.during and seen.during.seconds == pytest.approx(3.0, abs=0.041)
    assert seen.times == 1


def test_of_outages_with_a_steady_time_between_them_the_longest_counts() -> None:
    seen = went((6.0, 7.0), (10.0, 13.0))
    assert seen.during and seen.during.seconds == pytest.approx(3.0, abs=0.041)
    assert seen.times == 2 and seen.outcome == "failed over"


def test_what_only_the_end_of_the_fault_mends_was_cut_off() -> None:
    seen = went((6.0, 27.0))
    assert seen.outcome == "cut off"
    assert seen.back == pytest.approx(2.0, abs=0.041)


def test_a_recovery_right_before_the_end_does_not_count_as_one() -> None:
    assert went((6.0, END - STEADY / 2)).outcome == "cut off"


def test_a_flow_that_never_comes_back_says_so() -> None:
    seen = went((6.0, 99.0))
    assert (seen.outcome, seen.back) == ("cut off", None)


def test_what_the_return_does_is_told_apart_from_what_the_fault_did() -> None:
    seen = went((6.0, 7.0), (25.5, 26.0))
    assert seen.outcome == "hit on restore"
    assert seen.during and seen.during.seconds == pytest.approx(1.0, abs=0.041)
    assert seen.after and seen.after.seconds == pytest.approx(0.5, abs=0.041)


@pytest.mark.parametrize(
    "seen",
    [[], flow((0.0, 99.0)), flow(last=4.0), flow(last=20.0), flow((0.0, 4.0))],
    ids=["nothing", "never answered", "ends before", "ends during", "bad before"],
)
def test_without_a_working_flow_on_both_sides_of_the_fault_nothing_was_measured(seen: list[Packet]) -> None:
    assert experience(seen, BEGIN, END).outcome == "not measured"


def test_an_answer_that_comes_too_late_is_a_lost_packet() -> None:
    assert Packet(1.0, 1.0 + LATE + 0.01).lost
    assert not Packet(1.0, 1.0 + LATE - 0.01).lost


def test_a_fault_that_is_seen_earlier_than_our_clock_says_is_still_the_fault_s() -> None:
    dead = flow((4.9, 6.0))
    assert experience(dead, BEGIN, END).lost[0] > 0
    assert experience(dead, BEGIN, END, error=0.15).lost[0] == 0


instants = st.floats(0, LAST, allow_nan=False)
holes = st.lists(st.tuples(instants, instants).map(lambda pair: (min(pair), max(pair))), max_size=5)


@given(holes)
def test_nothing_is_lost_twice_and_no_outage_is_longer_than_the_fault(
    dead: list[tuple[float, float]],
) -> None:
    seen = went(*dead)
    assert sum(seen.lost) == sum(packet.lost for packet in flow(*dead))
    if seen.outcome == "unaffected":
        assert seen.lost[1] == seen.lost[2] == 0
    if seen.during and seen.outcome != "not measured":
        assert BEGIN <= seen.during.begin <= seen.during.end <= END
        assert seen.during.lost <= seen.lost[1]
        assert seen.silence <= seen.during.seconds + 2 / RATE or seen.times > 1


@given(holes, st.floats(-1e6, 1e6))
def test_only_differences_of_times_matter(dead: list[tuple[float, float]], shift: float) -> None:
    shift = round(shift)
    moved = [Packet(p.sent + shift, None if p.answered is None else p.answered + shift) for p in flow(*dead)]
    one, other = went(*dead), experience(moved, BEGIN + shift, END + shift)
    assert (one.outcome, one.lost, one.times) == (other.outcome, other.lost, other.times)


def test_silence_is_from_answer_to_answer() -> None:
    assert longest_silence(flow((3.0, 4.0), (6.0, 9.0))) == pytest.approx(3.04, abs=0.041)
    assert longest_silence([]) == 0.0


def test_clocks_that_drift_are_put_in_line() -> None:
    clock = Clock([Reading(100.0, 7.0, 0.01), Reading(200.0, 117.0, 0.02)])
    assert clock.here(7.0) == pytest.approx(100.0)
    assert clock.here(62.0) == pytest.approx(150.0)
    assert clock.error == 0.02


def test_two_readings_at_nearly_the_same_time_tell_nothing_of_a_drift() -> None:
    assert Clock([Reading(100.0, 7.0, 0.01), Reading(100.5, 7.1, 0.01)]).here(8.0) == pytest.approx(101.0)
