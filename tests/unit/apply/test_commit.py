# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A pending change: the router undoes it unless it is confirmed, whatever is killed at which command."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import (
    commit,
    deadman,
    history,
    transaction,
    undo_program,
)
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.outcome import Refused, Terms
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.release import Release
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.store import lock
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.undo import Failed
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.watch import look

Wanted = Callable[..., Release]
Intent = dict[str, Any]
TERMS = Terms(300, "anna@noc", "CHG-4711")
JOURNAL = "/var/lib/mgre-dmvpn/journal.json"


def changed(wanted: Wanted) -> Release:
    """Another release, for which every step has something to do."""
    return wanted(
        guard_nft="table inet mgre_dmvpn_guard { other }\n",
        mgre_dmvpn_blue_service="ExecStart=-ip link add name dmvpn10 type gre key 11 dev wan1\n",
        mgre_dmvpn_conf="charon {\n    install_routes = no\n    threads = 32\n}\n",
        frr_conf="interface dmvpn10\n ip nhrp network-id 11\nexit\n",
        daemons="nhrpd=yes\nbgpd=yes\nbfdd=yes\n",
    )


def nothing_armed(router: Any) -> bool:
    return (
        "mgre-dmvpn-undo.timer" not in router.active
        and "mgre-dmvpn-undo-boot.service" not in router.enabled
        and not router.host.exists(deadman.BOOT_FILE)
        and not router.host.exists("/var/lib/mgre-dmvpn/undo.pyz")
        and not router.host.exists(JOURNAL)
    )


