# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The faults as the controller knows them: whom they may hit, what they break, which objective they meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..fleet.intent import Device, Membership, Platform, Role

Objective = Literal["hub_loss", "spoke_wan_loss", "daemon_restart", "brownout", "mtu_shrink"]
Measure = Literal["outage", "silence"]


@dataclass(frozen=True, slots=True)
class Fault:
    """``says`` completes "hub1: ...". ``lines``: WANs are hit, with ``all_lines`` all of them.

    What counts against the objective is the ``measure`` of a flow: its ``outage``, or its longest
    ``silence`` where single packets are lost on purpose.

    ``ios`` is what happens on an IOS router, as in ``says``; where nothing of the kind can, ``no_ios`` is
    why.
    """

    name: str
    role: Role | None
    objective: Objective
    says: str
    lines: bool = True
    all_lines: bool = False
    measure: Measure = "outage"
    ios: str = ""
    no_ios: str = ""

    def says_on(self, platform: Platform) -> str:
        return self.ios if platform == "ios" else self.says

    def wans(self, device: Device, transport: str | None) -> tuple[str, ...]:
        """The interfaces that the fault hits on a router."""
        carried = self.carried(device)
        if not self.lines or not carried:
            return ()
        if self.all_lines:
            return tuple(dict.fromkeys(member.transport.interface for member in carried))
        chosen = transport or carried[0].transport.name
        return tuple(dict.fromkeys(m.transport.interface for m in carried if m.transport.name == chosen))

    def carried(self, device: Device) -> list[Membership]:
        """The memberships that the fault is about: those of its role, or all."""
        return [member for member in device.memberships if self.role in (None, member.role)]


_NO_DAEMON = "IOS has no daemons that could be killed one by one"
FAULTS = {
    fault.name: fault
    for fault in (
        Fault("hub_wan", "hub", "hub_loss", "WAN {wans} is cut", ios="WAN {wans} is shut down"),
        Fault(
            *("hub_router", "hub", "hub_loss", "the router is dead"),
            all_lines=True,
            ios="all its WANs ({wans}) are shut down",
        ),
        Fault("spoke_wan", "spoke", "spoke_wan_loss", "WAN {wans} is cut", ios="WAN {wans} is shut down"),
        Fault(
            *("brownout", None, "brownout", "WAN {wans} loses {loss} % each way"),
            measure="silence",
            no_ios="IOS has no command that loses packets at random",
        ),
        Fault(
            *("mtu", None, "mtu_shrink", "WAN {wans} swallows packets above {mtu} bytes"),
            no_ios="IOS drops packets by their size in a service-policy only, and a WAN may have its own",
        ),
        Fault("nhrpd", None, "daemon_restart", "nhrpd is killed", lines=False, no_ios=_NO_DAEMON),
        Fault("bgpd", None, "daemon_restart", "bgpd is killed", lines=False, no_ios=_NO_DAEMON),
        Fault("charon", None, "daemon_restart", "charon is killed", lines=False, no_ios=_NO_DAEMON),
    )
}
