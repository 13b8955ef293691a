# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change that is left waiting, and module ``commit`` at the router's command line."""

from __future__ import annotations

import json
from typing import Any

from .conftest import NHRP, PSK, Make, Router, Run
from .test_failures import until

APPLY = {"bundle": "bundle", "revert_timer": 2, "confirm": False}
UNDONE = "the change was not confirmed in time, and the router undid it by itself"


def end(router: Router, commit: str, *flags: str, state: str, **more: Any) -> Run:
    return router.play(tasks(("commit", {"state": state, "commit": commit} | more)), *flags)


def tasks(*steps: tuple[str, dict[str, Any]]) -> str:
    listed = "".join(
        f"    - mgre.dmvpn.{name}: {json.dumps(given)}\n      register: it\n" for name, given in steps
    )
    return f"- hosts: r1\n  gather_facts: false\n  tasks:\n{listed}"


def left_waiting(router: Router, hub: str) -> tuple[str, Run]:
    """What the router was before, and the run that left a change on it."""
    router.bundle(hub)
    before = router.text
    run = router.play(tasks(("ios_apply", APPLY)))
    assert run.code == 0, run.output
    return before, run


def test_waiting_then_confirmed_and_saved(make: Make, hub: str) -> None:
    router = make()
    _before, run = left_waiting(router, hub)
    assert run.result["changed"] and run.result["pending"] == 120
    assert router.device.archive.pending
    assert not router.device.startup()
    for secret in (PSK, NHRP):
        assert secret not in run.output
    # Another run has to wait for it, and leaves it alone.
    again = router.apply()
    assert again.code != 0 and "waits to be confirmed" in again.message, again.output
    commit = run.result["commit"]
    look = end(router, commit, "--check", state="confirmed")
    assert look.result["changed"] and router.device.archive.pending, look.output
    assert router.device.archive.pending
    done = end(router, commit, state="confirmed")
    assert done.code == 0, done.output
    assert done.result["told"] == "the change is confirmed"
    assert not router.device.archive.pending
    assert router.device.startup() == router.text
    second = end(router, commit, state="confirmed")
    assert (second.code, second.result["changed"]) == (0, False), second.output
    after = router.play(tasks(("ios_apply", APPLY)))
    assert (after.result["changed"], after.result["pending"]) == (False, 0), after.output


def test_waiting_then_undone(make: Make, hub: str) -> None:
    router = make()
    before, run = left_waiting(router, hub)
    commit = run.result["commit"]
    told = end(router, commit, state="status")
    assert told.result["pending"] == {"state": "pending", "left": 120}, told.output
    done = end(router, commit, state="undone")
    assert done.code == 0 and done.result["changed"], done.output
    assert router.text == before
    assert not router.device.startup()
    assert not router.device.archive.pending
    second = end(router, commit, state="undone")
    assert (second.code, second.result["changed"]) == (0, False), second.output


def test_the_time_was_over_when_it_was_to_be_confirmed(make: Make, hub: str) -> None:
    router = make(minute=20.0)
    before, run = left_waiting(router, hub)
    until(lambda: router.text == before)
    late = end(router, run.result["commit"], state="confirmed")
    assert late.code != 0 and UNDONE in late.message, late.output
    assert late.result["restored"]
    assert len(late.message.splitlines()) == 1
    assert not router.device.startup()
    undone = end(router, run.result["commit"], state="undone")
    assert (undone.code, undone.result["changed"]) == (0, False), undone.output


def test_a_router_that_takes_nobody_back_in_undoes_it_by_itself(make: Make, hub: str) -> None:
    """The proof waits for that, and says what it found."""
    router = make(minute=10.0)
    router.bundle(hub)
    before = router.text
    note = router.device.journal.note

    def shut(who: str, what: str) -> None:
        note(who, what)
        # Of what is done, this is the last: nobody gets in behind it.
        if what == "configure revert timer 2":
            router.fault("auth")
        if what.startswith("rollback timer expired"):
            router.fault()

    router.device.journal.note = shut
    proof = {"commit": "{{ it.commit }}", "seconds": 5, "absent": True}
    run = router.play(tasks(("ios_apply", APPLY), ("prove", proof)))
    assert run.code != 0
    assert "cannot be reached after the change" in run.message, run.output
    assert "It is back, and no change is pending" in run.message, run.output
    assert router.text == before
    assert not router.device.startup()


def test_bad_arguments_are_one_line(make: Make, hub: str) -> None:
    router = make()
    run = end(router, "3-2026-03-01T22:00:00Z", state="confirmed")
    assert run.message == "commit is not what ios_apply returned: write ios_result.commit", run.output
    none = end(router, "", state="confirmed")
    assert "no change waits to be confirmed" in none.message, none.output
    assert end(router, "", state="undone").code == 0
