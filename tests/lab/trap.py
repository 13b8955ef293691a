# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs on a router: kills or stops whoever holds the transaction's lock, at one moment and at no other.

    python3 trap.py KILL|STOP|TELL step STEP       before the step begins, once it is noted
    python3 trap.py ...            pending         the change waits to be confirmed
    python3 trap.py ...            back STEP       the step is about to go back
    python3 trap.py ...            noted           the verdict is written, and the change still open
    python3 trap.py ...            closed          the change is not open any more

The kernel wakes this process inside the victim's own system call, and it comes before all others. So the
moment is always the same, and there is nothing to wait for.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import signal
import sys
from pathlib import Path

VAR = Path("/var/lib/mgre-dmvpn")
JOURNAL, HISTORY, LOCK = VAR / "journal.json", VAR / "history.jsonl", VAR / "lock"
ARMED, HIT = Path("/run/trap.armed"), Path("/run/trap.hit")
DELETE, MOVED_TO = 0x200, 0x80  # inotify(7)


def main(action: str, moment: str, step: str = "") -> None:
    HIT.unlink(missing_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    events = libc.inotify_init()
    if events < 0 or libc.inotify_add_watch(events, bytes(VAR), DELETE | MOVED_TO) < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    history = size()
    opened = JOURNAL.exists()
    ARMED.write_text("")
    while True:
        os.read(events, 65536)
        journal = {}
        with contextlib.suppress(FileNotFoundError):
            journal = json.loads(JOURNAL.read_text())
        opened = opened or bool(journal)
        if {
            "step": journal.get("state") == "changing" and journal["steps"][-1:] == [step],
            "pending": journal.get("state") == "pending",
            "back": journal.get("undoing") == step,
            "noted": bool(journal) and size() != history,
            "closed": opened and not journal,
        }[moment]:
            break
    found = re.match(r"pid (\d+)", LOCK.read_text())
    if action != "TELL" and found:
        os.kill(int(found[1]), signal.SIGKILL if action == "KILL" else signal.SIGSTOP)
    HIT.write_text(found[1] if found else "")
    ARMED.unlink()


def size() -> int:
    return HISTORY.stat().st_size if HISTORY.exists() else 0


if __name__ == "__main__":
    main(*sys.argv[1:])
