# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as FRR's configuration (10.2 or newer), whole."""

from __future__ import annotations

from . import bfd
from .plan import Bgp, Neighbor, Nhrp, Ospf, Plan

BINDINGS = "/run/ios-alive/bindings.sock"
REDIRECT_GROUP, MULTICAST_GROUP = 1, 2
# Behind every route of a routing protocol, but before what catches the rest.
_OVERLAY, _LAST_RESORT = 201, 254


def configuration(plan: Plan) -> str:
    """/etc/frr/frr.conf."""
    lines = [
        "frr defaults traditional",
        f"hostname {plan.hostname}",
        "log syslog informational",
        # IOS finds BGP's next hops on the tunnel's network, never over the default route.
        "no ip nht resolve-via-default",
        f"nhrp event socket {BINDINGS}",
        f"nhrp nflog-group {REDIRECT_GROUP}",
        f"nhrp multicast-nflog-group {MULTICAST_GROUP}",
        *plan.policy,
        *_routes(plan),
    ]
    for tunnel in plan.up():
        lines += [f"interface {tunnel.name}", *_nhrp(tunnel.nhrp), *_ospf(tunnel.ospf, tunnel.nhrp), "exit"]
    for device, ospf in plan.ospf_ports:
        lines += [f"interface {device}", *_ospf(ospf, None), "exit"]
    if plan.bgp:
        lines += _bgp(plan.bgp)
    if plan.ospf:
        lines.append("router ospf")
        if plan.ospf.router_id:
            lines.append(f" ospf router-id {plan.ospf.router_id}")
        lines += [*(f" {line}" for line in plan.ospf.lines), "exit"]
    profiles = [(tunnel.name, tunnel.bfd) for tunnel in plan.up() if tunnel.bfd]
    if profiles:
        lines.append("bfd")
        for name, (send, receive, lost) in profiles:
            lines += [f" profile {name}", f"  detect-multiplier {lost}"]
            lines += [f"  transmit-interval {send}", f"  receive-interval {receive}", " exit"]
        lines += [
            f" {text}" for tunnel, address in bfd.configured(plan) for text in bfd.lines(tunnel, address)
        ]
        lines.append("exit")
    return "\n".join([*lines, ""])


def _routes(plan: Plan) -> list[str]:
    lines = []
    for route in plan.routes:
        tag = f" tag {route.tag}" if route.tag else ""
        lines.append(f"ip route {route.prefix} {route.via or 'blackhole'}{tag} {route.distance}")
    caught = {route.prefix for route in plan.routes if not route.via}
    for tunnel in plan.up():
        if tunnel.address is None or tunnel.address.network.prefixlen == 32 or tunnel.destination:
            continue
        # IOS has the tunnel's network connected, and a spoke asks an NHS whom it does not know. FRR has the
        # address alone, so that each NHS is the way to the rest; without one, nothing may go to the provider.
        if tunnel.nhrp and not tunnel.nhrp.redirect:
            for place, server in enumerate(tunnel.nhrp.servers):
                lines.append(f"ip route {tunnel.address.network} {server.address} {_OVERLAY + place}")
        if tunnel.address.network not in caught:
            lines.append(f"ip route {tunnel.address.network} blackhole {_LAST_RESORT}")
    return list(dict.fromkeys(lines))


def _nhrp(nhrp: Nhrp | None) -> list[str]:
    if nhrp is None:
        return []
    lines = [f" ip nhrp network-id {nhrp.network_id}", f" ip nhrp holdtime {nhrp.holdtime}"]
    if nhrp.authentication:
        lines.append(f" ip nhrp authentication {nhrp.authentication}")
    if nhrp.no_unique:
        lines.append(" ip nhrp registration no-unique")
    if nhrp.redirect:
        lines.append(" ip nhrp redirect")
    # nhrpd answers a resolution only with it; IOS's hub answers without.
    if nhrp.shortcut or nhrp.redirect:
        lines.append(" ip nhrp shortcut")
    lines += [f" ip nhrp nhs {server.address} nbma {server.nbma}" for server in nhrp.servers]
    lines += [f" ip nhrp map multicast {target}" for target in nhrp.multicast]
    return lines


def _ospf(ospf: Ospf | None, nhrp: Nhrp | None) -> list[str]:
    if ospf is None:
        return []
    network = ospf.network
    if network == "point-to-multipoint" and nhrp and nhrp.servers and not nhrp.redirect:
        # ospfd forms no adjacency from a /32 to a hub otherwise; a hub takes both.
        network = "point-to-point dmvpn"
    lines = [
        f" ip ospf area {ospf.area}",
        f" ip ospf network {network}",
        f" ip ospf hello-interval {ospf.hello}",
        f" ip ospf dead-interval {ospf.dead}",
    ]
    if ospf.cost:
        lines.append(f" ip ospf cost {ospf.cost}")
    if ospf.priority != 1:
        lines.append(f" ip ospf priority {ospf.priority}")
    if ospf.mtu_ignore:
        lines.append(" ip ospf mtu-ignore")
    if ospf.bfd:
        lines.append(" ip ospf bfd")
    return lines


def _bgp(bgp: Bgp) -> list[str]:
    lines = [f"router bgp {bgp.asn}"]
    if bgp.router_id:
        lines.append(f" bgp router-id {bgp.router_id}")
    if not bgp.default_unicast:
        lines.append(" no bgp default ipv4-unicast")
    lines.append(" no bgp ebgp-requires-policy")
    ordered = sorted(bgp.neighbors, key=lambda neighbor: not neighbor.is_group)
    for neighbor in ordered:
        lines += [f" neighbor {neighbor.name} {text}" for text in _session(neighbor)]
        # The peer is on the tunnel's network, of which FRR has the own address only.
        lines.append(f" neighbor {neighbor.name} disable-connected-check")
        if not any(text.startswith("peer-group ") for text in neighbor.session):
            # bgpd's own 120 s are long; IOS tries again after about ten.
            lines.append(f" neighbor {neighbor.name} timers connect 10")
    lines += [f" bgp listen limit {bgp.listen_limit}"] if bgp.ranges else []
    lines += [f" bgp listen range {network} peer-group {group}" for network, group in bgp.ranges]
    lines.append(" address-family ipv4 unicast")
    lines += [f"  {text}" for text in bgp.family]
    for neighbor in ordered:
        lines += [f"  neighbor {neighbor.name} {text}" for text in neighbor.family]
    return [*lines, " exit-address-family", "exit"]


def _session(neighbor: Neighbor) -> list[str]:
    """The group before everything that it may have set already, but after an AS number of its own."""
    return (
        sorted(
            neighbor.session,
            key=lambda text: (not text.startswith("remote-as"), not text.startswith("peer-group")),
        )
        if (not neighbor.is_group)
        else list(neighbor.session)
    )
