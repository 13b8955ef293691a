# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A device as the configuration of a Cisco IOS or IOS-XE router: complete, in running-config's own form."""

from __future__ import annotations

from typing import Any

from ..fleet.dump import dump_device
from ..fleet.intent import Device
from .bundle import Bundle, File, as_json
from .engine import template
from .ios_views import eigrp, ospf, prefix_rule, protections, routes, tunnels
from .routing import routing

CONFIG = "/config.ios"  # in the bundle; a router has no such file


class IosRenderer:
    """Renders the devices of one fleet."""

    def render(self, device: Device) -> Bundle:
        """All files of one router."""
        text = template("ios/config.ios.j2").render(device_context(device))
        return Bundle(
            host=device.name,
            platform=device.platform,
            files=(File(CONFIG, "0640", "tunnel", text, secrets(device)),),
            intent=as_json(dump_device(device)),
            interfaces=tuple(m.interface for m in device.memberships),
            units=(),
            daemons=(),
            firewall="none",
        )


def secrets(device: Device) -> tuple[str, ...]:
    """What the configuration refers to, PSKs first."""
    psk = [f"psk/{m.cloud.name}" for m in device.memberships if m.cloud.ipsec.auth == "psk"]
    nhrp = [f"nhrp/{m.cloud.name}" for m in device.memberships if m.cloud.nhrp_authenticated]
    return (*psk, *nhrp)


def device_context(device: Device) -> dict[str, Any]:
    """What templates may use of one device."""
    rules = routing(device)
    return {
        "device": device,
        "protections": protections(device),
        "tunnels": tunnels(device),
        "routing": rules,
        "routes": routes(device, rules.announced),
        "ospf": ospf(device, rules),
        "eigrp": eigrp(device, rules),
        "prefix_rule": prefix_rule,
    }


def render_ios(device: Device) -> Bundle:
    """One device by itself."""
    return IosRenderer().render(device)
