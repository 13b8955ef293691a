# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What keeps an IOS router's packets from leaving in the clear, where Linux has a firewall."""

from __future__ import annotations

from collections.abc import Iterator

from .result import Check, Result, Sight, Verdict


def guard(check: Check, sight: Sight) -> Iterator[Result]:
    """Every tunnel has its protection; overlay and summaries end in Null0 where no tunnel route stands."""
    for member in sight.device.memberships:
        cloud, tunnel = member.cloud.name, member.interface
        # Without protection there is no SA, and nothing above one.
        yield check.result(
            sight, f"{tunnel} protection", _protection(sight, tunnel), "an IPsec profile", cloud, blocks=3
        )
    clouds = [member.cloud for member in sight.device.memberships]
    # Two clouds may share a summary: one route is enough.
    prefixes = {prefix: c.name for c in reversed(clouds) for prefix in (c.prefix, *c.routing.summaries)}
    for prefix, cloud in prefixes.items():
        expected = "a static route to Null0"
        yield check.result(sight, f"{prefix} to Null0", _null_route(sight, str(prefix)), expected, cloud)


def _protection(sight: Sight, tunnel: str) -> Verdict:
    interface = sight.interface(tunnel)
    if interface is None:
        # The tunnel check tells of a tunnel that is not there: it sends nothing.
        reason = sight.state.unreadable.get("interfaces", "not told")
        return ("unknown", reason) if sight.state.interfaces is None else ("pass", "there is no tunnel")
    if interface.protected is None:
        return "unknown", sight.state.unreadable.get("guard", "not told")
    return ("pass", "protected") if interface.protected else ("fail", "no IPsec profile protects it")


def _null_route(sight: Sight, prefix: str) -> Verdict:
    guard = sight.state.guard
    if guard is None:
        return "unknown", sight.state.unreadable.get("guard", "not told")
    return ("pass", "there") if prefix in guard.prefixes else ("fail", "there is none")
