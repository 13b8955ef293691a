# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change by checkpoint and rollback timer, against a strict stand-in of an IOS-XE without candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.apply import apply
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.client import Client, Unreachable, session
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.delta import difference
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pending.errors import Failed, Refused
from ansible_collections.mgre.dmvpn.tests.lab.netconf.fake import FakeRouter
from ansible_collections.mgre.dmvpn.tests.netconf.conftest import Router, facts, hub, until

TIMER = "show archive config rollback timer"
Start = Callable[..., tuple[FakeRouter, Router]]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as running:

        def started(*faults: str, **options: float | dict[str, str]) -> tuple[FakeRouter, Router]:
            fake = FakeRouter(*faults, **options)  # type: ignore[arg-type]
            running.enter_context(fake.front)
            return fake, Router(fake.front)

        yield started


def test_apply_confirms_and_saves(start: Start) -> None:
    fake, router = start()
    outcome = apply(router.order(hub()))
    assert outcome.changed and outcome.way == "checkpoint" and outcome.saved and not outcome.warnings
    assert not difference(router.holds(), facts(hub()))
    assert not fake.timer_runs() and fake.startup == fake.text()
    assert fake.commands.count("configure confirm") == 1
    again = apply(router.order(hub()))
    assert not again.changed and fake.edits == 1 and len(fake.archive) == 1


def test_check_touches_nothing(start: Start) -> None:
    fake, router = start()
    assert apply(router.order(hub()), check=True).changed
    assert (fake.edits, fake.archive, fake.commands) == (0, [], [TIMER])


def test_removal(start: Start) -> None:
    fake, router = start()
    apply(router.order(hub()))
    assert apply(router.order("")).changed
    assert "MGRE" not in fake.text() and "Tunnel" not in fake.text()


def test_nothing_is_saved_before_the_confirmation(start: Start) -> None:
    fake, router = start("no_confirm")
    with pytest.raises(Failed, match="did not take 'configure confirm'") as failed:
        apply(router.order(hub()))
    assert failed.value.restored and fake.startup is None and router.holds() == {}


def test_unconfirmed_it_rolls_back_by_itself(start: Start) -> None:
    """The controller is gone after the edit; two minutes of the router take one second here."""
    fake, router = start(minute=0.5)
    sessions = iter([router.opened, router.opened])

    def opened() -> Client:
        opener = next(sessions, None)
        if opener is None:
            raise Unreachable("127.0.0.1: cut off")
        return opener()

    order = router.order(hub(), opened=opened)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.order.RETRY", 600)
        with pytest.raises(Failed, match="takes the change back by itself within 2 min"):
            apply(order)
    assert fake.edits == 1
    until(lambda: not fake.timer_runs(), 30, "the timer ends")
    assert router.holds() == {}


def test_a_refused_edit_is_taken_back_and_shows_no_secret(start: Start) -> None:
    fake, router = start("refuse_edit")
    with pytest.raises(Failed, match="refuses the configuration") as failed:
        apply(router.order(hub()))
    assert failed.value.restored and not fake.timer_runs() and fake.edits == 0


def test_what_the_router_forgot_is_seen_and_taken_back(start: Start) -> None:
    fake, router = start("forget_mtu")
    with pytest.raises(Failed, match=r"does not hold what was written .*ip/mtu = 1400") as failed:
        apply(router.order(hub()))
    assert failed.value.restored and router.holds() == {} and fake.startup is None


def test_a_connection_lost_behind_the_edit_is_taken_back(start: Start) -> None:
    fake, router = start("lose_edit")
    with pytest.raises(Failed, match="connection broke during the change") as failed:
        apply(router.order(hub()))
    assert fake.edits == 1 and failed.value.restored and router.holds() == {} and not fake.timer_runs()


def test_a_lock_of_another_session_is_named_and_nothing_is_left_armed(start: Start) -> None:
    fake, router = start()
    with session(router.opened) as other:
        other.lock("running")
        with pytest.raises(Failed, match=f"clear netconf-yang session {other.session}"):
            apply(router.order(hub()))
    assert not fake.timer_runs() and fake.edits == 0


def test_a_pending_rollback_is_refused(start: Start) -> None:
    fake, router = start()
    with session(router.opened) as client:
        client.agent("checkpoint")
        client.agent("rollback", "<target-url>flash:mgre-dmvpn-1</target-url><revert-timer>5</revert-timer>")
    with pytest.raises(Refused, match="waits for its confirmation already"):
        apply(router.order(hub()))
    assert fake.edits == 0


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no_archive", "path flash:mgre-dmvpn"),
        ("no_timer", "did not start its rollback timer"),
    ],
)
def test_without_a_way_back_nothing_is_written(start: Start, fault: str, said: str) -> None:
    fake, router = start(fault)
    with pytest.raises(Refused, match=said):
        apply(router.order(hub()))
    assert fake.edits == 0


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({"Cisco-IOS-XE-nhrp": "2024-07-01"}, "netconf-yang feature candidate-datastore"),
        ({"Cisco-IOS-XE-nhrp": "2022-11-01", "cisco-ia": "2021-11-01"}, "before IOS-XE 17.14"),
        ({"cisco-ia": "2024-07-01"}, "does not list Cisco's model Cisco-IOS-XE-nhrp"),
    ],
)
def test_a_router_that_cannot_is_told_what_to_enable(start: Start, models: dict[str, str], said: str) -> None:
    fake, router = start(models=models)
    with pytest.raises(Refused, match=said):
        apply(router.order(hub()))
    assert fake.edits == 0


def test_no_netconf_at_all(start: Start) -> None:
    _fake, router = start("no_netconf")
    with pytest.raises(Unreachable, match="see that the router has 'netconf-yang'"):
        apply(router.order(hub()))
