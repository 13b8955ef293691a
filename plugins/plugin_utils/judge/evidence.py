# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What speaks for a cause: each function looks at one case and returns its evidence, or None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

from ..fleet.intent import Membership, Peer
from .paths import leads_into
from .result import Result
from .sight import Sight

PSK = ("MAC mismatched", "no shared key")
EXPIRED = ("expired", "certificate invalid")
AUTHENTICATION = (
    "no trusted",
    "constraint check failed",
    "no private key",
    "AUTHENTICATION_FAILED",
    "AUTH_FAILED",
    # IOS
    "Auth exchange failed",
    "Failed to authenticate the IKE SA",
    "Certificate chain validation has failed",
    # Neither a keyring nor a profile fits the peer.
    "Failed to locate an item in the database",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A failed result with the cloud and the peer that it is about, if it is about one."""

    sight: Sight
    result: Result
    member: Membership | None
    peer: Peer | None


def seen(case: Case) -> str | None:
    """Nothing that stands above it in the table explains it."""
    return case.result.got


def logged(*words: str) -> Callable[[Case], str | None]:
    """The newest log line about this peer, or about no known peer, that has one of the words."""

    def evidence(case: Case) -> str | None:
        nbma = case.sight.nbma(case.peer) if case.peer else None
        there = case.sight.there(case.peer)
        own = [e for e in case.sight.state.ike_errors or [] if e.peer in (None, nbma) or case.peer is None]
        # Who refuses knows why; the other end is told no more than that.
        theirs = there.state.ike_errors if there else []
        theirs = [e for e in theirs or [] if e.peer in case.sight.wan_addresses]
        # The first word says most.
        for word in words:
            for where, errors in (("", own), (f" at {case.peer.name if case.peer else ''}", theirs)):
                for error in errors:
                    if word in error.message:
                        return f"'{error.message}'{where}"
        return None

    evidence.__doc__ = f"The IKE daemon of either end logged one of: {', '.join(words)}."
    return evidence


psk_mismatch = logged(*PSK)
authentication = logged(*AUTHENTICATION)
_expired = logged(*EXPIRED)
childless = logged(
    "TS_UNACCEPTABLE", "unable to install", "no IPSEC policy found", "Create child exchange failed"
)
no_proposal = logged(
    "NO_PROPOSAL",
    "no IKE config",
    "no matching peer config",
    "no proposal chosen",
    "Failed to find a matching policy",
)
_given_up = logged(
    "giving up after", "not responding", "Maximum number of retransmissions", "Failed to receive the AUTH msg"
)


def expired(case: Case) -> str | None:
    """The IKE daemon of either end calls a certificate invalid, and it is not seen that all are valid.

    charon keeps certificates that it has received, and complains of an old one beside what is wrong now.
    """
    return None if _all_valid(case) else _expired(case)


def _all_valid(case: Case) -> bool:
    there = case.sight.there(case.peer)
    states = [sight.state for sight in (case.sight, there) if sight]
    clocks = [state.host.time for state in states if state.host.time is not None]
    held = [certificate for state in states for certificate in state.certificates or []]
    return (
        len(clocks) == 2
        and all(state.certificates for state in states)
        and all(
            one.not_before is not None
            and one.not_after is not None
            and one.not_before <= now <= one.not_after
            for one in held
            for now in clocks
        )
    )


def wan_down(case: Case) -> str | None:
    """The WAN is missing, down or without an address, or there is no route to the peer's."""
    if case.member is None:
        return None
    transport = case.member.transport
    wan = case.sight.interface(transport.interface)
    if case.sight.state.interfaces is not None and wan is None:
        return f"{transport.interface} does not exist"
    if wan is not None and wan.up is False:
        return f"{transport.interface} is down"
    if wan is not None and not wan.addresses:
        return f"{transport.interface} has no address"
    nbma = case.sight.nbma(case.peer) if case.peer else None
    # A front-door VRF has a table of its own, which is not read.
    if (
        transport.vrf is None
        and nbma
        and case.sight.state.routes is not None
        and case.sight.fib.lookup(IPv4Address(nbma)) is None
    ):
        return f"there is no route to {nbma}"
    return None


def other_mode(case: Case) -> str | None:
    """The mode of the ESP SA."""
    return case.result.got if "ESP SA in mode" in case.result.got else None


def unanswered(case: Case) -> str | None:
    """The IKE daemon gave up, or its SA stays CONNECTING."""
    if found := _given_up(case):
        return found
    sas = case.sight.sas(case.peer) if case.peer else []
    connecting = any(sa.state == "CONNECTING" for sa in sas)
    return "the IKE SA stays CONNECTING" if connecting else None


def own_tunnel_address(case: Case) -> str | None:
    """The NBMA address in the NHRP cache is not that of the inventory."""
    return case.result.got if "the inventory says" in case.result.got else None


def silent(case: Case) -> str | None:
    """Counters between two looks: packets go out over the SA, none come in."""
    moved = case.sight.moved(case.peer) if case.peer else None
    return f"{moved[1]} out, {moved[0]} in" if moved and moved[1] and not moved[0] else None


def refused(case: Case) -> str | None:
    """Counters between two looks: packets go both ways over the SA."""
    moved = case.sight.moved(case.peer) if case.peer else None
    # A refusal is an answer. Without a second look, old packets could be the ones that were counted.
    if moved and moved[0] and moved[1] and case.sight.earlier is not None:
        return f"{moved[1]} packets out, {moved[0]} in"
    return None


def one_way(case: Case) -> str | None:
    """The SA's counters."""
    return case.result.got


def admin_shut_here(case: Case) -> str | None:
    """The BGP session is Idle (Admin)."""
    neighbour = case.sight.bgp(case.peer) if case.peer else None
    return neighbour.state if neighbour and neighbour.admin_down else None


def _last_reset(case: Case, *words: str) -> str | None:
    neighbour = case.sight.bgp(case.peer) if case.peer else None
    reset = (neighbour.last_reset if neighbour else None) or ""
    return reset if any(word.lower() in reset.lower() for word in words) else None


def admin_shut_there(case: Case) -> str | None:
    """The reason of the last BGP reset, as the peer sent it."""
    reset = _last_reset(
        case, "Administrative Shutdown", "Peer De-configured", "Peer Unconfigured", "Administratively"
    )
    return reset if reset and "(sent)" not in reset else None


def as_refused(case: Case) -> str | None:
    """The reason of the last BGP reset."""
    return _last_reset(case, "Bad Peer AS", "wrong AS", "bad AS number")


def other_as(case: Case) -> str | None:
    """The remote AS that is configured is not that of the inventory."""
    neighbour = case.sight.bgp(case.peer) if case.peer else None
    if case.peer is None or case.member is None or neighbour is None or neighbour.remote_as is None:
        return None
    rules = case.member.cloud.routing
    intended = rules.asn if case.peer.role == "hub" else rules.spoke_asn
    if neighbour.remote_as == intended:
        return None
    return f"AS {neighbour.remote_as} is configured for {case.peer.name}, the inventory says {intended}"


def bfd_down(case: Case) -> str | None:
    """The reason of the last BGP reset, or a BFD session that is down."""
    if reset := _last_reset(case, "BFD"):
        return reset
    address = str(case.peer.overlay) if case.peer else None
    for session in case.sight.state.bfd or []:
        if session.address == address and session.status == "down":
            return f"session down, {session.diagnostic or 'no diagnostic'}"
    return None


def leak(case: Case) -> str | None:
    """The route of the result leaves by an interface that is no tunnel."""
    words = case.result.got.split()
    wans = {transport.interface for transport in case.sight.device.transports}
    route = " ".join(words)
    return route if any(route.endswith(f"on {wan}") or f"on {wan}," in route for wan in wans) else None


def filtered(case: Case) -> str | None:
    """A neighbour is up, and still no route leads into a tunnel."""
    member = case.member
    if member is None:
        return None
    up = [peer for peer in (*member.hubs, *member.spokes) if case.sight.routed(member, peer)]
    about = [case.peer] if case.peer else up
    if not any(peer in up for peer in about):
        return None
    covered = any(
        (route := case.sight.fib.lookup(prefix)) is not None and leads_into(route, case.sight.tunnels)
        for prefix in (*member.cloud.routing.summaries, *(lan for peer in about if peer for lan in peer.lans))
    )
    counts = [n.prefixes_in for n in case.sight.state.bgp or [] if n.prefixes_in is not None]
    told = f"{max(counts)} prefixes from the best neighbour" if counts else "the neighbour is up"
    return None if covered and case.peer is None else f"{case.result.got}; {told}"


def shrunk(case: Case) -> str | None:
    """Small packets are answered, those of full size are not."""
    return case.result.got if "largest that passes" in case.result.got else None


def vanished(case: Case) -> str | None:
    """Small packets are answered, those of full size are not, and no ICMP error came."""
    address = str(case.peer.overlay) if case.peer else None
    lost = [p for p in case.sight.probes if p.passed is not None and p.passed < p.size]
    if case.result.check != "end_to_end":
        lost = [p for p in lost if p.address == address]
    return shrunk(case) if lost and all(probe.told is False for probe in lost) else None


def tunnel_down(case: Case) -> str | None:
    """The interface is there and down."""
    return case.result.got if case.result.got == "down" else None


def expired_here(case: Case) -> str | None:
    """The certificate's end, by the router's clock."""
    return case.result.got if case.result.got.startswith("expired") else None
