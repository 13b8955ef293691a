# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a pending change: confirmed, given more time, or undone; and what is known of the last ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import history
from .host import Host
from .journal import Journal, read_journal
from .store import JOURNAL, VAR, lock
from .undo import end, undo

TOLD = 10  # of the last changes


class NotPending(Exception):
    """There is nothing to confirm or extend; the message says what became of it and what to do."""


@dataclass(frozen=True, slots=True)
class Ended:
    """``changed`` is whether anything happened on the router; ``told`` is what, in one sentence."""

    changed: bool
    told: str
    left: int = 0


def confirm(host: Host, commit: str = "", who: str = "") -> Ended:
    """The change stays. ``commit`` names it; any if empty. Raises :class:`NotPending` and ``Locked``."""
    if not host.exists(VAR):
        return Ended(False, "nothing was ever changed here")
    with lock(host):
        journal = _open(host, commit)
        if journal is None:
            return Ended(False, _confirmed_before(host, commit))
        settle(host, journal, who)
    return Ended(True, f"the change of {journal.since} is confirmed")


def settle(host: Host, journal: Journal, who: str = "") -> None:
    """Confirm an open change. The caller holds the lock."""
    end(host, journal, "confirmed", f"by {who}" if who else "")
    if journal.absent:
        host.remove(VAR)


def extend(host: Host, seconds: int, commit: str = "") -> Ended:
    """It has so many seconds from now. Raises :class:`NotPending` and ``Locked``."""
    if not host.exists(VAR):
        raise NotPending("no change is pending on this router")
    with lock(host):
        journal = _open(host, commit)
        if journal is None:
            raise NotPending(f"no change is pending on this router: {_confirmed_before(host, commit)}")
        journal.pend(seconds)
    return Ended(True, f"the change of {journal.since} has {seconds} s more", seconds)


def take_back(host: Host, because: str, commit: str = "") -> Ended:
    """Undo the open change now. Raises ``undo.Failed``, :class:`NotPending` and ``Locked``."""
    if not host.exists(VAR):
        return Ended(False, "nothing was ever changed here")
    with lock(host):
        journal = read_journal(host)
        if journal is None:
            return Ended(False, "no change is pending on this router")
        _same(journal, commit)
        undo(host, journal, journal.due() or because)
    return Ended(True, f"the change of {journal.since} is undone; the router is as it was before")


def status(host: Host) -> dict[str, Any]:
    """The open change and the last ones that ended, newest first."""
    journal = read_journal(host) if host.exists(JOURNAL) else None
    told: dict[str, Any] = {"pending": None, "history": history.entries(host)[: -TOLD - 1 : -1]}
    if journal:
        told["pending"] = {
            "commit": journal.commit,
            "state": journal.state,
            "generation": journal.generation,
            "begun": journal.since,
            "left": journal.left if journal.state == "pending" else 0,
            "who": journal.who,
            "why": journal.why,
            "diff": journal.diff,
        }
    return told


def _open(host: Host, commit: str) -> Journal | None:
    """The pending change, None if there is none. Raises :class:`NotPending` when it has to be undone."""
    journal = read_journal(host)
    if journal is None:
        return None
    _same(journal, commit)
    if because := journal.due():
        raise NotPending(
            f"the change of {journal.since} cannot be confirmed any more: {because}. "
            "The router is undoing it; apply again when it is done"
        )
    return journal


def _same(journal: Journal, commit: str) -> None:
    if commit and commit != journal.commit:
        raise NotPending(
            f"another change is pending on this router: {journal.commit}, by {journal.who or 'somebody'}, "
            f"not {commit}"
        )


def _confirmed_before(host: Host, commit: str) -> str:
    """How the change ended that is not open any more. Raises :class:`NotPending` if it was undone."""
    found = [entry for entry in history.entries(host) if commit in ("", entry["commit"])]
    if not found:
        if commit:
            raise NotPending(f"this router does not know the change {commit}; apply again")
        return "no change is pending on this router"
    last = found[-1]
    if last["verdict"] == "undone":
        raise NotPending(
            f"the change of {last['begun']} was undone at {last['ended']}: {last['because']}. Apply it again"
        )
    return f"the change of {last['begun']} was confirmed at {last['ended']}"
