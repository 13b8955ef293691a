# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds by real packets how large a packet passes to a target: IOS's own ping with Don't Fragment set.

``size`` is of the whole IPv4 packet on IOS, as in our probes. If the full size does not pass, the largest
that does is searched for by halving, one ping after the other: a router has one console for us.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from ...module_utils.linux.observe_path import GRAIN, SMALLEST, Probe, Target
from .ios_text import ERROR, plain

Run = Callable[[Sequence[str]], list[str]]
REPEAT, TIMEOUT = 5, 2
LARGEST = 18024  # of IOS
RATE = re.compile(r"Success rate is \d+ percent \((\d+)/(\d+)\)")
TIMES = re.compile(r"round-trip min/avg/max = \d+/(\d+)/\d+ ms")


def command(target: Target, size: int, repeat: int, timeout: int) -> str:
    source = f" source {target.source}" if target.source else ""
    return f"ping {target.address}{source} size {size} df-bit repeat {repeat} timeout {timeout}"


def probe_all(run: Run, targets: Sequence[Target], deadline: float) -> list[Probe]:
    """Full-size packets to all targets in one go, then the search for those that lost all of them.

    ``deadline`` is in seconds from now; the search ends there with what it has found.
    """
    end = time.monotonic() + deadline
    answers = run([command(target, target.size, REPEAT, TIMEOUT) for target in targets]) if targets else []
    probes = []
    for target, said in zip(targets, answers, strict=True):
        probe = read(target, target.size, said)
        if probe.error is None and probe.passed is None:
            _search(run, target, probe, end)
        probes.append(probe)
    return probes


def read(target: Target, size: int, text: str) -> Probe:
    """What one ping said. Unknown words are an error of the probe, not a loss of packets."""
    probe = Probe(target.address, target.source, target.size)
    text = plain(text)
    rate = RATE.search(text)
    if rate is None or int(rate[2]) == 0 or int(rate[1]) > int(rate[2]):
        lines = [line.strip() for line in text.replace("\r", "").splitlines() if line.strip()]
        complaint = next((line for line in lines if ERROR.match(line)), lines[-1] if lines else "no answer")
        probe.error = f"ping: {complaint}"
        return probe
    heard, sent = int(rate[1]), int(rate[2])
    probe.loss = round(1 - heard / sent, 3)
    if heard:
        probe.passed = size
        if times := TIMES.search(text):
            probe.rtt = float(times[1])
    elif "U" in re.sub(r"[^U.!MQ&?]", "", _marks(text)):
        probe.error = "destination unreachable"
    return probe


def _marks(text: str) -> str:
    """The line of exclamation marks and points, one for each packet."""
    return next((line.strip() for line in text.splitlines() if re.fullmatch(r"[!.UMQ&?]+", line.strip())), "")


def _search(run: Run, target: Target, probe: Probe, end: float) -> None:
    """The largest size that passes, to GRAIN bytes, as the probe's ``passed``."""

    def passes(size: int) -> bool:
        return read(target, size, run([command(target, size, 2, 1)])[0]).passed is not None

    low, high = SMALLEST, target.size
    if not passes(low):
        return
    probe.passed, probe.error = low, None
    while high - low > GRAIN and time.monotonic() < end:
        middle = (low + high) // 2
        if passes(middle):
            low = probe.passed = middle
        else:
            high = middle
