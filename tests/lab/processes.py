# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's processes: found by the namespaces they run in, which are the lab's alone.

A namespace's name is recorded before it is made, so nothing started in it can be lost, and no
process of anybody else can be hit, whatever happened to the tool or to pid numbers in between.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

from .host import LabError

NETNS = Path("/run/netns")


def start(argv: list[str], output: Path, env: dict[str, str] | None = None) -> int:
    """Start a process that outlives the tool, in a session of its own; returns its pid."""
    with output.open("ab") as out:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
    return process.pid


def inside(namespaces: Iterable[str]) -> list[int]:
    """Pids of everything that runs in these namespaces."""
    wanted = set()
    for name in namespaces:
        try:
            found = (NETNS / name).stat()
        except FileNotFoundError:
            continue
        wanted.add((found.st_dev, found.st_ino))
    pids = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            found = (entry / "ns/net").stat()
        except OSError:
            continue  # it ended while we looked
        if (found.st_dev, found.st_ino) in wanted:
            pids.append(int(entry.name))
    return pids


def argv_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def session_of(pid: int) -> int:
    """Session of a process, 0 if it is gone."""
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def end(pids: Iterable[int], *, how: signal.Signals = signal.SIGKILL, within: float = 20.0) -> None:
    """Signal processes and wait until they are gone. Raises LabError if some are not, ``within`` seconds."""
    handles: dict[int, int] = {}
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        handles[handle] = pid
    try:
        for handle in handles:
            try:
                signal.pidfd_send_signal(handle, how)
            except ProcessLookupError:
                continue
        waiting = set(handles)
        while waiting:
            ended, _writable, _exceptional = select.select(list(waiting), [], [], within)
            if not ended:
                raise LabError(f"processes do not end: {sorted(handles[handle] for handle in waiting)}")
            waiting -= set(ended)
    finally:
        for handle in handles:
            os.close(handle)
    _reap(handles.values())


def _reap(pids: Iterable[int]) -> None:
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            continue  # not our child
