# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a change that was left waiting ends, whatever became of it meanwhile."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.blocks import rows
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.ending import answer
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.pending import minutes_for
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.transaction import apply
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.wish import Wish
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pending.errors import Failed, Lost
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pending.mark import Mark
from test_transaction import BASE, SECRETS, WISH, Fake

HELD = Wish(intended=WISH.intended, secrets=SECRETS, minutes=5, hold=True)
TIMER = "show archive config rollback timer"
NONE = "%No Rollback Confirmed Change pending"
COPY = "flash:before-Nov-29-08-00-00.123-0"
DIFFERS = "`show archive config differences " + COPY + "`"


class Timed(Fake):
    """A router whose timer runs from ``configure terminal revert timer`` until it is told otherwise."""

    def __init__(self, say: dict[str, str | Exception] | None = None) -> None:
        super().__init__(say)
        self.minutes = 0

    def send(self, line: str) -> str:
        words = line.split()
        said = super().send(line)
        if line in self.say:
            return said
        if line == TIMER:
            return f"Timer type: absolute timer\nTimer value: {self.minutes} min\n" if self.minutes else NONE
        if line.startswith("configure terminal revert timer"):
            said = f"Rollback Confirmed Change: Backing up current running config to {COPY}\n\nEnter"
        if not self.minutes and words[:1] == ["configure"] and words[1] in ("confirm", "revert"):
            return NONE
        if "timer" in words and words[0] == "configure":
            self.minutes = int(words[-1])
        elif line in ("configure confirm", "configure revert now"):
            self.minutes = 0
        return said

    def expire(self) -> None:
        """The time is over."""
        self.send("configure revert now")

    def type_in(self, *lines: str) -> None:
        """What somebody configures meanwhile."""
        self.router.run(lines)


def held() -> tuple[Timed, str]:
    """A router with a change that waits, and what that is known by."""
    fake = Timed()
    outcome = apply(fake, HELD)
    fake.sent.clear()
    return fake, outcome.mark


def ended(fake: Timed, commit: str, state: str, check: bool = False, **more: object) -> dict[str, object]:
    return answer(fake, {"state": state, "commit": commit, **more}, check)


def test_a_change_that_is_held_has_its_whole_time_and_is_neither_confirmed_nor_saved() -> None:
    fake = Timed()
    outcome = apply(fake, HELD)
    assert outcome.changed and outcome.pending == 300
    assert fake.minutes == 5
    assert fake.sent[-1] == "configure revert timer 5"
    assert "configure confirm" not in fake.sent and "write memory" not in fake.sent
    assert outcome.mark.endswith(COPY)
    assert not any(secret in outcome.mark for secret in SECRETS.values())


def test_nothing_waits_where_nothing_changed() -> None:
    fake, mark = held()
    ended(fake, mark, "confirmed")
    outcome = apply(fake, HELD)
    assert (outcome.changed, outcome.pending, outcome.mark) == (False, 0, "")


def test_a_change_that_cannot_be_held_is_told() -> None:
    with pytest.raises(Failed, match="cannot be given more time"):
        apply(Timed({"configure revert timer 5": NONE}), HELD)
    with pytest.raises(Failed, match="goes back by itself within 5 minutes"):
        apply(Timed({"configure revert timer 5": Lost("gone")}), HELD)


def test_confirmed_then_saved() -> None:
    fake, mark = held()
    assert ended(fake, mark, "confirmed") == {"changed": True, "told": "the change is confirmed"}
    assert fake.sent[-2:] == ["configure confirm", "write memory"]


def test_confirmed_and_not_saved() -> None:
    fake, mark = held()
    assert ended(fake, mark, "confirmed", save=False)["changed"]
    assert "write memory" not in fake.sent


def test_a_second_confirmation_changes_nothing_and_a_confirmation_by_hand_is_one() -> None:
    fake, mark = held()
    fake.send("configure confirm")
    assert ended(fake, mark, "confirmed") == {"changed": False, "told": "the change is confirmed already"}
    assert fake.sent[-1] == "write memory"
    assert "nothing waits" in str(ended(fake, mark, "extended")["msg"])


@pytest.mark.parametrize("state", ["confirmed", "extended"])
def test_a_change_that_undid_itself_cannot_be_confirmed(state: str) -> None:
    fake, mark = held()
    fake.expire()
    told = ended(fake, mark, state)
    assert told["failed"] and told["restored"]
    assert "not confirmed in time, and the router undid it by itself" in str(told["msg"])
    assert "write memory" not in fake.sent


@pytest.mark.parametrize("state", ["confirmed", "extended"])
def test_the_change_of_somebody_else_is_not_confirmed(state: str) -> None:
    fake, mark = held()
    fake.expire()
    fake.send("configure terminal revert timer 60")
    fake.send("end")
    told = ended(fake, mark, state)
    assert told["failed"] and "what waits to be confirmed now is not this change" in str(told["msg"])
    assert fake.minutes == 60


