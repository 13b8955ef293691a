# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A device as the configuration of a Cisco IOS or IOS-XE router: complete, in running-config's own form."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from ..fleet.dump import Dumper
from ..fleet.intent import Cloud, Device
from ..netconf.payload import netconf_payload
from .bundle import Bundle, File, as_json
from .engine import template
from .ios_views import bgp_network, eigrp, ospf, prefix_rule, protections, routes, tunnels
from .policy import RouteMap
from .routing import routing

# In the bundle; a router has no such files. Both say the same, one for the command line, one for NETCONF.
CONFIG = "/config.ios"
PAYLOAD = "/config.xml"


class IosRenderer:
    """Renders the devices of one fleet; routers with the same clouds and WANs share what protects these."""

    def __init__(self, dumper: Dumper | None = None) -> None:
        self._dumper = dumper or Dumper()
        # The clouds are kept beside the text: an id is only unique while its object lives.
        self._ipsec: dict[Hashable, tuple[tuple[Cloud, ...], str]] = {}

    def render(self, device: Device) -> Bundle:
        """All files of one router."""
        text = template("ios/config.ios.j2").render(device_context(device, self._protection(device)))
        return Bundle(
            host=device.name,
            platform=device.platform,
            files=(
                File(CONFIG, "0640", "tunnel", text, held := secrets(device)),
                File(PAYLOAD, "0640", "tunnel", netconf_payload(text), held),
            ),
            intent=as_json(self._dumper.dump(device)),
            interfaces=tuple(m.interface for m in device.memberships),
            units=(),
            daemons=(),
            firewall="none",
        )

    def _protection(self, device: Device) -> str:
        # With a PSK the identity is the router's name, in the configuration too.
        named = any(m.cloud.ipsec.auth == "psk" for m in device.memberships)
        key = (
            device.name if named else None,
            device.trustpoint,
            device.ios_key,
            tuple((id(m.cloud), m.transport.interface, m.transport.vrf) for m in device.memberships),
        )
        held = self._ipsec.get(key)
        if held is None:
            held = (tuple(m.cloud for m in device.memberships), ipsec_text(device))
            self._ipsec[key] = held
        return held[1]


def ipsec_text(device: Device) -> str:
    """IKEv2 and IPsec of a router."""
    return template("ios/ipsec.j2").render(device=device, protections=protections(device))


def secrets(device: Device) -> tuple[str, ...]:
    """What the configuration refers to, PSKs first."""
    psk = [f"psk/{m.cloud.name}" for m in device.memberships if m.cloud.ipsec.auth == "psk"]
    nhrp = [f"nhrp/{m.cloud.name}" for m in device.memberships if m.cloud.nhrp_authenticated]
    return (*psk, *nhrp)


@lru_cache(maxsize=256)
def route_maps_text(route_maps: tuple[RouteMap, ...]) -> str:
    """Routers of one kind have the same route maps; what differs is in the prefix lists."""
    return template("ios/routing/route_maps.j2").render(route_maps=route_maps)


def device_context(device: Device, ipsec: str) -> dict[str, Any]:
    """What templates may use of one device; ``ipsec`` is :func:`ipsec_text`'s."""
    rules = routing(device)
    return {
        "device": device,
        "ipsec": ipsec,
        "tunnels": tunnels(device),
        "routing": rules,
        "route_maps_text": route_maps_text(rules.route_maps),
        "routes": routes(device, rules.announced),
        "ospf": ospf(device, rules),
        "eigrp": eigrp(device, rules),
        "bgp_network": bgp_network,
        "prefix_rule": prefix_rule,
    }


def render_ios(device: Device) -> Bundle:
    """One device by itself."""
    return IosRenderer().render(device)
