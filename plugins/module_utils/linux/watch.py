# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One look of the dead man's switch. Runs on the router alone, from a program kept there."""

from __future__ import annotations

import sys

from .deadman import disarm, start
from .host import CommandFailed, Host
from .journal import read_journal
from .store import Locked, lock


def look(host: Host) -> None:
    """Undo the open change if it has to be. Raises ``undo.Failed``; the next look tries again."""
    journal = read_journal(host)
    # A pending change that has time is left alone without the lock, which its confirmation may want.
    if journal and journal.state == "pending" and not journal.due():
        return
    try:
        with lock(host, patience=0):
            journal = read_journal(host)
            if journal is None:
                disarm(host)
            elif because := journal.due():
                # Only now, because reading all of it takes its time.
                from .undo import undo

                print(f"undoing the change of {journal.since}: {because}", flush=True)
                undo(host, journal, because)
    except Locked:
        pass  # the run is at it, or another look


def main() -> None:
    """Arguments: ``look``, or ``boot``, which first makes sure that looks follow."""
    host = Host()
    if sys.argv[1:] == ["boot"]:
        try:
            start(host)
        except CommandFailed as error:
            print(error, flush=True)
    look(host)
