# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a flow went through, from the times of its packets. Arithmetic only; all times are seconds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

STEADY = 1.0  # an outage is over once no packet was lost for so long
LATE = 1.5  # an answer that takes longer counts as lost

Outcome = Literal["unaffected", "failed over", "cut off", "hit on restore", "not measured"]


@dataclass(frozen=True, slots=True)
class Packet:
    """When it was sent, and when its answer came; None if none did, or too late."""

    sent: float
    answered: float | None

    @property
    def lost(self) -> bool:
        return self.answered is None or self.answered - self.sent > LATE


@dataclass(frozen=True, slots=True)
class Outage:
    """From the first lost packet until packets were answered again for ``STEADY``, or to the end of sight.

    ``heard`` is when the last packet before it was sent that was answered.
    """

    begin: float
    end: float
    lost: int
    over: bool
    heard: float

    @property
    def at_most(self) -> float:
        """Seconds from the last answered packet before it: so long it may have been."""
        return self.end - self.heard

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Experience:
    """One flow: lost packets before, during and after the fault, its outages, and its longest silence.

    ``during`` is what the fault did, ``after`` what its end did to a flow that had come through; ``back`` is
    how long a flow that was cut off took to come back after the end, None if it did not, or was not cut off.
    ``silence`` is the longest time without an answer while the fault lasted, ``times`` how many outages there
    were then; ``during`` is the longest of them, of a flow that was cut off the last.
    ``spacing`` is the longest time between two packets that were sent then.
    """

    outcome: Outcome
    sent: int
    lost: tuple[int, int, int]
    during: Outage | None = None
    after: Outage | None = None
    back: float | None = None
    silence: float = 0.0
    spacing: float = 0.0
    times: int = 0


def packets(sent: Sequence[float], answered: Sequence[float | None]) -> list[Packet]:
    return [Packet(*pair) for pair in zip(sent, answered, strict=True)]


def experience(seen: Sequence[Packet], begin: float, end: float, error: float = 0.0) -> Experience:
    """What a flow went through that was probed before ``begin`` and after ``end`` of a fault.

    ``error`` is how wrong these two may be: an outage belongs to the fault if it began at most so much
    earlier, and to its end if it began at most so much earlier than that.
    """
    times = [packet.sent for packet in seen]
    first, last = bisect_left(times, begin - error), bisect_left(times, end - error)
    before, during, after = seen[:first], seen[first:last], seen[last:]
    lost = (count(before), count(during), count(after))
    silence = longest_silence(during)
    spacing = max((b.sent - a.sent for a, b in pairwise(during)), default=0.0)
    if not before or not during or not after or lost[0] * 2 > len(before):
        return Experience("not measured", len(seen), lost, silence=silence, spacing=spacing)
    fell = outages(seen, first, last)
    worst = max(fell, key=lambda outage: outage.seconds, default=None)
    if fell and not fell[-1].over:
        back = settled(seen, last)
        came = None if back is None else max(0.0, seen[back].sent - end)
        return Experience(
            "cut off", len(seen), lost, fell[-1], back=came, silence=silence, spacing=spacing, times=len(fell)
        )
    hits = outages(seen, last, len(seen))
    hit = max(hits, key=lambda outage: outage.seconds, default=None)
    outcome: Outcome = "hit on restore" if hit else "failed over" if worst else "unaffected"
    return Experience(outcome, len(seen), lost, worst, hit, silence=silence, spacing=spacing, times=len(fell))


def count(seen: Sequence[Packet]) -> int:
    return sum(packet.lost for packet in seen)


def outages(seen: Sequence[Packet], first: int, last: int) -> list[Outage]:
    """The outages among the packets from ``first`` to ``last``; lost packets with no steady time between them
    are one.

    What comes after ``last`` is not looked at: what the end of a fault mends was not mended before.
    """
    groups: list[list[int]] = []
    for place in range(first, last):
        if not seen[place].lost:
            continue
        if groups and seen[place].sent - seen[groups[-1][-1] + 1].sent < STEADY:
            groups[-1].append(place)
        else:
            groups.append([place])
    found = []
    for group in groups:
        after = group[-1] + 1
        over = after < last and seen[last - 1].sent - seen[after].sent >= STEADY
        stop = seen[min(after, last - 1)].sent
        heard = seen[max(group[0] - 1, 0)].sent
        found.append(Outage(seen[group[0]].sent, stop, len(group), over, heard))
    return found


def settled(seen: Sequence[Packet], first: int) -> int | None:
    """The first packet from ``first`` on with which a steady time begins."""
    begin: int | None = None
    for place in range(first, len(seen)):
        if seen[place].lost:
            begin = None
        else:
            begin = place if begin is None else begin
            if seen[place].sent - seen[begin].sent >= STEADY:
                return begin
    return None


def longest_silence(seen: Sequence[Packet]) -> float:
    """The longest time between two answered packets, ends included."""
    if not seen:
        return 0.0
    marks = [seen[0].sent, *(packet.sent for packet in seen if not packet.lost), seen[-1].sent]
    return max(later - earlier for earlier, later in pairwise(marks))
