# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of tunnel interfaces."""

from __future__ import annotations

from collections.abc import Iterator

from ...module_utils.state import Interface
from ..fleet.intent import Membership
from .result import Check, Result, Verdict
from .sight import Sight


class Tunnel(Check):
    """The tunnel interface of each cloud is there and up, with the GRE key, MTU, overlay address, source
    address and WAN of the inventory.

    A wrong key or source makes the tunnel deaf and blind to everybody; a larger MTU loses full-size packets.
    """

    name = "tunnel"
    title = "Tunnel as intended"
    layer = 2
    blocks = 3

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            name, cloud = member.interface, member.cloud.name
            if sight.state.interfaces is None:
                reason = sight.state.unreadable.get("interfaces", "not told")
                yield self.result(sight, name, ("unknown", reason), "up", cloud)
                continue
            tunnel = sight.tunnel(member)
            if tunnel is None:
                yield self.result(sight, name, ("fail", "does not exist"), "up", cloud)
                continue
            up: Verdict = ("pass", "up") if tunnel.up else ("fail", "down")
            yield self.result(sight, name, ("unknown", "not told") if tunnel.up is None else up, "up", cloud)
            yield from self._attributes(sight, member, tunnel)

    def _attributes(self, sight: Sight, member: Membership, tunnel: Interface) -> Iterator[Result]:
        ios = member.platform == "ios"
        cloud = member.cloud
        overlay = f"{member.overlay}/{cloud.prefix.prefixlen if ios else 32}"
        source = str(member.transport.address) if member.transport.address else tunnel.local
        for what, got, expected, good in (
            ("GRE key", tunnel.key, cloud.key, tunnel.key == cloud.key),
            ("MTU", tunnel.mtu, cloud.mtu, tunnel.mtu == cloud.mtu),
            ("address", ", ".join(tunnel.addresses) or "none", overlay, tunnel.addresses == [overlay]),
            ("source", tunnel.local or "any", source or "any", tunnel.local == source),
            (
                "WAN",
                tunnel.underlay,
                member.transport.interface,
                tunnel.underlay == member.transport.interface,
            ),
        ):
            # Traffic still crosses with another MTU; path_mtu tells what that does.
            blocks = 8 if what == "MTU" else None
            verdict: Verdict = ("pass" if good else "fail", str(got))
            if ios and got in (None, "none", "any"):
                # On Linux nothing is an answer; on IOS the line that tells was not there.
                verdict = ("unknown", "not told")
            yield self.result(
                sight,
                f"{member.interface} {what}",
                verdict,
                str(expected),
                cloud.name,
                blocks=blocks,
            )
