# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One look of the dead man's switch. Runs on the router alone, from a program kept there."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from .deadman import disarm, start
from .host import TIMEOUT, CommandFailed, Host, say
from .journal import read_journal
from .store import LOCK, Locked, lock


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

                say(f"undoing the change of {journal.since}: {because}")
                undo(host, journal, because)
    except Locked:
        # The run is at it, or another look, or what either has left behind.
        end_orphans(host)


def end_orphans(host: Host) -> None:
    """Programs of a run that was killed have no more time than the run would have given them."""
    holder = re.match(r"pid (\d+)", host.read(LOCK) or "")
    found = dict(_holders(str(host.at(LOCK))))
    if holder and int(holder[1]) in found:
        return
    for pid, started in found.items():
        if host.clock() - started > TIMEOUT:
            say(f"ending process {pid}, which a run that was killed has left")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _holders(path: str) -> Iterator[tuple[int, float]]:
    """Processes that have a file open, and since when they run, in seconds of uptime."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            if any(os.readlink(open_file) == path for open_file in (entry / "fd").iterdir()):
                ticks = (entry / "stat").read_text().rpartition(")")[2].split()[19]
                yield int(entry.name), int(ticks) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue  # it has just ended


def main() -> None:
    """Arguments: ``look``, or ``boot``, which first makes sure that looks follow."""
    host = Host()
    if sys.argv[1:] == ["boot"]:
        try:
            start(host)
        except CommandFailed as error:
            say(str(error))
    look(host)
