# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change that is left waiting on a router, and how other sessions end it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.ending import answer as ended_by_command
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.apply import apply
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.client import session
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.config_xml import config_xml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.console import Commands
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.delta import difference
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.ending import answer as ended_over_netconf
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.token import is_token
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pending.errors import Failed, Lost, Refused
from ansible_collections.mgre.dmvpn.tests.lab.netconf.fake import FakeRouter
from ansible_collections.mgre.dmvpn.tests.netconf.conftest import (
    FOREIGN,
    SECRETS,
    Candidate,
    Router,
    facts,
    hold,
    hub,
    taken_back,
    until,
)

LATE = "the change was not confirmed in time, and the router undid it by itself"
TIME = 15  # seconds for a commit of netconfd, whose clock is coarse below that


def end(router: Router, commit: str, state: str, check: bool = False, **more: Any) -> dict[str, Any]:
    """What module ``commit`` answers."""
    arguments = {"state": state, "commit": commit, **more}
    if commit and not is_token(commit):
        return ended_by_command(Commands(router.target), arguments, check)
    return ended_over_netconf(router.target, arguments, check)


@pytest.fixture
def checkpoint() -> Iterator[FakeRouter]:
    fake = FakeRouter()
    with fake.front:
        yield fake


# netconfd, which is nobody's stand-in


def test_a_commit_waits_and_another_session_confirms_it(netconfd: Router) -> None:
    outcome = hold(netconfd)
    assert outcome.changed and not outcome.saved and not outcome.warnings
    assert is_token(outcome.held.commit) and outcome.held.seconds == 60
    assert not any(secret in outcome.held.commit for secret in SECRETS.values())
    assert end(netconfd, outcome.held.commit, "status")["pending"] == {"state": "pending"}
    # The connection of whoever made it does not matter.
    netconfd.front.drop_all()
    told = end(netconfd, outcome.held.commit, "confirmed")
    assert told["changed"] and told["told"] == "the change is confirmed", told
    assert not difference(netconfd.holds(), facts(hub()))
    again = end(netconfd, outcome.held.commit, "confirmed")
    assert not again["changed"] and again["told"] == "the change is confirmed already", again
    assert end(netconfd, outcome.held.commit, "status")["pending"] is None
    undone = end(netconfd, outcome.held.commit, "undone")
    assert undone["failed"] and "was confirmed at the router by somebody" in undone["msg"], undone
    assert not apply(netconfd.order(hub())).changed


def test_a_commit_waits_and_another_session_undoes_it(netconfd: Router) -> None:
    before = netconfd.holds()
    outcome = hold(netconfd)
    assert netconfd.holds() != before
    told = end(netconfd, outcome.held.commit, "undone")
    assert told["changed"] and "as before" in told["told"], told
    assert netconfd.holds() == before
    again = end(netconfd, outcome.held.commit, "undone")
    assert not again["changed"] and "undone already" in again["told"], again
    assert end(netconfd, "", "undone") == {"changed": False, "told": "no change is pending"}


def test_what_waits_is_refused_whoever_made_it(netconfd: Router) -> None:
    """Also where it leaves nothing to do, as a change of an earlier run does."""
    outcome = hold(netconfd)
    for text in (hub(), hub().replace("ip mtu 1400", "ip mtu 1390")):
        for check in (True, False):
            with pytest.raises(Refused, match="waits for its confirmation") as refused:
                apply(netconfd.order(text), check=check)
            assert "\n" not in str(refused.value)
    unnamed = end(netconfd, "", "confirmed")
    assert unnamed["failed"] and "only its token ends it" in unnamed["msg"], unnamed
    assert end(netconfd, outcome.held.commit, "undone")["changed"]


def test_a_commit_that_nobody_ends_is_taken_back(netconfd: Router) -> None:
    """The controller is gone, and its sessions with it."""
    before = netconfd.holds()
    outcome = hold(netconfd, seconds=TIME)
    netconfd.front.drop_all()
    taken_back(netconfd, before, 6 * TIME)
    for state in ("confirmed", "extended"):
        late = end(netconfd, outcome.held.commit, state)
        assert late["failed"] and late["restored"] and LATE in late["msg"], late
    assert not end(netconfd, outcome.held.commit, "undone")["changed"]
    assert netconfd.holds() == before


