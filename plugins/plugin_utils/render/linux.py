# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A device as a Linux router's files: which template makes which, and when it is needed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from ..fleet.dump import Dumper
from ..fleet.intent import Cloud, Device
from ..fleet.pace import RETRANSMISSIONS, RETRANSMIT_BASE, ike_gives_up
from .bundle import Bundle, Concern, File, as_json
from .engine import template
from .linux_views import (
    EVENTS_SOCKET,
    LAST_RESORT,
    PIM_CONTEXT,
    bfd_profiles,
    connections,
    daemons,
    events_config,
    guarded,
    interface_lines,
    multicast_lans,
    redirects,
    rendezvous,
    replicates,
    reqid,
    site_prefixes,
    static_routes,
    tunnel_unit,
    unit_escape,
)
from .routing import routing

GUARD_UNIT = "mgre-dmvpn-guard.service"
EVENTS_UNIT = "mgre-dmvpn-nhrp-events.service"
# Before 8.5 this was FRR's default, and a default is not in its running configuration.
SAYS_NO_NHT_DEFAULT = (8, 5)

Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One file and the template that makes it."""

    path: str
    mode: str
    concern: Concern
    template: str

    def file(self, context: Context, secrets: tuple[str, ...] = ()) -> File:
        text = template(f"linux/{self.template}").render(context)
        return File(self.path, self.mode, self.concern, text, secrets)


FRR = Row("/etc/mgre-dmvpn/frr.conf", "0640", "routing", "frr.conf.j2")
SWANCTL = Row("/etc/swanctl/conf.d/mgre-dmvpn.conf", "0644", "ipsec", "swanctl.conf.j2")
SECRETS = Row("/etc/swanctl/conf.d/mgre-dmvpn-secrets.conf", "0600", "ipsec", "swanctl-secrets.conf.j2")
# The same on all routers of one shape; these templates may use what ``shape_context`` gives, nothing else.
SHARED = (
    Row("/etc/mgre-dmvpn/daemons", "0644", "routing", "daemons.j2"),
    Row("/etc/strongswan.d/mgre-dmvpn.conf", "0644", "ipsec", "strongswan.conf.j2"),
    Row("/etc/sysctl.d/90-mgre-dmvpn.conf", "0644", "tunnel", "sysctl.conf.j2"),
    Row("/etc/systemd/system/frr.service.d/mgre-dmvpn.conf", "0644", "routing", "frr.service.conf.j2"),
    Row(
        "/etc/systemd/system/strongswan.service.d/mgre-dmvpn.conf",
        "0644",
        "ipsec",
        "strongswan.service.conf.j2",
    ),
    Row(f"/etc/systemd/system/{GUARD_UNIT}", "0644", "firewall", "guard.service.j2"),
    Row(f"/etc/systemd/system/{EVENTS_UNIT}", "0644", "nhrp", "nhrp-events.service.j2"),
)
GUARDS = {
    "nftables": Row("/etc/mgre-dmvpn/guard.nft", "0644", "firewall", "guard.nft.j2"),
    "iptables": Row("/etc/mgre-dmvpn/guard.iptables", "0644", "firewall", "guard.iptables.j2"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What routers with the same clouds, roles, interfaces, FRR and firewall have in common.

    ``clouds`` keeps the objects alive whose identity is part of the key.
    """

    clouds: tuple[Cloud, ...]
    context: Context
    files: tuple[File, ...]


