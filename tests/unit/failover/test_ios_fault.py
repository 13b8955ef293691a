# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fault on an IOS router ends with the router as it was, whatever fails on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover import ios_fault
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.ios_router import IosRouter
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.plan import Plan
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.refuse import LONGEST
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.router import Trouble

if TYPE_CHECKING:
    from conftest import Make
    from stand_in import StandIn

WAN, OTHER = "GigabitEthernet1", "GigabitEthernet2"
TIMER = "show archive config rollback timer"


def hold(hub: StandIn, *wans: str, seconds: int = 20) -> ios_fault.Held:
    return ios_fault.hold(hub, wans or (WAN,), seconds, hub.clocks)


def as_before(hub: StandIn, before: str) -> None:
    """Nothing differs, nothing is pending, nothing was saved."""
    assert hub.text == before
    assert not hub.device.archive.pending
    assert not hub.device.startup()


def trouble(hub: StandIn, *wans: str) -> str:
    with pytest.raises(Trouble) as raised:
        hold(hub, *wans)
    told = str(raised.value)
    assert len(told.splitlines()) == 1, told
    return told


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(1, 2), (15, 2), (30, 2), (31, 3), (60, 3), (90, 3), (91, 4), (600, 12)]
)
def test_the_timer_outlives_the_fault_and_warns_after_it(seconds: int, minutes: int) -> None:
    assert ios_fault.minutes(seconds) == minutes
    assert 60 * (minutes - 1) >= seconds + ios_fault.SLACK


def test_the_longest_fault_fits_into_the_timer() -> None:
    assert ios_fault.minutes(LONGEST) <= 120


def test_the_guard_stands_before_the_fault_and_goes_after_it(hub: StandIn) -> None:
    before = hub.text
    held = hold(hub)
    order = [
        *("configure terminal revert timer 2", "end", TIMER),
        *("configure terminal", f"interface {WAN}", "shutdown", "end", f"show interfaces {WAN}"),
        *("configure terminal", f"interface {WAN}", "no shutdown", "end", f"show interfaces {WAN}"),
        *("configure confirm", TIMER),
    ]
    left = iter(hub.sent)
    assert all(line in left for line in order), hub.sent
    as_before(hub, before)
    lasted = held.line.when - held.broken.when
    assert 20 <= lasted < 40
    assert held.broken.when < held.line.when <= held.restored
    assert 0 < held.broken.error < 5


def test_a_router_that_dies_loses_all_its_wans_and_no_more(hub: StandIn) -> None:
    seen: list[set[str]] = []
    hub.device.on_change.append(
        lambda device: seen.append(
            {f"GigabitEthernet{n}" for n in range(1, 5) if hub.is_shut(f"GigabitEthernet{n}")}
        )
    )
    before = hub.text
    hold(hub, WAN, OTHER)
    assert {WAN, OTHER} in seen and not any("GigabitEthernet3" in shut for shut in seen)
    as_before(hub, before)


def test_without_us_the_timer_restores(hub: StandIn) -> None:
    """As if the controller died: nothing is sent after the fault."""
    before = hub.text
    hub.cut, hub.barred = (lambda line: line == "shutdown"), True
    told = trouble(hub)
    assert "cannot be reached any more" in told and "2 minutes" in told
    as_before(hub, before)
    assert "no shutdown" not in hub.sent


def test_a_connection_that_was_idle_for_too_long_is_made_anew_before_the_fault(hub: StandIn) -> None:
    before = hub.text
    hub.session = None
    hold(hub)
    assert hub.sent[0] == "<new connection>"
    as_before(hub, before)


def test_a_router_that_cannot_be_reached_is_not_touched(hub: StandIn) -> None:
    hub.session, hub.barred = None, True
    router = IosRouter("hub1", hub)
    plan = Plan(**{**dict.fromkeys(Plan.__dataclass_fields__, ""), "wans": [WAN], "duration": 20})  # type: ignore[arg-type]
    with pytest.raises(Trouble, match=r"^hub1 cannot be reached, nothing was broken: no route to it$"):
        router.fault(plan)


def test_a_connection_that_breaks_in_the_fault_is_made_anew(hub: StandIn) -> None:
    before = hub.text
    hub.cut = lambda line: line == "show privilege" and hub.sent.count(line) == 1
    held = hold(hub)
    assert "<new connection>" in hub.sent
    assert 20 <= held.line.when - held.broken.when < 40
    as_before(hub, before)


def test_a_connection_that_breaks_with_the_shutdown_is_made_anew_to_restore(hub: StandIn) -> None:
    before = hub.text
    hub.cut = lambda line: line == "shutdown"
    assert "broke while WANs were shut down (no answer); the WANs are up" in trouble(hub)
    as_before(hub, before)


def test_a_connection_that_breaks_with_the_end_of_the_fault_costs_precision_only(hub: StandIn) -> None:
    before = hub.text
    hub.cut = lambda line: line == "no shutdown"
    held = hold(hub)
    assert held.line.error > 0.4  # a new connection was made meanwhile
    as_before(hub, before)


