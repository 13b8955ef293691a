# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router without some of its peers: those that cannot stand yet are no fault of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ..fleet.intent import Device


def without(device: Device, absent: Collection[str]) -> Device:
    """The device as if its clouds had no such members."""
    if not absent:
        return device
    return replace(
        device,
        memberships=tuple(
            replace(
                member,
                hubs=tuple(peer for peer in member.hubs if peer.name not in absent),
                spokes=tuple(peer for peer in member.spokes if peer.name not in absent),
            )
            for member in device.memberships
        ),
    )
