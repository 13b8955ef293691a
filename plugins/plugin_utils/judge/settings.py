# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of what was set on a Linux router for NHRP and for packets that cross the tunnel."""

from __future__ import annotations

from collections.abc import Iterator

from ...module_utils.state import NhrpInterface
from ..fleet.intent import Membership
from .result import Check, Result, Verdict
from .sight import Sight


class NhrpSettings(Check):
    """NHRP runs on each tunnel with the cloud's network-id and authentication, has every hub as next hop
    server, redirects on the hubs of phase 3, and makes shortcuts where the inventory lets it.

    This is nhrpd's running configuration, not the file. Of a secret it is only told whether it is the one
    that was put on the router. IOS is not asked: its configuration is compared when it is applied.
    """

    name = "nhrp_settings"
    title = "NHRP as intended"
    layer = 2

    def judge(self, sight: Sight) -> Iterator[Result]:
        nhrp = sight.state.nhrp
        if sight.device.platform == "ios" or nhrp is None:
            return  # Registration tells of it
        for member in sight.device.memberships:
            if nhrp.interfaces is None:
                verdict: Verdict = ("unknown", "nhrpd did not tell its configuration")
                yield self.result(sight, member.interface, verdict, "as intended", member.cloud.name)
                continue
            found = next((i for i in nhrp.interfaces if i.interface == member.interface), None)
            yield from self._tunnel(sight, member, found or NhrpInterface(member.interface))
            for hub in member.hubs if nhrp.nhs is not None else ():
                there: Verdict = ("pass", "configured") if sight.served(hub) else ("fail", "none")
                subject, name = f"{member.interface} NHS {hub.name}", member.cloud.name
                yield self.result(sight, subject, there, str(hub.overlay), name, (hub.name,), blocks=4)

    def _tunnel(self, sight: Sight, member: Membership, found: NhrpInterface) -> Iterator[Result]:
        cloud = member.cloud
        secret = "applied" if cloud.nhrp_authenticated else "none"
        for what, got, expected, blocks in (
            ("network-id", found.network_id, cloud.network_id, 4),
            ("authentication", found.authentication, secret, 4),
            ("redirect", found.redirect, redirects(member), None),
            ("shortcut", found.shortcut, member.shortcut, None),
        ):
            good = got == expected or (what == "authentication" and got is None)
            verdict: Verdict = ("pass" if good else "fail", _told(got))
            yield self.result(
                sight, f"{member.interface} {what}", verdict, _told(expected), cloud.name, blocks=blocks
            )


class Rules(Check):
    """On a hub of phase 3 packets that enter and leave by the tunnel are told to nhrpd, which redirects their
    senders, and TCP is kept to segments that fit into the tunnel, both ways.

    They stand in the guard's table: where all of that is gone, the check of the guard tells.
    """

    name = "rules"
    title = "Redirect and MSS rules stand"
    layer = 2

    def judge(self, sight: Sight) -> Iterator[Result]:
        guard = sight.state.guard
        if sight.device.platform == "ios" or guard is None or not guard.drops:
            return
        for member in sight.device.memberships:
            name, cloud = member.interface, member.cloud
            if redirects(member) and guard.redirects is not None:
                there: Verdict = ("pass", "stands") if name in guard.redirects else ("fail", "no rule")
                yield self.result(sight, f"{name} redirect", there, "a rule to nhrpd", cloud.name)
            if guard.clamps is not None:
                size = guard.clamps.get(name)
                got = "no rule for both ways" if size is None else f"to {size}"
                clamped: Verdict = ("fail" if size is None or size > cloud.mss else "pass", got)
                yield self.result(sight, f"{name} MSS", clamped, f"at most {cloud.mss}", cloud.name)


def redirects(member: Membership) -> bool:
    """Whether this router tells spokes of shorter ways."""
    return member.role == "hub" and member.cloud.phase == 3


def _told(value: object) -> str:
    return (
        {True: "on", False: "off", None: "none"}.get(value, str(value))
        if isinstance(value, bool | None)
        else str(value)
    )
