# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a router would change, as its own check mode says it before a rollout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Among the lines for a router whose tunnel is not there yet: over the command line, and over NETCONF.
BEGINS_TUNNEL = ("tunnel mode gre multipoint", "+ interface/Tunnel[")


@dataclass(frozen=True, slots=True)
class Look:
    """``new``: nothing of ours runs there yet."""

    changed: bool
    new: bool = False

    @classmethod
    def of(cls, forecast: Mapping[str, Any]) -> Look:
        """From what linux_apply, ios_apply and netconf_apply return as ``forecast`` in check mode."""
        return cls(bool(forecast.get("changed")), bool(forecast.get("new")))


def forecast_of(changed: bool, lines: Iterable[str]) -> dict[str, Any]:
    """The ``forecast`` of an IOS router. One that loses nothing and gets a tunnel is new."""
    held = [line.strip() for line in lines]
    loses = any(line.startswith(("no ", "- ")) for line in held)
    gains = any(line.startswith(BEGINS_TUNNEL) for line in held)
    return {"changed": changed, "new": gains and not loses}
