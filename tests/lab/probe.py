# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packets along a flow, 20 a second, and which of them were lost when."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import wiring
from .lab import Lab

PER_SECOND = 20


@dataclass(slots=True)
class Flow:
    """Pings from one LAN's client to another's. Times are of the monotonic clock, in seconds.

    An answer counts to the packet that it answers, also when it comes late.
    """

    source: str
    target: str
    began: float = 0.0
    sent: int = 0
    answered: dict[int, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.source} to {self.target}"

    def lost_between(self, begin: float, end: float) -> int:
        """Packets sent in that time without an answer."""
        return sum(number not in self.answered for number in self._sent_in(begin, end))

    def gap_after(self, moment: float) -> float:
        """Seconds of the longest run of lost packets from then on."""
        longest = run = 0
        for number in self._sent_in(moment, float("inf")):
            run = 0 if number in self.answered else run + 1
            longest = max(longest, run)
        return longest / PER_SECOND

    def flows_since(self, moment: float) -> float:
        """For how many seconds up to now answers have come without a break, from ``moment`` at most."""
        last = max(self.answered, default=0)
        if time.monotonic() - self.answered.get(last, 0.0) > 0.5:
            return 0.0
        first = last
        while first - 1 in self.answered:
            first -= 1
        return self.answered[last] - max(moment, self.answered[first])

    def _sent_in(self, begin: float, end: float) -> list[int]:
        numbers = range(1, self.sent + 1)
        return [n for n in numbers if begin <= self.began + (n - 1) / PER_SECOND < end]


class Probes:
    """All flows of one measurement."""

    def __init__(self, flows: list[Flow]) -> None:
        self.flows = flows

    def wait_steady(self, moment: float, seconds: float, limit: float) -> None:
        """Until every flow has gone on for ``seconds`` after ``moment`` without losing a packet."""
        deadline = time.monotonic() + limit
        while not all(flow.flows_since(moment) >= seconds for flow in self.flows):
            still = [flow.name for flow in self.flows if flow.flows_since(moment) < seconds]
            assert time.monotonic() < deadline, f"not steady within {limit:.0f} s: {', '.join(still)}"
            time.sleep(0.1)

    def gap_after(self, moment: float) -> float:
        """Seconds of the worst flow."""
        return max(flow.gap_after(moment) for flow in self.flows)

    def lost_between(self, begin: float, end: float = float("inf")) -> int:
        """Packets that all flows lost together."""
        return sum(flow.lost_between(begin, end) for flow in self.flows)


@contextmanager
def probing(lab: Lab, *pairs: tuple[str, str]) -> Iterator[Probes]:
    """Sends along these flows for as long as the block runs; what was sent is final only afterwards."""
    probes = Probes([Flow(*pair) for pair in pairs])
    running: list[tuple[subprocess.Popen[str], threading.Thread]] = []
    try:
        for flow in probes.flows:
            address = str(lab.topology.node(flow.target).client.ip)
            ping = subprocess.Popen(
                wiring.netns(
                    wiring.client(lab.name, flow.source),
                    *("ping", "-n", "-i", str(1 / PER_SECOND), "-W", "1", address),
                ),
                stdout=subprocess.PIPE,
                text=True,
            )
            flow.began = time.monotonic()
            reader = threading.Thread(target=_read, args=(ping, flow), daemon=True)
            reader.start()
            running.append((ping, reader))
        yield probes
    finally:
        for ping, _reader in running:
            ping.send_signal(signal.SIGINT)
        for ping, reader in running:
            reader.join(timeout=20)
            ping.wait(timeout=20)


def _read(ping: subprocess.Popen[str], flow: Flow) -> None:
    assert ping.stdout is not None
    for line in ping.stdout:
        if answer := re.search(r"bytes from .*icmp_seq=(\d+)", line):
            number = int(answer[1])
            # The first answer tells when the first packet left.
            if not flow.answered:
                flow.began = time.monotonic() - (number - 1) / PER_SECOND
            flow.answered[number] = time.monotonic()
            flow.sent = max(flow.sent, number)
        elif summary := re.search(r"(\d+) packets transmitted", line):
            # What was still under way at the end is not lost.
            last = max(flow.answered, default=0)
            flow.sent = last if int(summary[1]) - last < PER_SECOND else int(summary[1])
