# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""fleet -> bundles, one device at a time so that memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from ..fleet.dump import Dumper
from ..fleet.intent import Device, Fleet, Platform
from .bundle import Bundle
from .ios import IosRenderer
from .linux import LinuxRenderer


class Renderer(Protocol):
    """Makes the bundles of one platform."""

    def render(self, device: Device) -> Bundle: ...


RENDERERS: dict[Platform, Callable[[Dumper], Renderer]] = {"linux": LinuxRenderer, "ios": IosRenderer}


def render_fleet(fleet: Fleet) -> Iterator[Bundle]:
    """Every bundle, in inventory order."""
    dumper = Dumper()
    renderers = {platform: make(dumper) for platform, make in RENDERERS.items()}
    for device in fleet.devices.values():
        yield renderers[device.platform].render(device)