def test_undone_at_once() -> None:
    fake, mark = held()
    assert ended(fake, mark, "undone") == {
        "changed": True,
        "told": "the change was undone: the running configuration is as before",
    }
    assert fake.minutes == 0
    assert "configure confirm" not in fake.sent and "write memory" not in fake.sent


def test_undone_by_itself_is_as_good() -> None:
    fake, mark = held()
    fake.expire()
    told = ended(fake, mark, "undone")
    assert not told["changed"] and "undone already" in str(told["told"])
    assert ended(fake, "", "undone") == {"changed": False, "told": "no change is pending"}


def test_the_change_of_somebody_else_is_not_undone() -> None:
    fake, mark = held()
    fake.expire()
    fake.send("configure terminal revert timer 60")
    fake.send("end")
    told = ended(fake, mark, "undone")
    assert not told["changed"] and "was left" in str(told["told"])
    assert fake.minutes == 60


def test_what_somebody_confirmed_cannot_be_undone() -> None:
    fake, mark = held()
    fake.send("configure confirm")
    told = ended(fake, mark, "undone")
    assert told["failed"] and not told["restored"]
    assert f"`configure replace {COPY}`" in str(told["msg"])


def test_what_the_rollback_leaves_is_counted_and_not_shown() -> None:
    fake, mark = held()
    fake.say = {
        "configure revert now": "Failed to apply command\nAborting Rollback.",
        f"show archive config differences {COPY}": "!Contextual Config Diffs:\n+username x secret y\n-line",
    }
    told = ended(fake, mark, "undone")
    assert told["failed"] and not told["restored"]
    assert DIFFERS in str(told["msg"])
    assert "(2 lines, Aborting Rollback.)" in str(told["msg"])
    assert "username" not in str(told["msg"])


def test_a_configuration_that_is_neither_is_told() -> None:
    fake, mark = held()
    fake.expire()
    fake.type_in("hostname other")
    for state in ("confirmed", "undone"):
        told = ended(fake, mark, state)
        assert told["failed"] and not told["restored"] and DIFFERS in str(told["msg"])


def test_what_somebody_else_configures_meanwhile_hinders_no_confirmation() -> None:
    fake, mark = held()
    fake.type_in("hostname other")
    assert ended(fake, mark, "confirmed")["changed"]


def test_more_time() -> None:
    fake, mark = held()
    assert ended(fake, mark, "extended", seconds=601)["told"] == "the change has 11 minutes from now"
    assert fake.minutes == 11


@pytest.mark.parametrize(("seconds", "minutes"), [(1, 2), (120, 2), (121, 3), (300, 5), (9000, 120)])
def test_minutes_are_never_shorter_than_the_seconds_but_for_the_longest(seconds: int, minutes: int) -> None:
    assert minutes_for(seconds) == minutes


def test_status_and_check_touch_nothing() -> None:
    fake, mark = held()
    pending = {"state": "pending", "left": 300}
    assert ended(fake, "", "status") == {"changed": False, "pending": pending, "history": []}
    for state in ("confirmed", "undone", "extended"):
        assert ended(fake, mark, state, check=True) == {"changed": True, "told": "nothing was done"}
    assert not any(line.startswith("configure") for line in fake.sent)
    fake.expire()
    assert ended(fake, "", "status")["pending"] is None


@pytest.mark.parametrize("state", ["confirmed", "extended"])
def test_there_is_nothing_to_confirm(state: str) -> None:
    assert "no change waits to be confirmed" in str(ended(Timed(), "", state)["msg"])


def test_bad_input_is_one_line() -> None:
    told = ended(Timed(), "3-2026-03-01T22:00:00Z", "confirmed")
    assert told["msg"] == "commit is not what ios_apply returned: write ios_result.commit"
    fake = Timed({"show privilege": "Current privilege level is 1"})
    assert "privilege 1, and 15 is needed" in str(ended(fake, "", "undone")["msg"])


def test_a_connection_lost_while_undoing() -> None:
    fake, mark = held()
    fake.say = {"configure revert now": Lost("gone")}
    told = ended(fake, mark, "undone")
    assert told["failed"] and "goes back by itself within 5 minutes" in str(told["msg"])


def test_a_connection_lost_before_anything_is_the_caller_s() -> None:
    with pytest.raises(Lost):
        ended(Timed({"show privilege": Lost("gone")}), "", "confirmed")


def test_a_configuration_that_was_cut_is_no_answer() -> None:
    fake, mark = held()
    fake.say = {"show running-config": "version 17.15\ninterface Gig"}
    with pytest.raises(Lost, match="did not come to its end"):
        ended(fake, mark, "confirmed")
    assert "configure confirm" not in fake.sent


def test_a_mark_knows_its_configurations_whatever_is_printed_around_them() -> None:
    before, after = BASE + "end\n", BASE + "hostname other\nend\n"
    mark = Mark.parse(str(Mark.of(rows(before).elements(), rows(after).elements(), COPY)))
    assert mark.copy == COPY
    printed = f"Building configuration...\n!\n! Last configuration change at 8\n{before}"
    assert mark.is_before(rows(printed).elements())
    assert not mark.is_before(rows(after).elements())
    assert mark.is_after(rows(after).elements())
