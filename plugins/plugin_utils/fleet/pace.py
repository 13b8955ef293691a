# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`dmvpn_convergence`: one word for how soon a loss is noticed, and the numbers that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Word = Literal["fast", "normal", "slow"]

RETRANSMISSIONS = 3
RETRANSMIT_BASE = 1.3  # each wait is that much longer than the one before


@dataclass(frozen=True, slots=True)
class Pace:
    """What the word stands for wherever a cloud does not say its own number.

    ``bfd_interval`` is in milliseconds, everything else in seconds. ``retransmit`` is how long IKE waits for
    a first answer; it is the router's, so no cloud has a word in it.
    """

    bfd_interval: int
    bfd_multiplier: int
    keepalive: int
    holdtime: int
    nhrp_holdtime: int
    dpd: int
    retransmit: float

    @property
    def bfd_detection(self) -> float:
        """Seconds until BFD calls a neighbour dead."""
        return self.bfd_interval * self.bfd_multiplier / 1000

    @property
    def sa_detection(self) -> float:
        """Seconds until the SA of a silent peer is gone: dead peer detection, and all retransmissions."""
        return self.dpd + ike_gives_up(self.retransmit)


PACES: dict[Word, Pace] = {
    "fast": Pace(100, 3, keepalive=1, holdtime=3, nhrp_holdtime=30, dpd=2, retransmit=0.5),
    "normal": Pace(300, 3, keepalive=3, holdtime=10, nhrp_holdtime=60, dpd=3, retransmit=0.8),
    "slow": Pace(1000, 4, keepalive=10, holdtime=30, nhrp_holdtime=120, dpd=10, retransmit=2.0),
}
NORMAL = PACES["normal"]


def ike_gives_up(retransmit: float) -> float:
    """Seconds from an IKE message to its end without an answer (strongswan.conf(5), retransmission)."""
    return sum(retransmit * RETRANSMIT_BASE**attempt for attempt in range(RETRANSMISSIONS + 1))
