# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The running configuration as the router itself knows it: with its secrets in clear."""

from __future__ import annotations

from collections.abc import Iterator

from ..device import Device
from ..tree import Node

_ENCRYPTED = ("6", "7")


def text(device: Device) -> str:
    """Lines with their indent. It is for this process alone: nothing of it goes into a log or a show."""
    return "".join(f"{line}\n" for line in _lines(device, device.config, 0))


def _lines(device: Device, node: Node, indent: int) -> Iterator[str]:
    for child in device.configuration.ordered(node):
        words = list(child.words)
        if child.rule and child.rule.secret and len(words) > 1 and words[-2] in _ENCRYPTED:
            words[-2:] = [device.unmasked(child)]
        yield f"{' ' * indent}{' '.join(words)}"
        yield from _lines(device, child, indent + 1)
