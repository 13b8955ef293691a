# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What nhrpd has learnt of peers whose SA has gone since: it keeps that, so it is cleared from here."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from nhrp_events_config import Interface
from nhrp_events_frr import Binding, clear_binding, clear_shortcuts, learnt_bindings
from nhrp_events_peer import judge
from nhrp_events_sas import Sas

log = logging.getLogger("nhrp-events")


async def clear_dead(vtysh: str, interfaces: Mapping[str, Interface], sas: Sas) -> None:
    """Clears the bindings that no SA stands behind. Raises :class:`FrrError`."""
    dead = [binding for binding in await learnt_bindings(vtysh) if _is_dead(interfaces, sas, binding)]
    if not dead:
        return
    names = ", ".join(f"{binding.overlay} at {binding.nbma}" for binding in dead)
    log.warning("Cleared, because no SA stands that may hold the address: %s.", names)
    if spokes(interfaces) == len(interfaces):
        await clear_shortcuts(vtysh)
        return
    # That is for all interfaces at once, and a hub would lose the registrations of its spokes.
    for binding in dead:
        await clear_binding(vtysh, binding)


def spokes(interfaces: Mapping[str, Interface]) -> int:
    """In how many clouds this router is a spoke."""
    return sum(interface.role == "spoke" for interface in interfaces.values())


def _is_dead(interfaces: Mapping[str, Interface], sas: Sas, binding: Binding) -> bool:
    """Whether a binding has to go: its SA is now somebody else's or, at a spoke, there is none.

    A hub keeps a registration without an SA: the spoke makes a new one with its next packet.
    """
    interface = interfaces.get(binding.interface)
    if interface is None:
        return False
    verdict = judge(interface, binding.overlay, sas.towards(binding.nbma, interface.source))
    return interface.role == "spoke" if verdict is None else not verdict.accepted
