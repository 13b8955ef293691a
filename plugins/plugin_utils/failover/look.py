# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one router says before anything is broken, the same shape for every platform."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..findings import Finding


@dataclass(slots=True)
class Look:
    """``against`` speaks against any fault in the fleet, ``unable`` against one on this router.

    ``management`` are the interfaces that the way from Ansible to this router needs, empty if it needs none;
    where they cannot be told, ``unable`` says so. ``down`` are the interfaces that are shut down.
    """

    against: list[Finding] = field(default_factory=list)
    unable: list[Finding] = field(default_factory=list)
    management: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)
