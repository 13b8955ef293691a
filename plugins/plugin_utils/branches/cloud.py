# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet without one of its clouds: what each member of it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..findings import Finding, FindingsError
from ..fleet.declared import CLOUDS, FLEET, Groups, HostVars
from ..fleet.intent import Fleet
from ..fleet.load import load_fleet
from ..fleet.nearest import nearest, or_one_of

# Variables that name clouds.
BY_CLOUD = ("dmvpn_overlay", "dmvpn_psks", "dmvpn_nhrp_secrets")


@dataclass(frozen=True, slots=True)
class Decommission:
    """``rest`` is the fleet that stays, None if there is none. By role in the cloud that goes: routers that
    stay in another cloud, and those that leave the fleet, each in inventory order.
    """

    rest: Fleet | None
    stay: Mapping[str, list[str]]
    leave: Mapping[str, list[str]]


def decommission(hostvars: HostVars, groups: Groups, cloud: str) -> Decommission:
    """The fleet without ``cloud``. Raises :class:`FindingsError`, also if the rest would be no fleet."""
    fleet = load_fleet(hostvars, groups)
    if cloud not in fleet.clouds:
        remedy = or_one_of(nearest(cloud, fleet.clouds), fleet.clouds)
        raise FindingsError([Finding(FLEET, "cloud", f"no cloud is called {cloud!r}", remedy)])
    stay: dict[str, list[str]] = {"spoke": [], "hub": []}
    leave: dict[str, list[str]] = {"spoke": [], "hub": []}
    for device in fleet.devices.values():
        roles = [member.role for member in device.memberships if member.cloud.name == cloud]
        for role in roles:
            (stay if len(device.memberships) > len(roles) else leave)[role].append(device.name)
    gone = {name for names in leave.values() for name in names}
    if gone == set(fleet.devices):
        return Decommission(None, stay, leave)
    rest = {host: _without(held, cloud) for host, held in hostvars.items() if host not in gone}
    return Decommission(load_fleet(rest, groups), stay, leave)


def _without(variables: Mapping[str, Any], cloud: str) -> dict[str, Any]:
    own = dict(variables)
    if isinstance(own.get(CLOUDS), list):
        own[CLOUDS] = [one for one in own[CLOUDS] if one.get("name") != cloud]
    for name in BY_CLOUD:
        if isinstance(own.get(name), dict):
            own[name] = {key: value for key, value in own[name].items() if key != cloud}
    return own
