# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small fleet in which everything is as it should be: its devices and what its routers would tell."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import Probe
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import (
    BfdPeer,
    BgpNeighbour,
    Binding,
    Certificate,
    ChildSa,
    Drop,
    Guard,
    Host,
    IkeSa,
    Interface,
    Kernel,
    NextHop,
    Nhrp,
    NhrpInterface,
    Nhs,
    OspfNeighbour,
    Route,
    Service,
    State,
    Suite,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import (
    Bfd,
    Cloud,
    Device,
    Ipsec,
    Membership,
    Peer,
    Routing,
    Transport,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.suites import SUITES
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.plan import state_arguments
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.services import Services
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.sight import Sight

Protocol = Literal["bgp", "ospf", "static"]
Auth = Literal["certificate", "psk"]

FRR = (10, 3)
NOW = 1_800_000_000.0


def peer(name: str, role: Literal["hub", "spoke"], site: int, nbma: str | None) -> Peer:
    return Peer(
        name=name,
        role=role,
        site=site,
        frr_version=FRR,
        overlay=IPv4Address(f"10.255.0.{site}"),
        nbma=IPv4Address(nbma) if nbma else None,
        nat=nbma is None,
        lans=(IPv4Network(f"10.{site}.0.0/24"),),
    )


HUB1 = peer("hub1", "hub", 1, "198.51.100.2")
HUB2 = peer("hub2", "hub", 2, "198.51.100.6")
SPOKE1 = peer("spoke1", "spoke", 11, "198.51.100.10")
SPOKE2 = peer("spoke2", "spoke", 12, None)
# What the outside sees of a spoke behind NAT.
OUTSIDE = {"spoke2": "203.0.113.2"}


def cloud(
    protocol: Literal["bgp", "ospf", "static"] = "bgp", auth: Literal["certificate", "psk"] = "certificate"
) -> Cloud:
    return Cloud(
        name="blue",
        number=10,
        prefix=IPv4Network("10.255.0.0/22"),
        key=10,
        network_id=10,
        phase=3,
        transport="internet",
        nhrp_holdtime=60,
        nhrp_authenticated=False,
        path_mtu=1500,
        mtu=1400,
        mss=1360,
        routing=Routing(protocol, 65000, 65000, 3, 10, "0.0.0.0", Bfd(300, 3), (IPv4Network("10.0.0.0/9"),)),
        ipsec=Ipsec(auth, SUITES["aes-gcm-256"], 14400, 3600, 5, "O=mgre-dmvpn, OU=*, CN=*", True),
    )


def device(own: Peer, of: Cloud | None = None) -> Device:
    hubs = tuple(hub for hub in (HUB1, HUB2) if hub is not own)
    transport = Transport("internet", "wan1", own.nbma, own.nat, own.nbma, 1500, ())
    spokes = (SPOKE1, SPOKE2) if own.role == "hub" else ()
    member = Membership(of or cloud(), own.role, own.overlay, transport, True, hubs, spokes)
    return Device(own.name, "linux", own.site, FRR, "nftables", own.lans, (transport,), (member,))


def state(of: Device) -> State:
    """A router in perfect health."""
    member = of.memberships[0]
    peers = (*member.hubs, *member.spokes)
    overlay = f"{member.overlay}/32"
    local = str(member.transport.address) if member.transport.address else None
    routes = [route("0.0.0.0/0", "wan1", "198.51.100.9"), route(str(of.lans[0]), "lan1", None)]
    if member.role == "spoke":
        routes += [route("10.0.0.0/9", "dmvpn10", str(HUB1.overlay))]
    else:
        routes.append(Route("10.0.0.0/9", "static", "blackhole"))
        routes += [route(str(peer.lans[0]), "dmvpn10", str(peer.overlay)) for peer in peers]
    return State(
        host=Host(name=of.name, time=NOW, forwarding=True, ahead=0.0),
        kernel=Kernel({"all": 0, "default": 2, "dmvpn10": 0, "wan1": 2}, 9, 16384, 0),
        interfaces=[
            Interface("wan1", "ether", True, 1500, ["198.51.100.10/30"]),
            Interface("lan1", "ether", True, 1500, [f"{of.lans[0][1]}/24"]),
            Interface("dmvpn10", "gre", True, 1400, [overlay], key=10, local=local, underlay="wan1"),
        ],
        neighbours=[],
        routes=routes,
        nhrp=Nhrp(
            [Nhs("dmvpn10", str(hub.overlay), nbma(hub)) for hub in member.hubs],
            [binding(peer) for peer in peers],
            [],
            [NhrpInterface("dmvpn10", 10, "none", member.role == "hub", True)],
        ),
        sas=[sa(peer) for peer in peers],
        ike_errors=[],
        bgp=[BgpNeighbour(str(p.overlay), "Established", False, 65000, 65000, prefixes_in=2) for p in peers],
        ospf=[OspfNeighbour(str(p.overlay), str(p.overlay), "Full/-", "dmvpn10") for p in peers],
        bfd=[BfdPeer(str(p.overlay), status="up", diagnostic="ok") for p in peers],
        guard=Guard(
            "nftables",
            True,
            ["wan1"],
            [Drop(hook, what, 0) for hook in ("output", "input", "forward") for what in ("gre", "site")],
            redirects=["dmvpn10"] if member.role == "hub" else [],
            clamps={"dmvpn10": 1360},
        ),
        services={
            unit: Service("loaded", "active", "running", "success", 0)
            for unit in Services.units(Sight(of, State()))
        },
        daemons={name: "running" for name in ("zebra", "staticd", "nhrpd", "bgpd", "ospfd", "bfdd")},
        certificates=[
            Certificate(path, of.identity, NOW + 300 * 86400, path.endswith("-ca.crt"), NOW - 65 * 86400)
            for path in state_arguments(of)["certificates"]
        ],
    )


def probes(of: Device) -> list[Probe]:
    member = of.memberships[0]
    sources = (str(member.overlay), str(of.lans[0][1]))
    return [Probe(str(hub.overlay), s, 1400, 1400, 4.2, 0.0) for hub in member.hubs for s in sources]


def route(prefix: str, interface: str, gateway: str | None) -> Route:
    return Route(prefix, "bgp", "unicast", 20, [NextHop(gateway, interface)])


def nbma(of: Peer) -> str:
    return str(of.nbma) if of.nbma else OUTSIDE[of.name]


def binding(of: Peer) -> Binding:
    return Binding("dmvpn10", "nhs" if of.role == "hub" else "dynamic", str(of.overlay), nbma(of))


def sa(of: Peer, name: str = "mgre-internet") -> IkeSa:
    child = ChildSa("gre", "INSTALLED", "TRANSPORT", "ESP", False, "c1", "c2", Suite("AES_GCM_16", 256))
    child.packets_in = child.packets_out = 100
    identity = f"O=mgre-dmvpn, OU={of.overlay}, CN={of.name}"
    return IkeSa(name, "ESTABLISHED", remote=nbma(of), remote_identity=identity, children=[child])
