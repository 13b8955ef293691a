# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which sessions a change interrupts, from what the steps on a router would do.

Figures are of the lab (docs/convergence.md, docs/linux-facts.md), or of the protocol where nobody measured.
What no rule knows is told as not known, never as harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..fleet.intent import Device, Membership

Sure = Literal["measured", "expected", "not known"]

CHARON = (1.0, 7.0)  # seconds until all SAs stand again
# What is known not to touch a session that stands. The tunnel is changed in place, the guard at once.
HARMLESS = frozenset(
    {
        "guard is replaced",
        "sysctls are set",
        "charon is told",
        "charon is started",
        "tunnel comes",
        "tunnel is set again",
        "event daemon is told",
        "event daemon is restarted",
        "FRR is started",
        "FRR daemons are started",
        "FRR daemons are stopped",
    }
)
# bgpd closes a session when one of these changes (peer_change_reset in bgpd/bgpd.c).
RESETS = (
    "remote-as",
    "update-source",
    "disable-connected-check",
    "ebgp-multihop",
    "peer-group",
    "shutdown",
    "password",
    "local-as",
    "route-reflector-client",
)
# These take effect in the session that stands, or in the next one.
QUIET = ("description", "timers", "bfd", "route-map", "next-hop-self", "activate", "soft-reconfiguration")
# Lines of IOS that take effect in sessions that stand, and the headings of their sections.
IOS_QUIET = (
    "interface ",
    "router ",
    "address-family ",
    "exit",
    "description ",
    "ip prefix-list ",
    "ip route ",
    "ip nhrp holdtime ",
    "ip tcp adjust-mss ",
    "route-map ",
    "match ",
    "set ",
    "network ",
)
_NEIGHBOR = re.compile(r"router bgp \d+ / (?:address-family ipv4 unicast / )?(?:no )?neighbor (\S+) (\S+)")


@dataclass(frozen=True, slots=True)
class Flap:
    """Sessions that go down. ``seconds`` is for how long, from and to; None where they do not come back.

    ``peers`` are the routers at the other ends, empty for all members of the cloud.
    """

    cloud: str
    sessions: str
    peers: tuple[str, ...]
    seconds: tuple[float, float] | None
    sure: Sure
    why: str

    @property
    def worst(self) -> float:
        return self.seconds[1] if self.seconds else float("inf")


def flaps(device: Device, acts: Sequence[Mapping[str, Any]]) -> list[Flap]:
    """All that a router's change interrupts, each once."""
    found = [flap for act in acts for flap in _flaps(device, act)]
    return list(dict.fromkeys(found))


def _flaps(device: Device, act: Mapping[str, Any]) -> Iterator[Flap]:
    what = str(act["act"])
    if what in HARMLESS:
        return
    if what == "charon is restarted":
        for member in device.memberships:
            yield charon(member)
    elif what == "certificate is replaced":
        for member in device.memberships:
            if member.cloud.ipsec.auth == "certificate":
                yield Flap(member.cloud.name, "IPsec", (), (0, 10), "not known", what)
    elif what == "FRR lines change":
        yield from lines(device, [*act["added"], *act["removed"]], act["removed"])
    elif what == "IOS lines change":
        yield from ios(device, act["lines"])
    elif what == "tunnel goes":
        yield Flap(_cloud(device, act), "all", (), None, "expected", f"{act['tunnel']} is taken away")
    elif what in ("tunnel moves", "tunnel is renumbered"):
        why = (
            f"{act['tunnel']} gets another {'WAN' if what == 'tunnel moves' else 'address'}: all begins anew"
        )
        # nhrpd registers at once, or at the latest after 64 s (docs/linux-facts.md).
        yield Flap(_cloud(device, act), "all", (), (3, 70), "expected", why)
    else:
        yield Flap("", "all", (), (0, 300), "not known", what)


def charon(member: Membership) -> Flap:
    """All SAs begin anew; measured at a hub: 1.9 s (docs/convergence.md), 6.9 s with the routing session."""
    rules = member.cloud.routing
    detection = rules.bfd.interval * rules.bfd.multiplier / 1000 if rules.bfd else rules.holdtime
    goes_too = rules.protocol != "static" and detection < CHARON[1]
    sessions = f"IPsec and {rules.protocol.upper()}" if goes_too else "IPsec"
    return Flap(member.cloud.name, sessions, (), CHARON, "measured", "charon is restarted")


def lines(device: Device, told: Sequence[str], removed: Sequence[str]) -> Iterator[Flap]:
    """What FRR does about lines that come and go."""
    if any(re.fullmatch(r"router bgp \d+", line) for line in removed):
        for member in device.memberships:
            yield Flap(member.cloud.name, "BGP", (), (1, 15), "expected", "router bgp is made anew")
        return
    if any(re.search(r"^router bgp \d+ / bgp router-id ", line) for line in told):
        for member in device.memberships:
            yield Flap(member.cloud.name, "BGP", (), (1, 15), "expected", "bgp router-id changes")
    for line in told:
        found = _NEIGHBOR.match(line)
        if not found or found[2] in QUIET:
            continue
        sure: Sure = "expected" if found[2] in RESETS else "not known"
        for member, peers in _ends(device, found[1]):
            new = found[2] in ("remote-as", "peer-group") and line not in removed
            if new and not any(found[1] in other for other in removed):
                continue  # a neighbour that comes has no session yet
            why = f"neighbor {found[1]} {found[2]} changes"
            yield Flap(member.cloud.name, "BGP", peers, (1, 15), sure, why)
    for line in removed:
        if (gone := re.match(r"interface (\S+) / ip nhrp nhs (\S+)", line)) is not None:
            for member in device.memberships:
                peers = tuple(hub.name for hub in member.hubs if str(hub.overlay) == gone[2])
                if member.interface == gone[1]:
                    yield Flap(member.cloud.name, "NHRP", peers, None, "expected", f"nhs {gone[2]} goes")


def ios(device: Device, told: Sequence[str]) -> Iterator[Flap]:
    """An IOS router: nothing was measured, and what is not known to be quiet may be loud."""
    loud = [line for line in told if not line.lstrip("+- ").removeprefix("no ").startswith(IOS_QUIET)]
    for member in device.memberships if loud else ():
        why = f"IOS: {loud[0]}" + (f" and {len(loud) - 1} more lines" if len(loud) > 1 else "")
        yield Flap(member.cloud.name, "all", (), (0, 70), "not known", why)


def _ends(device: Device, neighbor: str) -> Iterator[tuple[Membership, tuple[str, ...]]]:
    """The cloud and the peers of a neighbour or peer group of ours."""
    for member in device.memberships:
        if neighbor in (f"MGRE-{member.cloud.name}-spokes", f"MGRE-{member.cloud.name}-hubs"):
            peers = member.spokes if neighbor.endswith("-spokes") else member.hubs
            yield member, tuple(peer.name for peer in peers)
        else:
            ends = (*member.hubs, *member.spokes)
            yield from ((member, (peer.name,)) for peer in ends if str(peer.overlay) == neighbor)


def _cloud(device: Device, act: Mapping[str, Any]) -> str:
    held = {member.interface: member.cloud.name for member in device.memberships}
    return held.get(str(act["tunnel"]), str(act["tunnel"]))
