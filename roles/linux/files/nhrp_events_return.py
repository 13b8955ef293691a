# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hub that comes back hears from the other hubs before spokes may use it.

A spoke prefers its first hub as soon as BGP with it stands, also while that hub still lacks the routes of the
other spokes. Another hub has them all. So while bgpd is young, a spoke's registration is accepted only once
another hub has told its routes; or after HOLD seconds, because that hub may be gone as well.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Sequence
from contextlib import suppress

from nhrp_events_frr import FrrError, run

log = logging.getLogger("nhrp-events")

# Below the time that nhrpd waits for an answer; BGP between two hubs of the lab stands after 3 to 6 s.
HOLD = 8.0
ASK_EVERY = 0.5
PID_FILE = "/run/frr/bgpd.pid"


class Return:
    """For each cloud's hubs, the one wait that all registrations share."""

    def __init__(self) -> None:
        self._waits: dict[tuple[tuple[str, ...], int], asyncio.Task[None]] = {}

    async def heard(self, vtysh: str, hubs: Sequence[str], seconds: float) -> None:
        """Returns when one of the ``hubs`` has told its routes, or after ``seconds``; at once later on."""
        begun = bgpd_begun()
        if not hubs or (begun and abs(time.time() - begun / 1e9) > HOLD):
            return
        key = (tuple(hubs), begun)
        wait = self._waits.get(key)
        if wait is None:
            log.info("bgpd is young: spokes wait until one of %s has told its routes.", ", ".join(hubs))
            self._waits = {old: task for old, task in self._waits.items() if not task.done()}
            wait = self._waits[key] = asyncio.create_task(listen(vtysh, hubs))
        await asyncio.wait({wait}, timeout=seconds)


def bgpd_begun() -> int:
    """When bgpd began, nanoseconds of the epoch; 0 if it has not."""
    with suppress(OSError):
        return os.stat(PID_FILE).st_mtime_ns
    return 0


async def listen(vtysh: str, hubs: Sequence[str]) -> None:
    """Asks until one of the hubs has told its routes, for HOLD seconds at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HOLD):
            while not await told(vtysh, hubs):
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
