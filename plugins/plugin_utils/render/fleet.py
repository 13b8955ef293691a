# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""fleet -> bundles, one device at a time so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Finding, FindingsError
from ..fleet.intent import Device, Fleet
from .bundle import Bundle
from .linux import LinuxRenderer

RENDERERS = {"linux": LinuxRenderer}


def render_fleet(fleet: Fleet) -> Iterator[Bundle]:
    """Every bundle, in inventory order. Raises :class:`FindingsError` before the first one, or not at all."""
    findings = [no_templates(device) for device in fleet.devices.values() if device.platform not in RENDERERS]
    if findings:
        raise FindingsError(findings)
    renderers = {platform: make() for platform, make in RENDERERS.items()}
    for device in fleet.devices.values():
        yield renderers[device.platform].render(device)


def no_templates(device: Device) -> Finding:
    return Finding(
        host=device.name,
        subject="dmvpn_platform",
        problem=f"there are no templates for {device.platform}",
        remedy=f"write one of: {', '.join(RENDERERS)}",
    )
