# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which sites a change can cut off: by what it interrupts, or if it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..fleet.intent import Device
from .impact import Flap


@dataclass(frozen=True, slots=True)
class Risk:
    """``sites`` may be cut off while ``wave`` runs; ``down``: that is part of the plan."""

    sites: tuple[str, ...]
    wave: int
    down: bool
    why: str


def risks(
    flaps: Mapping[str, Sequence[Flap]], waves: Mapping[str, int], devices: Mapping[str, Device]
) -> list[Risk]:
    """In the order of the waves, what is sure to happen first. ``flaps`` has every router that changes."""
    found = [*_itself(flaps, waves, devices), *_only_hub(flaps, waves, devices), *_spare(waves, devices)]
    return sorted(found, key=lambda risk: (risk.wave, not risk.down, risk.sites))


def _itself(
    flaps: Mapping[str, Sequence[Flap]], waves: Mapping[str, int], devices: Mapping[str, Device]
) -> Iterator[Risk]:
    """A router that interrupts all of its clouds, and has no other of its site beside it."""
    at_site: dict[int, int] = {}
    for device in devices.values():
        at_site[device.site] = at_site.get(device.site, 0) + 1
    for host, held in flaps.items():
        device = devices[host]
        lost = {flap.cloud for flap in held}
        if held and lost >= {m.cloud.name for m in device.memberships} and at_site[device.site] == 1:
            yield Risk((host,), waves[host], True, "the site itself: all of its clouds are interrupted")


def _only_hub(
    flaps: Mapping[str, Sequence[Flap]], waves: Mapping[str, int], devices: Mapping[str, Device]
) -> Iterator[Risk]:
    """Spokes that have no other hub than one that changes."""
    for host in waves:
        clouds = {flap.cloud for flap in flaps.get(host, ())}
        cut: dict[bool, list[str]] = {True: [], False: []}
        for spoke in _spokes(devices, host):
            hubs = {hub.name for member in devices[spoke].memberships for hub in member.hubs}
            if hubs == {host}:
                cut[{m.cloud.name for m in devices[spoke].memberships} <= clouds].append(spoke)
        if cut[True]:
            yield Risk(tuple(cut[True]), waves[host], True, f"{host} is their only hub and is interrupted")
        if cut[False]:
            yield Risk(tuple(cut[False]), waves[host], False, f"{host} is their only hub")


def _spare(waves: Mapping[str, int], devices: Mapping[str, Device]) -> Iterator[Risk]:
    """Spokes that have one hub left while another changes."""
    for host in waves:
        alone: dict[str, list[str]] = {}
        for spoke in _spokes(devices, host):
            hubs = {hub.name for member in devices[spoke].memberships for hub in member.hubs}
            if len(hubs) == 2:
                (other,) = hubs - {host}
                alone.setdefault(other, []).append(spoke)
        for other, spokes in alone.items():
            yield Risk(tuple(spokes), waves[host], False, f"{host} changes, which leaves them {other} alone")


def _spokes(devices: Mapping[str, Device], hub: str) -> list[str]:
    """The spokes of a hub that are known."""
    held = {peer.name: None for member in devices[hub].memberships for peer in member.spokes}
    return [name for name in held if name in devices]
