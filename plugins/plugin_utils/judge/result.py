# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a check says of a router."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ..fleet.intent import Membership, Peer
from .sight import Sight

Outcome = Literal["pass", "fail", "unknown"]
Verdict = tuple[Outcome, str]
# So many names are written out; a hub with thousands of spokes gets the first ones and a number.
NAMES = 8


@dataclass(frozen=True, slots=True)
class Result:
    """One judgement. ``subject`` is what was judged, ``peers`` the other routers that it is about.

    ``ok`` of ``total`` things are as they should be. ``blocks`` is the first layer that cannot work while
    this fails (None: it harms nothing else). ``root`` marks what has no deeper reason on this router;
    ``cause`` and ``remedy`` are set on roots, on all others ``cause`` names the root.
    """

    host: str
    check: str
    layer: int
    subject: str
    outcome: Outcome
    expected: str
    got: str
    cloud: str | None = None
    peers: tuple[str, ...] = ()
    ok: int = 0
    total: int = 1
    blocks: int | None = None
    root: bool = False
    cause: str | None = None
    remedy: str | None = None
    # Which router a root's remedy is about: here, peer or both. "here" is the surest.
    at: str = ""


def names(peers: list[str]) -> str:
    more = len(peers) - NAMES
    return ", ".join(peers[:NAMES]) + (f" and {more} more" if more > 0 else "")


class Check:
    """One thing that is checked. The docstring of each check is its page in docs/reference/checks.md.

    ``layer`` orders checks: what fails on a lower layer explains what fails above it.
    """

    name: str
    title: str
    layer: int
    # The first layer that a failure makes impossible; None if everything else can still work.
    blocks: int | None = None

    def judge(self, sight: Sight) -> Iterator[Result]:
        raise NotImplementedError

    def result(
        self,
        sight: Sight,
        subject: str,
        verdict: Verdict,
        expected: str,
        cloud: str | None = None,
        peers: tuple[str, ...] = (),
        blocks: int | None = None,
    ) -> Result:
        outcome, got = verdict
        return Result(
            host=sight.device.name,
            check=self.name,
            layer=self.layer,
            subject=subject,
            outcome=outcome,
            expected=expected,
            got=got,
            cloud=cloud,
            peers=peers,
            ok=int(outcome == "pass"),
            blocks=blocks if blocks is not None else self.blocks,
        )

    def over_peers(
        self,
        sight: Sight,
        member: Membership,
        expected: str,
        test: Callable[[Peer], Verdict],
        concerns: Callable[[Peer], bool] = lambda peer: True,
    ) -> Iterator[Result]:
        """One result per hub, and one for all spokes together: a hub may have thousands.

        ``concerns`` leaves out peers of which nothing is expected. Spokes that were looked at together with
        this router have a result each: two of them may fail for two reasons.
        """
        cloud = member.cloud.name
        single = [peer for peer in member.spokes if peer.name in sight.others]
        for peer in filter(concerns, (*member.hubs, *single)):
            yield self.result(sight, f"{cloud}: {peer.name}", test(peer), expected, cloud, (peer.name,))
        rest = [peer for peer in member.spokes if peer.name not in sight.others]
        verdicts = {peer.name: test(peer) for peer in filter(concerns, rest)}
        if not verdicts:
            return
        bad = [name for name, verdict in verdicts.items() if verdict[0] == "fail"]
        doubtful = [name for name, verdict in verdicts.items() if verdict[0] == "unknown"]
        total = len(verdicts)
        outcome: Outcome = "fail" if bad else "unknown" if doubtful else "pass"
        got = f"all {total}"
        if bad or doubtful:
            which = bad or doubtful
            got = f"not {len(which)} of {total}: {names(which)} ({verdicts[which[0]][1]})"
        yield Result(
            host=sight.device.name,
            check=self.name,
            layer=self.layer,
            subject=f"{cloud}: spokes",
            outcome=outcome,
            expected=f"each of {total} spokes: {expected}",
            got=got,
            cloud=cloud,
            peers=tuple(bad or doubtful),
            ok=total - len(bad) - len(doubtful),
            total=total,
            blocks=self.blocks,
        )