def test_a_pending_change_is_left_alone_in_time_and_undone_after_it(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    before = router.state()
    outcome = transaction.apply(router.host, wanted(), intent, terms=TERMS)
    assert outcome.changed and outcome.pending == 300
    assert "mgre-dmvpn-undo.timer" in router.active and "mgre-dmvpn-undo-boot.service" in router.enabled
    pending = router.state()
    router.now += 299
    look(router.host)
    assert router.state() == pending
    router.now += 1
    look(router.host)
    assert router.state() == before and nothing_armed(router)
    [entry] = history.entries(router.host)
    assert entry["commit"] == outcome.commit
    assert (entry["verdict"], entry["because"]) == ("undone", "it was not confirmed within 300 s")
    assert (entry["who"], entry["why"]) == ("anna@noc", "CHG-4711")
    assert "+net.ipv4.ip_forward = 1" in entry["diff"]


def test_what_is_confirmed_stays(router: Any, wanted: Wanted, intent: Intent) -> None:
    outcome = transaction.apply(router.host, wanted(), intent, terms=TERMS)
    assert commit.confirm(router.host, str(outcome.commit), "anna@noc").changed
    confirmed = router.state()
    assert nothing_armed(router)
    router.now += 1000
    look(router.host)
    router.boot()
    look(router.host)
    assert router.state()["files"].keys() == confirmed["files"].keys()
    assert history.entries(router.host)[-1]["verdict"] == "confirmed"
    assert not commit.confirm(router.host, str(outcome.commit)).changed


def test_a_boot_undoes_what_was_pending(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent)
    before = router.state()
    transaction.apply(router.host, changed(wanted), intent, terms=TERMS)
    router.boot()
    look(router.host)
    assert router.state() == before and nothing_armed(router)
    assert "booted" in history.entries(router.host)[-1]["because"]


def test_a_late_confirmation_is_refused_and_told_what_became_of_it(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    outcome = transaction.apply(router.host, wanted(), intent, terms=TERMS)
    router.now += 301
    with pytest.raises(commit.NotPending, match="cannot be confirmed any more: it was not confirmed within"):
        commit.confirm(router.host, str(outcome.commit))
    look(router.host)
    with pytest.raises(commit.NotPending, match=r"was undone at 20\S+: it was not confirmed within 300 s"):
        commit.confirm(router.host, str(outcome.commit))
    with pytest.raises(commit.NotPending, match="does not know the change 9-x"):
        commit.confirm(router.host, "9-x")


def test_the_confirmation_of_another_change_is_refused(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent, terms=TERMS)
    with pytest.raises(commit.NotPending, match=r"another change is pending .*: 1-20\S+ by anna@noc"):
        commit.confirm(router.host, "7-2026-01-01T00:00:00Z")


def test_the_same_again_extends_and_another_is_refused(router: Any, wanted: Wanted, intent: Intent) -> None:
    first = transaction.apply(router.host, wanted(), intent, terms=TERMS)
    router.now += 200
    again = transaction.apply(router.host, wanted(), intent, terms=TERMS)
    assert again.changed and again.commit == first.commit and again.pending == 300
    router.now += 299
    look(router.host)
    assert router.host.exists(JOURNAL)
    state = router.state()
    with pytest.raises(Refused) as refused:
        transaction.apply(router.host, changed(wanted), intent, terms=TERMS)
    [message] = refused.value.messages
    assert "by anna@noc is pending, and the router undoes it in 1 s" in message and "confirm" in message
    assert router.state() == state


def test_extended_from_elsewhere(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent, terms=TERMS)
    router.now += 299
    commit.extend(router.host, 60)
    router.now += 59
    look(router.host)
    assert commit.status(router.host)["pending"]["left"] == 1
    router.now += 1
    look(router.host)
    assert commit.status(router.host)["pending"] is None
    with pytest.raises(commit.NotPending, match="was undone"):
        commit.extend(router.host, 60)


def test_undone_at_once(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent)
    before = router.state()
    transaction.apply(router.host, changed(wanted), intent, terms=TERMS)
    assert commit.take_back(router.host, "anna@noc wanted it").changed
    assert router.state() == before and nothing_armed(router)
    assert not commit.take_back(router.host, "again").changed


def test_a_run_that_is_killed_at_any_command_is_undone_by_the_next_look(
    make_router: Any,
    tmp_path: Path,
    wanted: Wanted,
    intent: Intent,
    killed: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference = make_router(tmp_path / "reference")
    transaction.apply(reference.host, wanted(), intent)
    first = len(reference.changes)
    transaction.apply(reference.host, changed(wanted), intent, terms=TERMS)
    commands = reference.changes[first:]
    assert len(commands) > 15
    for number, command in enumerate(commands, first + 1):
        router = make_router(tmp_path / str(number))
        transaction.apply(router.host, wanted(), intent)
        before = router.state()
        router.fail_at, router.killed = number, True
        with monkeypatch.context() as patch:
            # A killed process puts nothing back itself.
            patch.setattr(transaction, "restore", lambda *_: ["killed"])
            patch.setattr(transaction.Journal, "undo", lambda *_: None)
            with pytest.raises(killed):
                transaction.apply(router.host, changed(wanted), intent, terms=TERMS)
        router.fail_at = None
        if not router.host.exists(JOURNAL):
            assert "systemd-run" in command or "mgre-dmvpn-undo" in command, command
        look(router.host)
        assert router.state() == before, command
        assert nothing_armed(router), command


@pytest.mark.parametrize("booted", [False, True])
def test_an_undo_that_is_killed_at_any_command_is_finished_by_the_next_look(
    booted: bool,
    make_router: Any,
    tmp_path: Path,
    wanted: Wanted,
    intent: Intent,
    killed: type[BaseException],
) -> None:
    def pending(name: str) -> tuple[Any, Any]:
        router = make_router(tmp_path / name)
        transaction.apply(router.host, wanted(), intent)
        before = router.state()
        transaction.apply(router.host, changed(wanted), intent, terms=TERMS)
        if booted:
            router.boot()
        router.now += 300
        return router, before

    reference, before = pending("reference")
    first = len(reference.changes)
    look(reference.host)
    assert reference.state() == before
    commands = reference.changes[first:]
    assert len(commands) > 15
    for number, command in enumerate(commands, first + 1):
        router, before = pending(str(number))
        router.fail_at, router.killed = number, True
        with pytest.raises(killed):
            look(router.host)
        router.fail_at = None
        with pytest.raises(commit.NotPending):
            commit.confirm(router.host)
        look(router.host)
        # What was cut off between the end and disarming, the next look disarms.
        look(router.host)
        assert router.state() == before, command
        assert nothing_armed(router), command


def test_an_undo_that_fails_is_tried_again(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent)
    before = router.state()
    transaction.apply(router.host, changed(wanted), intent, terms=TERMS)
    router.now += 300
    router.refuse = {"swanctl --load-conns": "charon does not answer"}
    with pytest.raises(Failed, match="COULD NOT BE PUT BACK"):
        look(router.host)
    with pytest.raises(commit.NotPending, match="it was not confirmed within 300 s"):
        commit.confirm(router.host)
    router.refuse = {}
    look(router.host)
    assert router.state() == before and nothing_armed(router)


def test_a_look_waits_for_a_run_that_is_at_it(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent, terms=TERMS)
    router.now += 300
    state = router.state()
    with lock(router.host):
        look(router.host)
    assert router.state() == state


def test_without_the_switch_nothing_is_changed(router: Any, wanted: Wanted, intent: Intent) -> None:
    before = router.state()
    router.refuse = {"systemd-run": "Failed to connect to bus"}
    with pytest.raises(Refused, match=r"undo the change by itself, so nothing was changed: .*bus"):
        transaction.apply(router.host, wanted(), intent, terms=TERMS)
    assert router.state() == before and nothing_armed(router)


@pytest.mark.parametrize("by", ["a look", "the next run"])
def test_a_switch_that_was_armed_for_nothing_is_taken_away(
    by: str, router: Any, wanted: Wanted, intent: Intent
) -> None:
    """The power goes after it is armed, and before the journal is on the disk."""
    transaction.apply(router.host, wanted(), intent)
    before = router.state()
    deadman.arm(router.host, b"")
    router.active = set(before["active"])  # a timer does not survive
    assert not nothing_armed(router)
    if by == "a look":
        look(router.host)
    else:
        transaction.apply(router.host, wanted(), intent)
    assert router.state() == before and nothing_armed(router)


def test_a_removal_can_be_undone_until_it_is_confirmed(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent)
    before = router.state()
    assert transaction.remove(router.host, terms=TERMS).pending == 300
    router.now += 300
    look(router.host)
    assert router.state() == before
    transaction.remove(router.host, terms=TERMS)
    commit.confirm(router.host)
    assert not router.host.exists("/var/lib/mgre-dmvpn")
    assert "mgre-dmvpn-blue.service" not in router.active
    assert not transaction.remove(router.host).changed


def test_journal_and_history_hold_no_secret(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent, terms=TERMS)
    told = [router.host.read(JOURNAL), json.dumps(commit.status(router.host))]
    commit.confirm(router.host)
    told.append(router.host.read("/var/lib/mgre-dmvpn/history.jsonl"))
    for text in told:
        assert "@@secret:psk/blue@@" in text
        assert "s3cret99" not in text and "correct-horse" not in text


def test_check_mode_tells_of_a_pending_change(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent, terms=TERMS)
    router.now += 300
    state = router.state()
    outcome = transaction.apply(router.host, wanted(), intent, check=True)
    assert any("the next real run undoes it first" in text for text in outcome.warnings)
    assert router.state() == state


def test_the_program_needs_nothing_but_python(tmp_path: Path) -> None:
    path = tmp_path / "undo.pyz"
    path.write_bytes(undo_program.program())
    code = (
        f"import sys; sys.path.insert(0, {str(path)!r})\n"
        "import mgre_dmvpn.undo, mgre_dmvpn.watch\nprint(mgre_dmvpn.watch)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0 and str(path) in done.stdout, done.stderr


def unordered(state: dict[str, Any]) -> dict[str, Any]:
    """FRR's file without the order of its lines: lines that come back are merged in, as any others."""
    text, mode = state["files"]["etc/frr/frr.conf"]
    files = {**state["files"], "etc/frr/frr.conf": (sorted(text.splitlines()), mode)}
    return {**state, "files": files}


def test_rollback_goes_back_to_a_kept_generation_and_can_be_undone(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    transaction.apply(router.host, wanted(), intent)
    first = unordered(router.state())
    transaction.apply(router.host, changed(wanted), {**intent, "second": True})
    second = unordered(router.state())
    back = transaction.rollback(router.host, terms=TERMS)
    assert back.changed and back.pending == 300 and back.intent == intent
    assert router.state()["running"] == first["running"] != second["running"]
    router.now += 300
    look(router.host)
    assert unordered(router.state()) == second
    assert transaction.rollback(router.host, 2, terms=TERMS).changed
    commit.confirm(router.host)
    assert unordered(router.state()) == first
    # It is the last change itself now: going back once more is forward again.
    assert transaction.rollback(router.host).intent == {**intent, "second": True}
    assert unordered(router.state()) == second


def test_rollback_to_what_is_not_kept_is_refused(router: Any, wanted: Wanted, intent: Intent) -> None:
    with pytest.raises(Refused, match="generation of a change is not kept on this router; kept: none"):
        transaction.rollback(router.host)
    transaction.apply(router.host, wanted(), intent)
    with pytest.raises(Refused, match="generation 7 is not kept on this router; kept: 1"):
        transaction.rollback(router.host, 7)
    state = router.state()
    with pytest.raises(Refused, match="had nothing on this router; take it off with linux_state: absent"):
        transaction.rollback(router.host)
    assert router.state() == state


def test_rollback_in_check_mode_touches_nothing(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent)
    transaction.apply(router.host, changed(wanted), intent)
    state, done = router.state(), len(router.changes)
    predicted = transaction.rollback(router.host, check=True)
    assert router.state() == state and len(router.changes) == done
    assert predicted.diff == transaction.rollback(router.host).diff


RUN = """
import fcntl, os, subprocess, sys
lock = os.open(sys.argv[1], os.O_RDWR)
fcntl.flock(lock, fcntl.LOCK_EX)
os.set_inheritable(lock, True)
os.pwrite(lock, f"pid {os.getpid()}, since now\\n".encode(), 0)
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
print(subprocess.Popen(["sleep", "1000"], close_fds=False, **quiet).pid)
"""


def lives(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(OSError):
        return state.read_text().rpartition(")")[2].split()[0] not in "XZ"
    return False


def test_a_program_that_a_killed_run_has_left_is_waited_for_but_not_for_ever(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    before = router.state()
    router.now = time.clock_gettime(time.CLOCK_BOOTTIME)
    transaction.apply(router.host, wanted(), intent, terms=Terms(10))
    pending = router.state()
    path = str(router.root / "var/lib/mgre-dmvpn/lock")
    left = int(subprocess.run([sys.executable, "-c", RUN, path], capture_output=True, check=True).stdout)
    try:
        router.now += 100
        look(router.host)
        assert lives(left) and router.state() == pending
        router.now += 100
        look(router.host)
        deadline = time.monotonic() + 20
        while lives(left):
            assert time.monotonic() < deadline, "the program is not ended"
            time.sleep(0.01)
        assert router.state() == pending
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(left, signal.SIGKILL)
    look(router.host)
    assert router.state() == before
