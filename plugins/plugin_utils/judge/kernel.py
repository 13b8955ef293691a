# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of what lies below all tunnels on a Linux router: its clock and its kernel."""

from __future__ import annotations

from collections.abc import Iterator

from .result import Check, Result, Verdict
from .sight import Sight

TOLERANCE = 120
FULL = 0.9


class Clock(Check):
    """The router's clock is within two minutes of the controller's.

    Certificates are judged by it: a clock that is wrong by their lifetime makes every peer's certificate
    invalid, and one in the past the router's own. The distance is what is certain whatever the answer took.
    The clock of an IOS router is not compared, because its distance from UTC is not always told.
    """

    name = "clock"
    title = "Clock right"
    layer = 0

    def judge(self, sight: Sight) -> Iterator[Result]:
        ahead = sight.state.host.ahead
        if sight.device.platform == "ios" or ahead is None:
            return
        verdict: Verdict = ("pass", "right")
        if abs(ahead) > TOLERANCE:
            verdict = (
                "fail",
                f"{duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the controller's",
            )
        # Only then does it take SAs along.
        blocks = 2 if self.outlives(sight, ahead) else None
        yield self.result(sight, "clock", verdict, f"within {TOLERANCE} s of the controller's", blocks=blocks)

    @staticmethod
    def outlives(sight: Sight, ahead: float) -> bool:
        """Whether a certificate is not valid by this clock, and is by the controller's."""
        now = sight.state.host.time
        return now is not None and any(
            not _valid(c.not_before, now, c.not_after) and _valid(c.not_before, now - ahead, c.not_after)
            for c in sight.state.certificates or []
        )


def _valid(begin: float | None, now: float, end: float | None) -> bool:
    return (begin is None or begin <= now) and (end is None or now <= end)


def duration(seconds: float) -> str:
    for name, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} seconds"


class Kernel(Check):
    """The kernel forwards IPv4, does not filter by reverse path on tunnels, and has room for neighbours.

    The kernel takes the stricter of ``all`` and the interface for the reverse path. An IOS router has no such
    settings.
    """

    name = "kernel"
    title = "Kernel lets packets through"
    layer = 1

    def judge(self, sight: Sight) -> Iterator[Result]:
        if sight.device.platform == "ios":
            return
        forwarding, kernel = sight.state.host.forwarding, sight.state.kernel
        reason = sight.state.unreadable.get("kernel", "not told")
        told: Verdict = ("pass", "on") if forwarding else ("fail", "off")
        yield self.result(
            sight, "forwarding", ("unknown", reason) if forwarding is None else told, "on", blocks=8
        )
        expected = f"off for all and {', '.join(sorted(sight.tunnels))}"
        if kernel is None:
            yield self.result(sight, "rp_filter", ("unknown", reason), expected)
            return
        strict = [
            f"{name} {value}"
            for name, value in kernel.rp_filter.items()
            if value and name in ("all", *sight.tunnels)
        ]
        rp_filter: Verdict = ("fail", ", ".join(strict)) if strict else ("pass", "off")
        yield self.result(sight, "rp_filter", rp_filter, expected)
        held, limit = kernel.neighbours, kernel.neighbour_limit
        if held is not None and limit:
            got = f"{held} entries of at most {limit}, {kernel.overflows or 0} found no room so far"
            room: Verdict = ("fail" if held >= FULL * limit else "pass", got)
            yield self.result(sight, "neighbour table", room, "less than 90 % full", blocks=4)
