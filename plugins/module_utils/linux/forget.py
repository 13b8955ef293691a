# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a router still holds of peers that are no more, and how it forgets them at once.

All of it would go by itself: a registration when its holdtime ends, an SA when dead peer detection has given
up, BFD ten minutes later. Nothing of any other peer is touched: nhrpd's own ``clear`` commands would.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .host import Host
from .observe_run import Unreadable
from .observe_vici import Message, list_sas

EVENTS = "mgre-dmvpn-nhrp-events.service"
PAUSE = 0.5
_SUBJECT = re.compile(r"O=mgre-dmvpn, OU=(?P<addresses>[0-9. ]+), CN=(?P<name>.+)")


class StillThere(Exception):
    """A peer is held again, or still; the message says what of it and what that means."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer by its name, its tunnel address, and the tunnel here that it was reached by."""

    name: str
    overlay: str
    interface: str


@dataclass(slots=True)
class Held:
    """What there is of some peers: their SAs by number, bindings, BGP and BFD by tunnel address."""

    sas: dict[str, str] = field(default_factory=dict)
    bindings: list[tuple[str, str, str]] = field(default_factory=list)
    bgp: list[str] = field(default_factory=list)
    bfd: list[str] = field(default_factory=list)

    def words(self) -> list[str]:
        """One line each, sorted."""
        return sorted(
            [
                *(f"IKE SA with {identity}" for identity in self.sas.values()),
                *(f"NHRP {overlay} at {nbma}" for _interface, overlay, nbma in self.bindings),
                *(f"BGP neighbour {overlay}" for overlay in self.bgp),
                *(f"BFD session {overlay}" for overlay in self.bfd),
            ]
        )


def held(host: Host, peers: Sequence[Peer], keep: Sequence[Peer] = ()) -> Held:
    """What the router has of these peers now. A daemon that does not run holds nothing.

    Those to ``keep`` are peers as they are now, who may have had another name, tunnel address or NBMA address
    before: what is in use by them is not counted.
    """
    rows = [row for row in _table(host) if row[3] == "dynamic"]
    current = {nbma for interface, overlay, nbma, _kind in rows if _is_peer(keep, interface, overlay)}
    gone = [peer for peer in peers if not _is_peer(keep, peer.interface, peer.overlay)]
    overlays = {peer.overlay for peer in gone}
    nbmas = {nbma for interface, overlay, nbma, _kind in rows if _is_peer(gone, interface, overlay)} - current
    return Held(
        sas=dict(_sas(peers, nbmas, keep, current)),
        bindings=[(interface, overlay, nbma) for interface, overlay, nbma, _kind in rows if nbma in nbmas],
        bgp=sorted(overlays & set(_json(host, "bgpd", "show bgp neighbors json", {}))),
        bfd=sorted(
            overlays & {str(one.get("peer")) for one in _json(host, "bfdd", "show bfd peers json", [])}
        ),
    )


def forget(host: Host, peers: Sequence[Peer], wait: float, keep: Sequence[Peer] = ()) -> list[str]:
    """Makes the router forget; returns what it had. Raises :class:`StillThere` after ``wait`` seconds."""
    first = held(host, peers, keep)
    deadline = time.monotonic() + wait
    now = first
    while now.words():
        _clear(host, now)
        host.sleep(PAUSE)
        now = held(host, peers, keep)
        if time.monotonic() >= deadline and now.words():
            raise StillThere(
                f"after {wait:g} s there is still: {'; '.join(now.words())}. A router that runs comes back "
                "by itself: take the configuration off it, or revoke its certificate"
            )
    return first.words()


def _clear(host: Host, what: Held) -> None:
    for number in what.sas:
        host.run("swanctl", "--terminate", "--ike-id", number, "--force", "--timeout", "2")
    for overlay in what.bgp:
        host.run("vtysh", "-d", "bgpd", "-c", f"clear bgp {overlay}")
    for interface, overlay, nbma in what.bindings:
        host.run("vtysh", "-d", "nhrpd", *unbinding(interface, overlay, nbma))
    if what.bfd or what.bindings:
        # It drops the BFD sessions of all that are not registered.
        host.run("systemctl", "reload", EVENTS)


def unbinding(interface: str, overlay: str, nbma: str) -> tuple[str, ...]:
    """What vtysh is given to take one learnt binding back, for which nhrpd has no command.

    A static mapping replaces the learnt one, and leaves nothing behind (docs/linux-facts.md).
    """
    line = f"ip nhrp map {overlay} {nbma}"
    words = ("configure terminal", f"interface {interface}", line, f"no {line}")
    return tuple(part for word in words for part in ("-c", word))


def _is_peer(peers: Sequence[Peer], interface: str, overlay: str) -> bool:
    return any(peer.interface == interface and peer.overlay == overlay for peer in peers)


def _sas(
    peers: Sequence[Peer], nbmas: set[str], keep: Sequence[Peer], current: set[str]
) -> Iterator[tuple[str, str]]:
    """Number and identity of the IKE SAs with the peers; with a PSK only the address tells whose one is."""
    try:
        messages = list_sas()
    except Unreadable:
        return
    for message in messages:
        for sa in message.values():
            if not isinstance(sa, dict) or not _is_theirs(sa, peers, nbmas):
                continue
            # Of one who stays, the SAs go that are at an address where it is no more.
            here = not current or sa.get("remote-host") in current
            if not (here and _is_theirs(sa, keep, current)):
                yield str(sa["uniqueid"]), str(sa.get("remote-id", sa.get("remote-host")))


def _is_theirs(sa: Message, peers: Sequence[Peer], nbmas: set[str]) -> bool:
    subject = _SUBJECT.fullmatch(str(sa.get("remote-id", "")))
    if subject is None:
        return sa.get("remote-host") in nbmas
    addresses = subject["addresses"].split()
    return any(peer.name == subject["name"] and peer.overlay in addresses for peer in peers)


def _table(host: Host) -> list[tuple[str, str, str, str]]:
    """Interface, tunnel address, NBMA address and type of each row of nhrpd's cache."""
    found = _json(host, "nhrpd", "show ip nhrp cache json", {})
    rows = found.get("table", []) if isinstance(found, dict) else []
    return [(str(row["interface"]), str(row["protocol"]), str(row["nbma"]), str(row["type"])) for row in rows]


def _json(host: Host, daemon: str, command: str, none: Any) -> Any:
    """What a daemon of FRR answers; ``none`` if it does not run, or answers in words."""
    result = host.run("vtysh", "-d", daemon, "-c", command)
    try:
        data = json.loads(result.out)
    except ValueError:
        return none
    return data if isinstance(data, type(none)) else none
