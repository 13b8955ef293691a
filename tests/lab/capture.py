# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packet captures on links of a lab, taken in its core namespace where no router can see them."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

from . import processes
from .host import LabError
from .state import State
from .topology import Node
from .wiring import core, netns, tap

# Enough for the outer headers and those that an ICMP error quotes.
SNAPLEN = 160


def file(state: State, node: Node, interface: str) -> Path:
    return Path(state.disks) / "captures" / f"{node.name}-{interface}.pcap"


def begin(state: State, node: Node, interface: str) -> Path:
    """Start a capture, from an empty file; it runs when this returns."""
    if running(state, node, interface):
        finish(state, node, interface)
    target = file(state, node, interface)
    target.parent.mkdir(exist_ok=True, mode=0o700)
    target.unlink(missing_ok=True)
    name = tap(node.name, interface)
    said = state.directory / f"tcpdump-{name}.out"
    said.unlink(missing_ok=True)
    argv = [
        "tcpdump",
        "-i",
        name,
        "-n",
        "-U",
        "--immediate-mode",
        "-B",
        "8192",
        "-s",
        str(SNAPLEN),
        "-Z",
        "root",
    ]
    argv += ["-w", str(target)]
    pid = processes.start(netns(core(state.name), *argv), said)
    deadline = time.monotonic() + 20
    # tcpdump writes the file's header once the socket receives.
    while not (target.exists() and target.stat().st_size >= 24):
        if time.monotonic() > deadline or not processes.argv_of(pid):
            raise LabError(f"tcpdump on {name} does not start: {said.read_text().strip()[-500:]}")
        time.sleep(0.02)
    return target


def running(state: State, node: Node, interface: str) -> list[int]:
    """Pids of the capture on a link."""
    target = str(file(state, node, interface))
    return [pid for pid in processes.inside([core(state.name)]) if target in processes.argv_of(pid)]


def finish(state: State, node: Node, interface: str) -> Path:
    """Stop a capture and return its file, which has every packet until this call.

    Raises LabError if none was ever started, or if the kernel dropped packets: such a capture proves
    nothing.
    """
    pids = running(state, node, interface)
    said = state.directory / f"tcpdump-{tap(node.name, interface)}.out"
    for pid in pids:
        received = _counters(pid, said)[1]
        deadline = time.monotonic() + 20
        while (now := _counters(pid, said))[0] < received:
            if time.monotonic() > deadline:
                raise LabError(f"tcpdump on {node.name}:{interface} wrote {now[0]} of {received} packets")
            time.sleep(0.05)
        if now[2]:
            raise LabError(f"the capture of {node.name}:{interface} lost {now[2]} packets; capture again")
    processes.end(pids, how=signal.SIGINT)
    target = file(state, node, interface)
    if not target.exists():
        raise LabError(f"there is no capture of {node.name}:{interface}")
    return target


def _counters(pid: int, said: Path) -> tuple[int, int, int]:
    """Packets written, received and dropped, which tcpdump tells on SIGUSR1."""
    pattern = re.compile(
        r"(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped"
    )
    before = len(pattern.findall(said.read_text()))
    os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + 20
    while len(found := pattern.findall(said.read_text())) <= before:
        if time.monotonic() > deadline:
            raise LabError(f"tcpdump ({said}) does not answer")
        time.sleep(0.01)
    written, received, dropped = map(int, found[-1])
    return written, received, dropped
