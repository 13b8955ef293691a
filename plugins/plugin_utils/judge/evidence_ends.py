# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What speaks for a cause once both ends were looked at: what one router cannot know."""

from __future__ import annotations

from ipaddress import IPv4Address

from .evidence import Case, unanswered
from .sight import Sight


def ike_blocked(case: Case) -> str | None:
    """The underlay carries pings, and IKE gets no answer."""
    nbma = case.sight.nbma(case.peer) if case.peer else None
    if case.sight.pinged(nbma) and (why := unanswered(case)):
        return f"{nbma} answers to ping, not to IKE ({why})"
    return None


def underlay_dead(case: Case) -> str | None:
    """Neither ping over the underlay nor IKE is answered."""
    nbma = case.sight.nbma(case.peer) if case.peer else None
    if case.sight.pinged(nbma) is False and (why := unanswered(case)):
        return f"{nbma} answers neither to ping nor to IKE ({why})"
    return None


def esp_one_way(case: Case) -> str | None:
    """Both ends' counters between two looks: what one sent never came to the other, the other way it did."""
    lost = _lost(case)
    if lost is None or all(lost):
        return None
    peer = case.peer.name if case.peer else ""
    mine, theirs = lost
    if theirs:
        return f"{peer} sent {theirs} packets to this router between two looks, and none arrived"
    return f"this router sent {mine} packets to {peer} between two looks, and none arrived" if mine else None


def esp_blocked(case: Case) -> str | None:
    """Both ends' counters between two looks: what each sent never came to the other."""
    lost = _lost(case)
    return (
        f"{lost[0]} packets sent from here and {lost[1]} from there, none arrived"
        if lost and all(lost)
        else None
    )


def _lost(case: Case) -> tuple[int, int] | None:
    """Packets sent to the peer of which none arrived, and those from it of which none arrived here."""
    there = case.sight.there(case.peer)
    me = case.sight.as_peer(there) if there else None
    if there is None or case.peer is None or me is None or not (case.sight.earlier and there.earlier):
        return None
    mine, theirs = case.sight.moved(case.peer), there.moved(me)
    if mine is None or theirs is None or not case.sight.children(case.peer) or not there.children(me):
        return None
    return (mine[1] if not theirs[0] else 0, theirs[1] if not mine[0] else 0)


def bfd_missing(case: Case) -> str | None:
    """BFD belongs here, and this router has no session for the peer at all."""
    if case.peer is None or case.member is None or case.sight.state.bfd is None:
        return None
    # Of a neighbour that is down only FRR's bgpd keeps the session, if it is configured by address.
    kept = case.sight.device.platform == "linux" and case.member.cloud.routing.protocol == "bgp"
    if case.result.check == "neighbour" and not (kept and case.peer.role == "hub"):
        return None
    wanted = case.member.expects_bfd(case.peer, case.sight.device)
    return f"there is none with {case.peer.name}" if wanted and not case.sight.bfd(case.peer) else None


def stale_binding(case: Case) -> str | None:
    """The NBMA address in the NHRP cache is none that the peer's WAN has now."""
    there = case.sight.there(case.peer)
    if case.peer is None or there is None or case.peer.nat or not there.wan_addresses:
        return None
    for entry in case.sight.bindings(case.peer):
        if entry.kind != "local" and entry.nbma and entry.nbma not in there.wan_addresses:
            held = ", ".join(sorted(there.wan_addresses))
            return f"NHRP ({entry.kind}) sends to {entry.nbma}, {case.peer.name} has {held}"
    return None


def rebound(case: Case) -> str | None:
    """Behind a NAT: the peer's SA comes from another address than the one in the NHRP cache."""
    if case.peer is None or not case.peer.nat:
        return None
    remotes = {sa.remote for sa in case.sight.sas(case.peer) if sa.children and sa.remote}
    for entry in case.sight.bindings(case.peer):
        if entry.kind != "local" and entry.nbma and remotes and entry.nbma not in remotes:
            return f"its SA comes from {', '.join(sorted(remotes))}, NHRP still sends to {entry.nbma}"
    return None


def nhs_missing(case: Case) -> str | None:
    """The running configuration has no NHS line for the hub."""
    nhrp = case.sight.state.nhrp
    if case.peer is None or case.peer.role != "hub" or nhrp is None or nhrp.nhs is None:
        return None
    return None if case.sight.served(case.peer) else f"no 'ip nhrp nhs {case.peer.overlay}' here"


def foreign_overlay(case: Case) -> str | None:
    """The tunnel holds an address of the cloud that belongs to another site."""
    if case.member is None or not case.result.subject.endswith(" address"):
        return None
    own, prefix = str(case.member.overlay), case.member.cloud.prefix
    tunnel = case.sight.tunnel(case.member)
    held = [address.split("/")[0] for address in (tunnel.addresses if tunnel else [])]
    foreign = [address for address in held if address != own and IPv4Address(address) in prefix]
    if not foreign:
        return None
    owners = [f"{a} is {name}'s" for a in foreign if (name := _owner(case.sight, a))]
    return "; ".join(owners) or f"{', '.join(foreign)} is not this router's"


def _owner(sight: Sight, address: str) -> str | None:
    for other in sight.others.values():
        if any(str(member.overlay) == address for member in other.device.memberships):
            return other.device.name
    return None
