# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""BFD beside BGP, as IOS has it: a session that falls takes BGP's along, one that never was up does not.

FRR 10.2 and 10.3 let BGP wait for BFD, and a hub that takes spokes by a listen range then waits for ever
(docs/linux-facts.md). So bgpd does not know of BFD here; bfdd has the peers, and this clears BGP.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from ipaddress import IPv4Address

from .plan import Neighbor, Plan, Tunnel
from .system import System

SECONDS = 1.0


def configured(plan: Plan) -> list[tuple[Tunnel, str]]:
    """The neighbours that are to be watched, each with its tunnel. Those of a listen range come later."""
    found = []
    for neighbor in plan.bgp.neighbors if plan.bgp else ():
        if neighbor.is_group or not _watched(plan, neighbor):
            continue
        found += [(tunnel, neighbor.name) for tunnel in plan.up() if _is_on(tunnel, neighbor.name)]
    return found


def of_range(plan: Plan, tunnel: Tunnel, address: str) -> bool:
    """Whether a spoke that registers is to be watched once it speaks BGP."""
    groups = {one.name for one in plan.bgp.neighbors if one.is_group and one.bfd} if plan.bgp else set()
    ranges = plan.bgp.ranges if plan.bgp else ()
    inside = any(IPv4Address(address) in network and group in groups for network, group in ranges)
    return inside and _is_on(tunnel, address)


def _watched(plan: Plan, neighbor: Neighbor) -> bool:
    groups = {one.name for one in plan.bgp.neighbors if one.is_group and one.bfd} if plan.bgp else set()
    return neighbor.bfd or any(text.removeprefix("peer-group ") in groups for text in neighbor.session)


def _is_on(tunnel: Tunnel, address: str) -> bool:
    return (
        tunnel.bfd is not None
        and tunnel.address is not None
        and IPv4Address(address) in tunnel.address.network
    )


def lines(tunnel: Tunnel, address: str) -> list[str]:
    """A peer in bfdd's configuration."""
    assert tunnel.address is not None
    return [
        f"peer {address} local-address {tunnel.address.ip} interface {tunnel.name}",
        f" profile {tunnel.name}",
        "exit",
    ]


class BfdWatch:
    """Asks bfdd every second, as long as there is a peer."""

    def __init__(self, plan: Callable[[], Plan], system: System) -> None:
        self._plan = plan
        self._system = system
        self._up: set[str] = set()

    def bound(self, tunnel: Tunnel, address: str) -> None:
        """A spoke has registered."""
        if of_range(self._plan(), tunnel, address):
            words = ["configure", "bfd", *lines(tunnel, address)]
            self._system.run("vtysh", *(part for word in words for part in ("-c", word.strip())))

    async def run(self) -> None:
        while True:
            if any(tunnel.bfd for tunnel in self._plan().up()):
                await asyncio.to_thread(self.look)
            await asyncio.sleep(SECONDS)

    def look(self) -> None:
        """Clear BGP with every peer that was up and is not any more."""
        try:
            peers = json.loads(self._system.vty("bfdd", "show bfd peers json"))
        except ValueError:
            return
        up = {str(one["peer"]) for one in peers if one.get("status") == "up" and one.get("type") != "dynamic"}
        for address in sorted(self._up - up):
            self._system.vty("bgpd", f"clear bgp {address}")
        self._up = up
