# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""BFD of a hub towards the spokes that are registered with it, begun before BGP asks for it.

FRR 10.2 and 10.3 do not start BGP while BFD is down, and a hub that takes spokes by ``bgp listen range`` asks
for BFD only once BGP is up. So the sessions are entered into bfdd here; bgpd joins them. They live in bfdd's
running configuration only, below one of our profiles, which tells them from anybody else's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from math import inf

from nhrp_events_config import Bfd, Interface
from nhrp_events_frr import Binding, run

# Seconds after which the session of a spoke that registers no more is taken away.
KEEP = 600.0
PEERS_AT_ONCE = 100
PID_FILE = "/run/frr/bfdd.pid"
OURS = "MGRE-"
_PEER = re.compile(r"^ peer (\S+)(?: (.*?))?\n((?:  .*\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Session:
    """One session, as it is entered: what follows ``peer``, and its profile."""

    peer: str
    profile: str


def session(bfd: Bfd, address: str) -> Session:
    """The session of a hub's tunnel with a tunnel address."""
    hops = " multihop" if bfd.multihop else ""
    return Session(f"{address}{hops} local-address {bfd.local}", bfd.profile)


def entered(running: str) -> set[Session]:
    """The sessions in a running configuration that are ours."""
    found = set()
    for match in _PEER.finditer(running):
        profile = re.search(r"^  profile (\S+)$", match[3], re.MULTILINE)
        if profile and profile[1].startswith(OURS):
            # FRR repeats the default VRF on some versions.
            words = f"{match[1]} {match[2] or ''}".removesuffix(" vrf default").strip()
            found.add(Session(words, profile[1]))
    return found


class Sessions:
    """Which sessions there should be, and when each was last asked for (seconds of the loop's clock)."""

    def __init__(self) -> None:
        self._seen: dict[Session, float] = {}
        self._pid = 0

    def bfdd_changed(self) -> bool:
        """Whether bfdd is another process than at the last call, and so has lost all sessions."""
        before = self._pid
        self._pid = 0
        with suppress(OSError):
            self._pid = os.stat(PID_FILE).st_mtime_ns
        return self._pid != before

    def saw(self, interface: Interface, address: str, now: float) -> bool:
        """A spoke holds this tunnel address; True if its session is a new one."""
        if interface.bfd is None or address == interface.bfd.local:
            return False
        one = session(interface.bfd, address)
        new = one not in self._seen
        self._seen[one] = now
        return new

    def doubt(self) -> None:
        """Whoever is not registered at the next settling has no session any more."""
        self._seen = dict.fromkeys(self._seen, -inf)

    async def settle(
        self, vtysh: str, interfaces: dict[str, Interface], bindings: Iterable[Binding], now: float
    ) -> tuple[list[Session], list[Session]]:
        """Brings bfdd to the sessions that there should be; returns those added and removed.

        Raises :class:`FrrError`.
        """
        for binding in bindings:
            interface = interfaces.get(binding.interface)
            if interface and interface.holds(binding.overlay):
                self.saw(interface, binding.overlay, now)
        here = entered((await run(vtysh, "bfdd", "show running-config")).decode("utf-8", "replace"))
        kinds = {(b.multihop, b.local, b.profile) for i in interfaces.values() if (b := i.bfd)}
        for one in here:
            # After a restart of this program: as if it had registered just now.
            self._seen.setdefault(one, now)
        for one, seen in tuple(self._seen.items()):
            hops, local = " multihop " in one.peer, one.peer.rpartition(" ")[2]
            if now - seen > KEEP or (hops, local, one.profile) not in kinds:
                del self._seen[one]
        added = sorted(self._seen.keys() - here, key=lambda one: one.peer)
        removed = sorted(here - self._seen.keys(), key=lambda one: one.peer)
        commands = [[f"peer {one.peer}", f"profile {one.profile}", "exit"] for one in added]
        commands += [[f"no peer {one.peer}"] for one in removed]
        for first in range(0, len(commands), PEERS_AT_ONCE):
            lines = [line for group in commands[first : first + PEERS_AT_ONCE] for line in group]
            await run(vtysh, "bfdd", "configure terminal", "bfd", *lines)
        return added, removed
