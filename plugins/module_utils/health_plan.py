# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is measured on a router: its clouds and next hop servers, files and units. Nothing of it is secret."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

INTERVAL = 60  # seconds between two looks of a router at itself


@dataclass(frozen=True, slots=True)
class Server:
    """A next hop server: a hub, or another hub."""

    name: str
    overlay: str
    nbma: str | None


@dataclass(frozen=True, slots=True)
class CloudPlan:
    """A cloud at this router; lifetimes in seconds."""

    name: str
    role: str
    interface: str
    prefix: str
    overlay: str
    protocol: str
    ike_lifetime: int
    esp_lifetime: int
    servers: tuple[Server, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthPlan:
    """``site`` is the inventory's host name, ``daemons`` are FRR's that have to run, ``wans`` interfaces."""

    site: str
    platform: str
    clouds: tuple[CloudPlan, ...]
    wans: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    daemons: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    firewall: str = "nftables"
    interval: int = INTERVAL
    directory: str | None = field(default=None)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def parse_plan(data: dict[str, Any]) -> HealthPlan:
    """What :meth:`HealthPlan.to_dict` gave. Raises KeyError or TypeError for anything else."""
    clouds = tuple(
        CloudPlan(**{**cloud, "servers": tuple(Server(**server) for server in cloud["servers"])})
        for cloud in data["clouds"]
    )
    lists = {name: tuple(data[name]) for name in ("wans", "units", "daemons", "certificates")}
    return HealthPlan(**{**data, **lists, "clouds": clouds})