class LinuxRenderer:
    """Renders the devices of one fleet; most of a spoke's files are those of the spoke before it."""

    def __init__(self, dumper: Dumper | None = None) -> None:
        self._dumper = dumper or Dumper()
        self._shapes: dict[Hashable, Shape] = {}

    def render(self, device: Device) -> Bundle:
        """All files of one router."""
        shape = self._shape(device)
        context = device_context(device, shape.context)
        psk = tuple(f"psk/{m.cloud.name}" for m in device.memberships if m.cloud.ipsec.auth == "psk")
        nhrp = tuple(f"nhrp/{m.cloud.name}" for m in device.memberships if m.cloud.nhrp_authenticated)
        files = [*shape.files, FRR.file(context, nhrp), SWANCTL.file(context)]
        files.append(File("/etc/mgre-dmvpn/nhrp-events.json", "0644", "nhrp", events_config(device)))
        if psk:
            files.append(SECRETS.file(context, psk))
        tunnel = template("linux/tunnel.service.j2")
        for member in device.memberships:
            path = f"/etc/systemd/system/{tunnel_unit(member.cloud)}"
            prefixes = (member.cloud.prefix, *member.cloud.routing.summaries)
            text = tunnel.render(context, member=member, prefixes=prefixes)
            files.append(File(path, "0644", "tunnel", text))
        return Bundle(
            host=device.name,
            platform=device.platform,
            files=tuple(sorted(files, key=lambda file: file.path)),
            intent=as_json(self._dumper.dump(device)),
            interfaces=tuple(m.cloud.interface for m in device.memberships),
            units=(GUARD_UNIT, *context["tunnel_units"], EVENTS_UNIT),
            daemons=context["daemons"],
            firewall=device.firewall,
        )

    def _shape(self, device: Device) -> Shape:
        clouds = tuple(m.cloud for m in device.memberships)
        key = (
            device.firewall,
            device.frr_version,
            tuple((id(m.cloud), m.role, bool(m.hubs)) for m in device.memberships),
            tuple((t.interface, t.vrf, t.allow_gre) for t in device.transports),
        )
        shape = self._shapes.get(key)
        if shape is None:
            context = shape_context(device)
            rows = (*SHARED, GUARDS[device.firewall])
            shape = Shape(clouds, context, tuple(row.file(context) for row in rows))
            self._shapes[key] = shape
        return shape


def shape_context(device: Device) -> Context:
    """What templates may use of any device of this shape."""
    members = device.memberships
    retransmit = max(m.cloud.ipsec.retransmit for m in members)
    return {
        "clouds": [(m.cloud, m.role) for m in members],
        "wans": guarded(device),
        "vrfs": any(transport.vrf for transport in device.transports),
        "firewall": device.firewall,
        "hub": any(m.role == "hub" for m in members),
        "redirecting": [m.cloud for m in members if redirects(m)],
        "multicast": [m.cloud for m in members if replicates(m.cloud)],
        "events_socket": EVENTS_SOCKET,
        "events_unit": EVENTS_UNIT,
        "guard_unit": GUARD_UNIT,
        "tunnel_units": tuple(tunnel_unit(m.cloud) for m in members),
        "daemons": daemons(device),
        "bfd_profiles": bfd_profiles(device),
        "site_prefixes": site_prefixes(device),
        "allow_gre": sorted({peer for transport in device.transports for peer in transport.allow_gre}),
        "unit_escape": unit_escape,
        "last_resort": LAST_RESORT,
        "retransmit": retransmit,
        "retransmit_base": RETRANSMIT_BASE,
        "retransmissions": RETRANSMISSIONS,
        "ike_gives_up": ike_gives_up(retransmit),
        "reqids": sorted({reqid(m.cloud) for m in members}),
    }


def device_context(device: Device, shape: Context) -> Context:
    """What templates may use of one device, its shape included."""
    rules = routing(device)
    return shape | {
        "device": device,
        "members": device.memberships,
        "no_nht_default": device.frr_version >= SAYS_NO_NHT_DEFAULT,
        "routing": rules,
        "static_routes": static_routes(device, rules.announced),
        "interfaces": [(m.cloud.interface, interface_lines(device, m)) for m in device.memberships],
        "connections": connections(device),
        "multicast_lans": multicast_lans(device),
        "rendezvous": rendezvous(device),
        "pim_context": device.frr_version >= PIM_CONTEXT,
    }


def render_linux(device: Device) -> Bundle:
    """One device by itself."""
    return LinuxRenderer().render(device)
