# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which routers a packet of a LAN client passes: pings that live for one router more each time."""

from __future__ import annotations

import re

from .lab import Lab

LONGEST = 8  # routers
SILENT = "*"


def trace(lab: Lab, node: str, target: str) -> list[str]:
    """Addresses of the routers between the own router and the target, as they name themselves.

    A router tells by the address of the interface that leads back: in the overlay, its tunnel address. The
    own router and the target are left out; one that does not answer within a second is ``*``, and a target
    that no packet reaches leaves :data:`LONGEST` of them.
    """
    passed: list[str] = []
    for hops in range(2, LONGEST + 2):
        told = lab.client(node, "ping", "-n", "-c", "1", "-W", "1", "-t", str(hops), target).stdout
        if re.search(rf"bytes from {re.escape(target)}:", told):
            break
        router = re.search(r"^From ([0-9.]+) .*Time to live exceeded", told, re.M)
        passed.append(router[1] if router else SILENT)
    return passed
