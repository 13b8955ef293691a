# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hub that comes back hears from the other hubs before spokes may use it.

A spoke prefers its first hub as soon as BGP with it stands, also while that hub still lacks the routes of the
other spokes. Another hub has them all, and carries the packets meanwhile. So while bgpd is young, a spoke's
registration is accepted only once another hub has told its routes. Nobody waits for hubs without an SA.

It takes a third of the holdtime of NHRP at times: two hubs are NHSs of each other, nhrpd refuses the
registration of its own NHS (code 4), and so the one that comes back waits for the other's next registration.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from nhrp_events_frr import FrrError, run

log = logging.getLogger("nhrp-events")

LONGEST = 60.0  # seconds that a spoke waits at most, counted from bgpd's begin
SILENCE = 8.0  # seconds after which a hub that has no SA with us counts as gone
ASK_EVERY = 0.5
PID_FILE = "/run/frr/bgpd.pid"


class Return:
    """For each cloud's hubs, the one wait that all registrations share."""

    def __init__(self) -> None:
        self._waits: dict[tuple[tuple[str, ...], int], asyncio.Task[None]] = {}

    async def over(self, vtysh: str, hubs: Sequence[str], alive: Callable[[], bool], seconds: float) -> bool:
        """Whether spokes may use this hub, known after ``seconds`` at most.

        ``alive`` says whether an SA with one of the other ``hubs`` stands.
        """
        begun = bgpd_begun()
        if not hubs or (begun and abs(time.time() - begun / 1e9) > LONGEST):
            return True
        key = (tuple(hubs), begun)
        wait = self._waits.get(key)
        if wait is None:
            log.info("bgpd is young: spokes wait until one of %s has told its routes.", ", ".join(hubs))
            self._waits = {old: task for old, task in self._waits.items() if not task.done()}
            wait = self._waits[key] = asyncio.create_task(listen(vtysh, hubs, alive))
        await asyncio.wait({wait}, timeout=seconds)
        return wait.done()


def bgpd_begun() -> int:
    """When bgpd began, nanoseconds of the epoch; 0 if it has not."""
    with suppress(OSError):
        return os.stat(PID_FILE).st_mtime_ns
    return 0


async def listen(vtysh: str, hubs: Sequence[str], alive: Callable[[], bool]) -> None:
    """Asks until one of the hubs has told its routes, or all seem to be gone, or LONGEST is over."""
    clock = asyncio.get_running_loop().time
    heard = begun = clock()
    while not await told(vtysh, hubs):
        now = clock()
        if alive():
            heard = now
        if now - heard > SILENCE or now - begun > LONGEST:
            log.warning("None of %s has told its routes: spokes wait no longer.", ", ".join(hubs))
            return
        await asyncio.sleep(ASK_EVERY)


async def told(vtysh: str, hubs: Sequence[str]) -> bool:
    """Whether BGP with one of the hubs stands and has brought routes."""
    for hub in hubs:
        with suppress(FrrError, ValueError, AttributeError, TypeError):
            said = json.loads(await run(vtysh, "bgpd", f"show bgp neighbors {hub} json")).get(hub, {})
            family = said.get("addressFamilyInfo", {}).get("ipv4Unicast", {})
            if said.get("bgpState") == "Established" and family.get("acceptedPrefixCounter", 0) > 0:
                return True
    return False
