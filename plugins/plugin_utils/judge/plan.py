# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to be asked of a router so that it can be judged."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

from ...module_utils.state import State
from ..fleet.intent import Device
from .result import Sight
from .services import Services

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


def probe_targets(device: Device, state: State) -> list[dict[str, Any]]:
    """Targets of path_mtu: each hub, from the overlay address and from an own LAN address if there is one."""
    lan = lan_address(device, state)
    targets: list[dict[str, Any]] = []
    for member in device.memberships:
        sources = [str(member.overlay), *([lan] if lan else [])]
        targets += [
            {"address": str(hub.overlay), "size": member.cloud.mtu, "source": source}
            for hub in member.hubs
            for source in sources
        ]
    return targets


def lan_address(device: Device, state: State) -> str | None:
    """An address that the router itself has in one of its LANs, on an interface that is up."""
    return next((str(a) for a in _addresses(state) if any(a in lan for lan in device.lans)), None)


def _addresses(state: State) -> Iterator[IPv4Address]:
    for interface in state.interfaces or []:
        for address in interface.addresses if interface.up else []:
            yield IPv4Address(address.split("/")[0])
