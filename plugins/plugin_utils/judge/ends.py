# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks that need the other end's view. Where a router is judged alone they say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from ...module_utils.state import Shortcut, State
from ..fleet.intent import Membership, Peer
from .evidence import Case
from .evidence_ends import rebound, stale_binding
from .paths import crossed, described, leads_into
from .result import Check, Result, Verdict
from .sight import Sight


class Binding(Check):
    """NHRP sends to the address that each peer really has: that of its WAN, or behind a NAT the one that its
    SA comes from.
    """

    name = "binding"
    title = "NHRP knows where peers are"
    layer = 4
    blocks = 5

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            if not sight.others or sight.state.nhrp is None or sight.state.nhrp.cache is None:
                continue
            yield from self.over_peers(
                sight,
                member,
                "its real address",
                lambda peer, member=member: self._peer(sight, member, peer),  # type: ignore[misc]
                lambda peer: sight.there(peer) is not None,
            )

    def _peer(self, sight: Sight, member: Membership, peer: Peer) -> Verdict:
        probe = self.result(sight, "", ("pass", ""), "", member.cloud.name)
        case = Case(sight, probe, member, peer)
        wrong = stale_binding(case) or rebound(case)
        return ("fail", wrong) if wrong else ("pass", "real")


class ShortcutSa(Check):
    """Every NHRP shortcut of a spoke has an ESP SA to the address that it leads to.

    A shortcut is a route in the kernel: without an SA it swallows what the hub would have carried. One that
    has just begun makes its SA with its first packet, so that only one that had none in the earlier state
    either is told of. On IOS the tunnel's protection makes the SA by itself.
    """

    name = "shortcut_sa"
    title = "Shortcuts have an SA"
    layer = 6

    def judge(self, sight: Sight) -> Iterator[Result]:
        now = bare_shortcuts(sight.state)
        if sight.device.platform == "ios" or now is None or not sight.others:
            return
        shortcuts = sight.state.nhrp.shortcuts if sight.state.nhrp else None
        before = bare_shortcuts(sight.earlier) if sight.earlier else None
        for member in sight.device.memberships:
            bare = [
                f"{shortcut.prefix} by {shortcut.via} at {nbma}"
                for shortcut, nbma in now
                if IPv4Address(shortcut.via) in member.cloud.prefix
                and (before is None or (shortcut, nbma) in before)
            ]
            if shortcuts:
                verdict: Verdict = ("fail", "; ".join(bare)) if bare else ("pass", f"all {len(shortcuts)}")
                yield self.result(sight, member.cloud.name, verdict, "an SA for each", member.cloud.name)


def bare_shortcuts(state: State) -> list[tuple[Shortcut, str]] | None:
    """Shortcuts whose NBMA has no ESP SA, with that NBMA; None if the state does not tell."""
    nhrp, sas = state.nhrp, state.sas
    if nhrp is None or nhrp.shortcuts is None or nhrp.cache is None or sas is None:
        return None
    nbmas = {
        entry.overlay: entry.nbma
        for entry in nhrp.cache
        if entry.nbma and entry.kind not in ("local", "incomplete")
    }
    protected = {sa.remote for sa in sas if any(child.state == "INSTALLED" for child in sa.children)}
    return [
        (shortcut, nbmas[shortcut.via])
        for shortcut in nhrp.shortcuts
        if shortcut.via in nbmas and nbmas[shortcut.via] not in protected
    ]


def pairs(sight: Sight) -> Iterator[tuple[Membership, Sight]]:
    """The sites whose LANs this router has to reach, with the place from which it does."""
    for name in sight.toward:
        other = sight.others.get(name)
        member = sight.shared(other) if other else None
        if other is not None and member is not None:
            yield member, other


class SiteRoute(Check):
    """The route to every LAN of the other site leads into a tunnel."""

    name = "site_route"
    title = "Route to the other site"
    layer = 7
    blocks = 8

    def judge(self, sight: Sight) -> Iterator[Result]:
        if sight.state.routes is None:
            return  # The check of routes tells
        for member, other in pairs(sight):
            verdict: Verdict = ("pass", "into the tunnel")
            for lan in other.device.lans:
                route = sight.fib.lookup(lan)
                if route is None:
                    verdict = ("fail", f"{lan} has no route")
                elif not leads_into(route, sight.tunnels):
                    verdict = ("fail", f"{lan} {described(route)}")
            name = other.device.name
            subject = f"{member.cloud.name}: {name}"
            yield self.result(sight, subject, verdict, "into the tunnel", member.cloud.name, (name,))


class Symmetry(Check):
    """Packets to another spoke's site and back take the same way.

    Each spoke prefers the first hub of its own order; where the orders of two spokes differ, so may the ways.
    Red is a spoke that sends by another hub than the one which it should prefer and which is up, while
    packets come back by a third way: that hub, or a shortcut.
    """

    name = "symmetry"
    title = "Same way back"
    layer = 7

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member, other in pairs(sight):
            back = other.shared(sight)
            if member.role != "spoke" or back is None or back.role != "spoke":
                continue
            name, out, home = other.device.name, hub_to(sight, member, other), hub_to(other, back, sight)
            first = next((hub.name for hub in member.hubs if sight.routed(member, hub)), None)
            astray = out and out != home and first and out != first
            verdict: Verdict = ("pass", "the same")
            if astray:
                verdict = ("fail", f"there by {out}, back by {home or 'a shortcut'}; {first} is up")
            yield self.result(
                sight, f"{member.cloud.name}: {name}", verdict, "by the same hub", member.cloud.name, (name,)
            )


def hub_to(sight: Sight, member: Membership, other: Sight) -> str | None:
    """The hub by which packets go to the first LAN of another site, None if there is no hub between."""
    route = sight.fib.lookup(other.device.lans[0]) if other.device.lans else None
    gateways = {hop.gateway for hop in route.next_hops} if route else set()
    return next((hub.name for hub in member.hubs if str(hub.overlay) in gateways), None)


class EndToEnd(Check):
    """Packets of the tunnel's full MTU with Don't Fragment cross from the router's LAN address to the other
    router's LAN address and back.
    """

    name = "end_to_end"
    title = "LAN reaches LAN"
    layer = 8

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member, other in pairs(sight):
            probes = [
                probe
                for probe in sight.probes
                if any(IPv4Address(probe.address) in lan for lan in other.device.lans)
            ]
            if not probes:
                continue
            name = other.device.name
            verdict = crossed(min(probes, key=lambda probe: probe.passed or 0))
            expected = f"{member.cloud.mtu} bytes with DF pass"
            yield self.result(
                sight, f"{member.cloud.name}: {name}", verdict, expected, member.cloud.name, (name,)
            )