def test_an_edit_of_somebody_else_is_not_committed_with_the_confirmation(netconfd: Router) -> None:
    outcome = hold(netconfd)
    with session(netconfd.opened) as other:
        other.edit("candidate", config_xml(facts(FOREIGN.replace("to the bank", "to nobody"))))
        for state in ("confirmed", "extended"):
            told = end(netconfd, outcome.held.commit, state)
            assert told["failed"] and "someone has edited the candidate" in told["msg"], told
        other.discard()
    assert end(netconfd, outcome.held.commit, "confirmed")["changed"]
    assert "to nobody" not in netconfd.holds().values()


# the strict stand-in with a candidate


def test_nothing_is_saved_before_it_is_confirmed(candidate: Candidate) -> None:
    fake, router = candidate()
    outcome = hold(router)
    assert fake.commit_waits() and fake.startup is None
    assert "save-config" not in fake.done
    assert fake.done.count("commit confirmed confirm-timeout persist persist-id") == 1  # the whole time
    assert end(router, outcome.held.commit, "extended", seconds=90)["changed"]
    assert fake.startup is None
    assert end(router, outcome.held.commit, "confirmed", save=False)["changed"]
    assert fake.startup is None and not fake.commit_waits()
    assert "warnings" not in end(router, outcome.held.commit, "confirmed")
    assert fake.startup == fake.text()
    assert fake.done.index("commit persist-id") < fake.done.index("save-config")


def test_check_and_status_touch_nothing(candidate: Candidate) -> None:
    fake, router = candidate()
    commit = hold(router).held.commit
    for state in ("confirmed", "undone", "extended"):
        assert end(router, commit, state, check=True) == {"changed": True, "told": "nothing was done"}
    assert fake.commit_waits()


def test_the_time_was_over(candidate: Candidate) -> None:
    fake, router = candidate(second=0.05)
    commit = hold(router, seconds=40).held.commit
    until(lambda: not fake.commit_waits(), 30, "the time is over")
    assert router.holds() == {}
    late = end(router, commit, "confirmed")
    assert late["failed"] and late["restored"] and LATE in late["msg"], late
    assert fake.startup is None


def test_more_time_is_from_now(candidate: Candidate) -> None:
    fake, router = candidate(second=0.05)
    commit = hold(router, seconds=40).held.commit
    assert end(router, commit, "extended", seconds=6000)["told"] == "the change has 6000 seconds from now"
    with pytest.raises(pytest.fail.Exception):
        until(lambda: not fake.commit_waits(), 4, "two seconds of it")
    assert end(router, commit, "undone")["changed"]


def test_the_commit_of_somebody_else_is_left_alone(candidate: Candidate) -> None:
    fake, router = candidate()
    commit = hold(router).held.commit
    assert end(router, commit, "undone")["changed"]
    with session(router.opened) as other:
        other.lock("candidate")
        other.edit("candidate", config_xml(facts(FOREIGN)))
        other.commit_for(600, "of-somebody-else")
    for state in ("confirmed", "extended", "undone"):
        told = end(router, commit, state)
        assert told["failed"] and not told["restored"], told
    # As before, but for a commit that changes nothing.
    with session(router.opened) as other:
        other.cancel("of-somebody-else")
        other.commit_for(600, "of-somebody-else")
    for state in ("confirmed", "extended"):
        told = end(router, commit, state)
        assert told["failed"] and "what waits to be confirmed now is not this change" in told["msg"], told
    told = end(router, commit, "undone")
    assert not told["changed"] and "was left" in told["told"], told
    assert fake.commit_waits()


def test_a_confirmation_that_the_router_does_not_take_is_no_confirmation(candidate: Candidate) -> None:
    fake, router = candidate("no_confirm")
    commit = hold(router).held.commit
    told = end(router, commit, "confirmed")
    assert told["failed"] and not told["restored"] and "a change waits there still" in told["msg"], told
    assert fake.startup is None and fake.commit_waits()


