# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to be asked of a router so that it can be judged."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ...module_utils.linux.hub_paths import from_lan_too, lan_address
from ...module_utils.linux.observe_path import Target
from ...module_utils.state import State
from ..fleet.intent import Device
from .services import Services
from .sight import Sight

CERTIFICATES = ["/etc/swanctl/x509/mgre-dmvpn.crt", "/etc/swanctl/x509ca/mgre-dmvpn-ca.crt"]


def state_arguments(device: Device) -> dict[str, Any]:
    """Arguments of state_info."""
    if device.platform == "ios":
        tunnels = [member.interface for member in device.memberships]
        return {"tunnels": tunnels, "trustpoint": device.trustpoint}
    psk_only = all(member.cloud.ipsec.auth == "psk" for member in device.memberships)
    return {
        "units": list(Services.units(Sight(device, State()))),
        "certificates": [] if psk_only else CERTIFICATES,
        "firewall": device.firewall,
    }


def path_arguments(device: Device, *, if_up: bool) -> dict[str, Any]:
    """Further arguments of state_info on Linux, which then measures along with its look."""
    return {
        "paths": [asdict(path) for path in _paths(device)],
        "lans": [str(lan) for lan in device.lans],
        "paths_if_up": if_up,
    }


def probe_targets(device: Device, state: State) -> list[dict[str, Any]]:
    """Targets of path_mtu: each hub, from the overlay address and from an own LAN address if there is one."""
    lan = lan_address(state, device.lans)
    return [asdict(target) for target in from_lan_too(_paths(device), lan)]


def _paths(device: Device) -> list[Target]:
    return [
        Target(str(hub.overlay), member.cloud.mtu, str(member.overlay))
        for member in device.memberships
        for hub in member.hubs
    ]
