# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of NHRP, routing neighbours and BFD."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Address

from ..fleet.intent import Membership, Peer
from .result import Check, Result, Verdict
from .sight import Sight


class OwnAddress(Check):
    """The router answers NHRP for its own overlay address only.

    FRR's nhrpd holds on to an address that the tunnel has lost, until it is restarted: it goes on claiming
    it, and would answer itself in the place of the router whose address it is.
    """

    name = "own_address"
    title = "Claims no other address"
    layer = 4

    def judge(self, sight: Sight) -> Iterator[Result]:
        nhrp = sight.state.nhrp
        if nhrp is None or nhrp.cache is None:
            return  # Registration tells of it
        for member in sight.device.memberships:
            cloud = member.cloud
            held = {
                str(entry.overlay)
                for entry in nhrp.cache
                if entry.kind == "local"
                and entry.interface == member.interface
                # IOS also notes the LAN hosts that it answered for.
                and entry.overlay
                and IPv4Address(entry.overlay) in cloud.prefix
            }
            foreign = ", ".join(sorted(held - {str(member.overlay)}))
            verdict: Verdict = ("fail", f"also {foreign}") if foreign else ("pass", "nothing else")
            yield self.result(sight, member.interface, verdict, f"{member.overlay} only", cloud.name)


class Registration(Check):
    """The router is registered at each hub, and on a hub every spoke is registered.

    At the hub a spoke is registered when the NHRP cache holds its overlay address with the NBMA address that
    the inventory gives it (none behind a NAT or with DHCP). At the spoke it is when the cache holds the hub
    as NHS; IOS tells whether the NHS responds. Where on Linux the hub is mapped by hand as well, the cache
    keeps that entry instead, and the proof is a packet: a hub can only answer to an overlay address that is
    registered with it.
    """

    name = "registration"
    title = "Registered"
    layer = 4
    blocks = 5

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            yield from self.over_peers(
                sight,
                member,
                "registered",
                lambda peer, member=member: self._peer(sight, member, peer),  # type: ignore[misc]
            )

    @staticmethod
    def _peer(sight: Sight, member: Membership, peer: Peer) -> Verdict:
        nhrp = sight.state.nhrp
        if nhrp is None or nhrp.cache is None:
            return "unknown", sight.state.unreadable.get("nhrp", "not told")
        entries = {
            entry.kind: entry for entry in sight.bindings(peer) if entry.interface in (None, member.interface)
        }
        if peer.role == "hub":
            if entries.keys() & {"nhs", "dynamic"} or sight.routed(member, peer) or sight.answers(peer):
                return "pass", "registered"
            server = sight.server(member, peer)
            if server is not None and server.responding is not None:
                told = (
                    ("pass", "registered") if server.responding else ("fail", "no answer to the registration")
                )
                return told  # type: ignore[return-value]
            if "static" in entries and sight.answers(peer) is None:
                return "unknown", "mapped by hand, and no packet was sent to it"
            return "fail", "no answer to the registration"
        entry = entries.get("dynamic")
        if entry is None:
            return "fail", "not in the NHRP cache"
        if entry.nbma is None:
            return "unknown", "its NBMA address is not told"
        known = peer.nbma is not None and not peer.nat
        if known and entry.nbma != str(peer.nbma):
            return "fail", f"registered from {entry.nbma}, the inventory says {peer.nbma}"
        return "pass", f"registered from {entry.nbma}"


class Neighbour(Check):
    """The routing protocol has an established neighbour in each hub, and a hub one in every spoke.

    BGP must be Established, OSPF Full; EIGRP lists a neighbour only while it is up. Clouds with static
    routing have none.
    """

    name = "neighbour"
    title = "Routing neighbour up"
    layer = 5
    blocks = 6

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            protocol = member.cloud.routing.protocol
            if protocol == "static":
                continue
            expected, test = {
                "bgp": ("BGP Established", self._bgp),
                "ospf": ("OSPF Full", self._ospf),
                "eigrp": ("EIGRP neighbour", self._eigrp),
            }[protocol]
            yield from self.over_peers(sight, member, expected, lambda peer, test=test: test(sight, peer))  # type: ignore[misc]

    @staticmethod
    def _bgp(sight: Sight, peer: Peer) -> Verdict:
        if sight.state.bgp is None:
            return "unknown", sight.state.unreadable.get("bgp", "not told")
        neighbour = sight.bgp(peer)
        if neighbour is None:
            # A hub knows a spoke only while it is connected.
            return "fail", "no neighbour" if peer.role == "hub" else "not connected"
        if neighbour.state is None:
            return "unknown", "its state is not told"
        return "pass" if neighbour.state == "Established" else "fail", neighbour.state

    @staticmethod
    def _ospf(sight: Sight, peer: Peer) -> Verdict:
        if sight.state.ospf is None:
            return "unknown", sight.state.unreadable.get("ospf", "not told")
        neighbour = sight.ospf(peer)
        if neighbour is None:
            return "fail", "no neighbour"
        if neighbour.state is None:
            return "unknown", "its state is not told"
        return "pass" if neighbour.state.startswith("Full") else "fail", neighbour.state

    @staticmethod
    def _eigrp(sight: Sight, peer: Peer) -> Verdict:
        if sight.state.eigrp is None:
            return "unknown", sight.state.unreadable.get("eigrp", "not told")
        return ("pass", "up") if sight.eigrp(peer) else ("fail", "no neighbour")


class Bfd(Check):
    """Where both ends run BFD, its session with each routing neighbour is up, so that a dead path is found in
    a second and not in a holdtime.
    """

    name = "bfd"
    title = "BFD up"
    layer = 6

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            yield from self.over_peers(
                sight,
                member,
                "up",
                lambda peer: self._peer(sight, peer),
                partial(member.expects_bfd, own=sight.device),
            )

    @staticmethod
    def _peer(sight: Sight, peer: Peer) -> Verdict:
        if sight.state.bfd is None:
            return "unknown", sight.state.unreadable.get("bfd", "not told")
        # Of two sessions with one peer (single hop and multihop) one that is up is enough.
        sessions = sight.bfd(peer)
        if not sessions:
            return "fail", "no session"
        if any(session.status == "up" for session in sessions):
            return "pass", "up"
        if sessions[0].status is None:
            return "unknown", "its state is not told"
        return "fail", f"{sessions[0].status} ({sessions[0].diagnostic or 'no diagnostic'})"