def test_a_configuration_that_is_neither_is_told(candidate: Candidate) -> None:
    _fake, router = candidate()
    commit = hold(router).held.commit
    assert end(router, commit, "confirmed")["changed"]
    apply(router.order(hub().replace("ip mtu 1400", "ip mtu 1390")))
    for state in ("confirmed", "undone"):
        told = end(router, commit, state)
        assert told["failed"] and not told["restored"] and "left a difference" in told["msg"], told


def test_what_another_session_could_not_end_is_taken_back_at_once(candidate: Candidate) -> None:
    fake, router = candidate("no_more_time")
    with pytest.raises(Failed, match="lets no other session give the commit more time") as failed:
        hold(router)
    assert failed.value.restored and router.holds() == {} and not fake.commit_waits()


def test_what_the_router_forgot_is_not_held(candidate: Candidate) -> None:
    fake, router = candidate("forget_mtu")
    with pytest.raises(Failed, match=r"does not hold what was committed .*ip/mtu = 1400") as failed:
        hold(router)
    assert failed.value.restored and router.holds() == {} and not fake.commit_waits()


def test_nothing_waits_where_nothing_changed(candidate: Candidate) -> None:
    _fake, router = candidate()
    apply(router.order(hub()))
    outcome = hold(router)
    assert not outcome.changed and not outcome.held
    assert "no change waits to be confirmed" in end(router, "", "confirmed")["msg"]


def test_bad_input_and_a_router_that_is_gone(candidate: Candidate) -> None:
    fake, router = candidate()
    told = ended_over_netconf(router.target, {"state": "confirmed", "commit": "3-2026"}, False)
    assert told["msg"] == "commit is not what netconf_apply returned: write ios_result.commit"
    commit = hold(router).held.commit
    fake.faults.add("no_netconf")
    with pytest.raises(Lost, match="no NETCONF session"):
        end(router, commit, "confirmed")


# the rollback timer, which the command line ends


def test_a_change_by_checkpoint_waits_under_the_timer(checkpoint: FakeRouter) -> None:
    router = Router(checkpoint.front)
    outcome = hold(router, seconds=150)
    assert outcome.way == "checkpoint" and outcome.held.seconds == 180
    assert outcome.held.commit.endswith(".flash:mgre-dmvpn-1")
    assert checkpoint.timer_runs() and checkpoint.startup is None
    assert "configure confirm" not in checkpoint.commands
    for check in (True, False):
        with pytest.raises(Refused, match="waits for its confirmation already"):
            apply(router.order(hub()), check=check)
    assert end(router, outcome.held.commit, "extended", seconds=300)["changed"]
    assert checkpoint.command("show archive config rollback timer") == "Timer value: 5 min\n"
    told = end(router, outcome.held.commit, "confirmed")
    assert told == {"changed": True, "told": "the change is confirmed"}
    assert not checkpoint.timer_runs() and checkpoint.startup == checkpoint.text()


def test_a_change_by_checkpoint_is_undone(checkpoint: FakeRouter) -> None:
    router = Router(checkpoint.front)
    commit = hold(router).held.commit
    told = end(router, commit, "undone")
    assert told["changed"] and "as before" in told["told"], told
    assert router.holds() == {} and not checkpoint.timer_runs() and checkpoint.startup is None


def test_a_change_by_checkpoint_that_nobody_ends_is_taken_back() -> None:
    fake = FakeRouter(minute=2.0)
    with fake.front:
        router = Router(fake.front)
        commit = hold(router).held.commit
        fake.front.drop_all()
        until(lambda: not fake.timer_runs(), 30, "the timer ends")
        assert router.holds() == {}
        late = end(router, commit, "confirmed")
        assert late["failed"] and LATE in late["msg"], late
        assert fake.startup is None


def test_a_timer_that_cannot_be_set_anew_takes_the_change_back_at_once() -> None:
    fake = FakeRouter("no_more_time")
    with fake.front:
        router = Router(fake.front)
        with pytest.raises(Failed, match="cannot be given more time") as failed:
            hold(router)
        assert failed.value.restored and router.holds() == {} and not fake.timer_runs()
