# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What keeps an IOS router's packets from leaving in the clear, where Linux has a firewall."""

from __future__ import annotations

from collections.abc import Iterator

from .result import Check, Result, Verdict
from .sight import Sight


def guard(check: Check, sight: Sight) -> Iterator[Result]:
    """Every tunnel has its protection; overlay and summaries end in Null0 where no tunnel route stands."""
    for member in sight.device.memberships:
        cloud, tunnel = member.cloud.name, member.interface
        # Without protection there is no SA, and nothing above one.
        yield check.result(
            sight, f"{tunnel} protection", _protection(sight, tunnel), "an IPsec profile", cloud, blocks=3
        )
    yield check.result(sight, "routes to Null0", _null_routes(sight), "one for overlay and summaries each")


def _protection(sight: Sight, tunnel: str) -> Verdict:
    interface = sight.interface(tunnel)
    if interface is None:
        # The tunnel check tells of a tunnel that is not there: it sends nothing.
        reason = sight.state.unreadable.get("interfaces", "not told")
        return ("unknown", reason) if sight.state.interfaces is None else ("pass", "there is no tunnel")
    if interface.protected is None:
        return "unknown", sight.state.unreadable.get("guard", "not told")
    return ("pass", "protected") if interface.protected else ("fail", "no IPsec profile protects it")


def _null_routes(sight: Sight) -> Verdict:
    guard = sight.state.guard
    if guard is None:
        return "unknown", sight.state.unreadable.get("guard", "not told")
    clouds = [member.cloud for member in sight.device.memberships]
    wanted = [str(prefix) for cloud in clouds for prefix in (cloud.prefix, *cloud.routing.summaries)]
    missing = [prefix for prefix in dict.fromkeys(wanted) if prefix not in guard.prefixes]
    return ("fail", f"none for {', '.join(missing)}") if missing else ("pass", "all there")