def test_a_timer_that_ends_before_we_are_back_is_told(hub: StandIn) -> None:
    before = hub.text

    def cut(line: str) -> bool:
        hub.barred = hub.barred or line == "show privilege"
        return line == "show privilege"

    hub.cut = cut
    hub.device.on_change.append(lambda device: setattr(hub, "barred", hub.is_shut(WAN)))
    assert "was up again before its time, by the timer or by somebody" in trouble(hub)
    as_before(hub, before)


def test_a_wan_that_does_not_start_is_reverted(hub: StandIn) -> None:
    before = hub.text
    hub.say["no shutdown"] = "% Command authorization failed"
    held = hold(hub)
    assert "configure revert now" in hub.sent and held.line.when - held.broken.when >= 20
    as_before(hub, before)


def test_a_wan_that_nothing_starts_is_shouted(hub: StandIn) -> None:
    hub.say |= {
        "no shutdown": "% Command authorization failed",
        "configure revert now": "Rollback aborted after 5 passes",
    }
    told = trouble(hub)
    assert f"{WAN} is STILL SHUT DOWN" in told and "Rollback aborted after 5 passes" in told
    assert f"`interface {WAN}`, `no shutdown`" in told


def test_a_revert_that_is_not_ours_is_not_made(hub: StandIn) -> None:
    def other(device: Any) -> None:
        if hub.is_shut(WAN) and device.archive.minutes == 2:
            device.archive.arm("flash:theirs", 60, "somebody", lambda: None)

    hub.device.on_change.append(other)
    hub.say["no shutdown"] = "% Command authorization failed"
    assert "STILL SHUT DOWN" in trouble(hub)
    assert "configure revert now" not in hub.sent and hub.device.archive.pending == "flash:theirs"


def test_a_guard_that_cannot_be_seen_is_none(hub: StandIn) -> None:
    before = hub.text
    hub.say[TIMER] = "% Invalid input detected at '^' marker."
    assert "nothing was broken: `configure terminal revert timer 2`: % Invalid input" in trouble(hub)
    assert "shutdown" not in hub.sent
    as_before(hub, before)


def test_a_router_that_refuses_the_fault_is_left_as_before(hub: StandIn) -> None:
    before = hub.text
    hub.say["shutdown"] = "% Command authorization failed"
    assert trouble(hub, OTHER).startswith("`shutdown`: % Command authorization failed - ")
    as_before(hub, before)


def test_a_shutdown_without_effect_is_no_fault(hub: StandIn) -> None:
    before = hub.text
    hub.say["shutdown"] = ""
    assert f"{WAN} did not go down" in trouble(hub)
    as_before(hub, before)


def test_a_pending_change_of_somebody_is_left_alone(hub: StandIn) -> None:
    hub.send("configure terminal revert timer 60")
    hub.send("end")
    pending = hub.device.archive.pending
    assert "nothing was broken: `configure terminal revert timer 2`: %Existing rollback" in trouble(hub)
    assert hub.device.archive.pending == pending and not hub.is_shut(WAN)


def test_a_pending_change_that_came_meanwhile_is_left_alone(hub: StandIn) -> None:
    """Somebody confirmed ours and began a change of his own: that is not ours to confirm."""

    def other(device: Any) -> None:
        if hub.is_shut(WAN) and device.archive.minutes == 2:
            device.archive.arm("flash:theirs", 60, "somebody", lambda: None)

    hub.device.on_change.append(other)
    assert "another change waits to be confirmed now, which is not the fault's" in trouble(hub)
    assert not hub.is_shut(WAN) and hub.device.archive.pending == "flash:theirs"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("archive\n path flash:before\n", "", "the router has no place for the copy"),
        ("path flash:before", "path tftp://192.0.2.9/hub1", "may be out of reach while a WAN is shut"),
        ("interface GigabitEthernet1\n", "interface GigabitEthernet1\n shutdown\n", "is shut down already"),
    ],
)
def test_what_came_about_since_the_look_breaks_nothing(make: Make, old: str, new: str, said: str) -> None:
    from stand_in import STARTUP

    hub = make(startup=STARTUP.replace(old, new))
    before = hub.text
    told = trouble(hub)
    assert told.startswith("nothing was broken: ") and said in told
    as_before(hub, before)


def test_a_full_flash_breaks_nothing_and_leaves_nothing_pending(make: Make) -> None:
    hub = make(faults=("archive-full",))
    before = hub.text
    assert "No space left" in trouble(hub)
    as_before(hub, before)


def test_a_task_that_is_ended_restores_first(hub: StandIn) -> None:
    before = hub.text

    def ended(line: str) -> bool:
        if line == "show privilege":
            raise KeyboardInterrupt
        return False

    hub.cut = ended
    with pytest.raises(KeyboardInterrupt):
        hold(hub)
    as_before(hub, before)
