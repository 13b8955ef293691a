# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of where packets go and whether they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from ...module_utils.linux.observe_path import Probe
from ...module_utils.state import Route
from ..fleet.intent import Membership, Peer
from .result import Check, Result, Verdict
from .sight import Sight


class Routes(Check):
    """Routes to the other sites lead into a tunnel: the cloud's summaries and overlay on a spoke, the LANs of
    each hub, and on a hub the LANs of every spoke.

    The kernel's own table is asked, by longest match. A site prefix that would fall through to the provider
    is red even when the guard stops its packets. On a hub a summary ends in a blackhole on purpose. In phase
    2 there are no summaries, and a spoke must not reach another spoke's LAN by a hub.
    """

    name = "routes"
    title = "Routes lead into the tunnel"
    layer = 7
    blocks = 8

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            cloud = member.cloud
            expected = f"via {', '.join(sorted(sight.tunnels))}"
            if member.role == "spoke" and cloud.phase == 2:
                yield self._phase_2(sight, member)
            elif member.role == "spoke":
                for prefix in cloud.routing.summaries:
                    verdict = self._verdict(sight, prefix)
                    yield self.result(sight, f"{cloud.name}: {prefix}", verdict, expected, cloud.name)
            yield from self.over_peers(sight, member, expected, lambda peer: self._lans(sight, peer))

    def _phase_2(self, sight: Sight, member: Membership) -> Result:
        """Shortcuts of phase 2 are made by next hops: the hub must leave those of spokes as they are."""
        cloud, lans = member.cloud, [lan for hub in member.hubs for lan in hub.lans]
        hubs = {str(hub.overlay): hub.name for hub in member.hubs}
        verdict: Verdict = ("pass", "no hub between")
        if sight.state.routes is None:
            verdict = ("unknown", sight.state.unreadable.get("routes", "not told"))
        for route in sight.state.routes or []:
            prefix = IPv4Network(route.prefix)
            by = next((hubs[hop.gateway] for hop in route.next_hops if hop.gateway in hubs), None)
            inside = any(prefix != s and prefix.subnet_of(s) for s in cloud.routing.summaries)
            if by and inside and not any(prefix.subnet_of(lan) for lan in lans):
                verdict = ("fail", f"{prefix} goes by {by}")
                break
        return self.result(sight, f"{cloud.name}: next hops", verdict, "the spoke itself", cloud.name)

    def _lans(self, sight: Sight, peer: Peer) -> Verdict:
        for lan in peer.lans:
            outcome, got = self._verdict(sight, lan)
            if outcome != "pass":
                return outcome, f"{lan} {got}"
        return "pass", "all LANs"

    @staticmethod
    def _verdict(sight: Sight, prefix: IPv4Network) -> Verdict:
        if sight.state.routes is None:
            return "unknown", sight.state.unreadable.get("routes", "not told")
        route = sight.fib.lookup(prefix)
        if route is None:
            return "fail", "has no route"
        return ("pass" if leads_into(route, sight.tunnels) else "fail"), described(route)


class PathMtu(Check):
    """Packets of the tunnel's full MTU with Don't Fragment cross to each hub and back: from the overlay
    address, and from the router's LAN address where it has one, which proves the hub's route back to the LAN.

    These are real packets, encrypted as the users' are. If the full size does not pass, the largest that does
    is measured.
    """

    name = "path_mtu"
    title = "Full-size packets cross"
    layer = 8

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            for peer in member.hubs:
                probes = sight.probes_to(peer.overlay)
                subject, expected = (
                    f"{member.cloud.name}: {peer.name}",
                    f"{member.cloud.mtu} bytes with DF pass",
                )
                yield self.result(
                    sight, subject, worst(member, probes), expected, member.cloud.name, (peer.name,)
                )


def worst(member: Membership, probes: list[Probe]) -> Verdict:
    """The verdict on the probe that did worst, with its source if that is not the overlay address."""
    if not probes:
        return "unknown", "no packet was sent"
    probe = min(probes, key=lambda probe: min(probe.passed or 0, probe.size))
    outcome, got = crossed(probe)
    own = probe.source in (None, str(member.overlay))
    return outcome, got if own or outcome == "pass" else f"{got} (from LAN address {probe.source})"


def crossed(probe: Probe) -> Verdict:
    if probe.passed is None:
        return "fail", f"no answer at any size{f' ({probe.error})' if probe.error else ''}"
    if probe.passed < probe.size:
        return "fail", f"the largest that passes is {probe.passed}"
    return "pass", f"{probe.rtt} ms"


def leads_into(route: Route, interfaces: set[str]) -> bool:
    return (
        route.kind == "unicast"
        and bool(route.next_hops)
        and all(hop.interface in interfaces for hop in route.next_hops)
    )


def described(route: Route) -> str:
    if route.kind != "unicast":
        return f"ends in the {route.kind} {route.prefix}"
    via = ", ".join(f"{hop.gateway or 'direct'} on {hop.interface}" for hop in route.next_hops)
    return f"takes {route.prefix} via {via or 'nothing'}"
