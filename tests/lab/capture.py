# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packet captures on links of a lab, taken in its core namespace where no router can see them."""

from __future__ import annotations

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
    argv = ["tcpdump", "-i", name, "-n", "-U", "-s", str(SNAPLEN), "-Z", "root", "-w", str(target)]
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
    """Stop a capture and return its file. Raises LabError if none was ever started."""
    processes.end(running(state, node, interface), how=signal.SIGINT)
    target = file(state, node, interface)
    if not target.exists():
        raise LabError(f"there is no capture of {node.name}:{interface}")
    return target
