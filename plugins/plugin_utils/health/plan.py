# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be measured on a router, from its intent."""

from __future__ import annotations

from ...module_utils.health_plan import INTERVAL, CloudPlan, HealthPlan, Server
from ...module_utils.state import State
from ..fleet.intent import Device, Membership
from ..judge.plan import state_arguments
from ..judge.services import Services
from ..judge.sight import Sight


def health_plan(device: Device, interval: int = INTERVAL, directory: str | None = None) -> HealthPlan:
    """``interval`` in seconds between two looks; ``directory`` is where the router writes its metrics file.

    Names hubs only: a new branch changes the plan of no other router, and a hub has no series for each spoke.
    """
    linux = device.platform == "linux"
    asked = state_arguments(device) if linux else {}
    return HealthPlan(
        site=device.name,
        platform=device.platform,
        clouds=tuple(_cloud(member) for member in device.memberships),
        wans=tuple(dict.fromkeys(member.transport.interface for member in device.memberships)),
        units=tuple(asked.get("units", ())),
        daemons=tuple(Services.daemons(Sight(device, State()))) if linux else (),
        certificates=tuple(asked.get("certificates", ())),
        firewall=device.firewall,
        interval=interval,
        directory=directory,
    )


def _cloud(member: Membership) -> CloudPlan:
    cloud = member.cloud
    return CloudPlan(
        name=cloud.name,
        role=member.role,
        interface=member.interface,
        prefix=str(cloud.prefix),
        overlay=str(member.overlay),
        protocol=cloud.routing.protocol,
        ike_lifetime=cloud.ipsec.ike_lifetime,
        esp_lifetime=cloud.ipsec.esp_lifetime,
        servers=tuple(
            Server(hub.name, str(hub.overlay), None if hub.nbma is None else str(hub.nbma))
            for hub in member.hubs
        ),
    )
