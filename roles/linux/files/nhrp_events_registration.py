# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A spoke's registration with each NHS, asked for again as soon as there is a way to it.

nhrpd doubles the time between two tries, up to 64 s, and goes on doing so after the line is back. So where a
registration is missing, an SA with that NHS is asked for; once it stands, nhrpd is made to register at once.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress

from nhrp_events_config import Interface
from nhrp_events_frr import FrrError, register_again, registered
from nhrp_events_peer import judge
from nhrp_events_sas import Sas

log = logging.getLogger("nhrp-events")

# Seconds between two looks. Not the same at all spokes: a hub that comes back has them all at once as it is.
EVERY = (8.0, 12.0)
# Seconds that an SA may take; charon gives up about then.
SA_WITHIN = 5.0
# nhrpd begins anew with tries in quick succession; an NHS that refuses them is not pressed.
AGAIN_AFTER = 60.0


class Registration:
    """Of one router. ``interfaces`` are those served now, ``ready`` says that nhrpd and charon are there."""

    def __init__(
        self,
        vtysh: str,
        sas: Sas,
        knock: Callable[[Interface, str], None],
        interfaces: Callable[[], Mapping[str, Interface]],
        ready: Callable[[], bool],
    ) -> None:
        self._vtysh = vtysh
        self._sas = sas
        self._knock = knock
        self._interfaces = interfaces
        self._ready = ready
        self._last: dict[tuple[str, str], float] = {}

    async def keep(self) -> None:
        """Looks every now and then; never returns."""
        while True:
            await asyncio.sleep(random.uniform(*EVERY))
            if self._ready() and any(interface.nhs for interface in self._interfaces().values()):
                with suppress(FrrError):  # FRR restarts, and registers by itself.
                    await self.look()

    async def look(self) -> None:
        """Registers where this router is not registered and there is a way. Raises :class:`FrrError`."""
        held = await registered(self._vtysh)
        await asyncio.gather(
            *(
                self._register(name, interface, overlay, nbma)
                for name, interface in self._interfaces().items()
                for overlay, nbma in interface.nhs.items()
                if (name, overlay) not in held
            )
        )

    async def _register(self, name: str, interface: Interface, overlay: str, nbma: str) -> None:
        if not self._way(interface, overlay, nbma):
            with suppress(OSError):  # the line is down
                self._knock(interface, nbma)
            await self._sas.change(nbma, SA_WITHIN)
            if not self._way(interface, overlay, nbma):
                return
        now = asyncio.get_running_loop().time()
        if now < self._last.get((name, overlay), -AGAIN_AFTER) + AGAIN_AFTER:
            return
        # nhrpd may have done so meanwhile.
        if (name, overlay) not in await registered(self._vtysh):
            self._last[name, overlay] = now
            log.info("Registers again with %s at %s on %s: there is an SA.", overlay, nbma, name)
            await register_again(self._vtysh, name, overlay, nbma)

    def _way(self, interface: Interface, overlay: str, nbma: str) -> bool:
        verdict = judge(interface, overlay, self._sas.towards(nbma, interface.source))
        return verdict is not None and verdict.accepted
