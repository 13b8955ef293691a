# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses, VRFs and static routes."""

from __future__ import annotations

import ipaddress

from ..rules import Change
from ..tree import Node


def _vrf(interface: Node) -> str:
    return interface.value("vrf forwarding", "vrf")


def _defined(change: Change, vrf: str) -> Node | None:
    return change.root.children.get(("vrf", "definition", vrf))


def vrf_there(change: Change) -> str | None:
    """A VRF must be defined, and have IPv4, before an interface or a tunnel uses it."""
    name = change.values.get("vrf")
    if change.negated or name is None:
        return None
    vrf = _defined(change, name)
    if vrf is None:
        return f"% VRF {name} not configured."
    if vrf.get("address-family ipv4") is None:
        return f"%VRF {name} has no IPv4 address family. Enable IPv4 on that VRF first."
    return None


def vrf_moves_addresses(change: Change) -> str | None:
    """Putting an interface into a VRF takes its addresses away."""
    interface = change.parent
    if not change.created and not change.negated:
        return None
    lost = [key for key in interface.children if key[:2] == ("ip", "address")]
    had = [key for key in lost if interface.children[key].words[0] != "no"]
    if not had:
        return None
    rule = interface.children[("ip", "address")].rule if ("ip", "address") in interface.children else None
    for key in lost:
        interface.remove(key)
    if rule is not None:
        interface.attach(Node(("no", "ip", "address"), rule, ("ip", "address")))
    name = interface.words[1]
    verb = "disabling" if change.negated else "enabling"
    vrf = change.values.get("vrf", "")
    return f"% Interface {name} IPv4 disabled and address(es) removed due to {verb} VRF {vrf}".rstrip()


def vrf_gone(change: Change) -> str | None:
    """`no vrf definition` takes interfaces out of it, and their addresses away."""
    if not change.negated or change.node is None:
        return None
    name = change.values.get("vrf", "")
    touched = False
    for interface in change.root.all("interface"):
        if _vrf(interface) == name:
            interface.remove(("vrf", "forwarding"))
            for key in [key for key in interface.children if key[:2] == ("ip", "address")]:
                held = interface.remove(key)
                if key == ("ip", "address") and held is not None:
                    interface.attach(Node(("no", *key), held.rule, key))
            touched = True
        if interface.value("tunnel vrf", "vrf") == name:
            interface.remove(("tunnel", "vrf"))
    for key in [key for key in change.root.children if key[:4] == ("ip", "route", "vrf", name)]:
        change.root.remove(key)
    if touched:
        return f"% IPv4 and IPv6 addresses from all interfaces in VRF {name} have been removed"
    return None


def address_fits(change: Change) -> str | None:
    """An interface address is a host address and overlaps no other of its VRF."""
    interface, values = change.parent, change.values
    if change.negated or "address" not in values:
        return None
    network = ipaddress.ip_network(f"{values['address']}/{values['mask']}", strict=False)
    address = ipaddress.ip_address(values["address"])
    if address.is_multicast or address.is_reserved or address.packed[0] in (0, 127):
        return f"Not a valid host address - {address}"
    if network.prefixlen < 31 and address in (network.network_address, network.broadcast_address):
        return f"Bad mask /{network.prefixlen} for address {address}"
    if change.match.words[-1] == "secondary":
        main = interface.get("ip address")
        if main is None or "address" not in main.values:
            return "% Primary address must be configured before a secondary one"
    vrf = _vrf(interface)
    if vrf and (found := _defined(change, vrf)) is not None and found.get("address-family ipv4") is None:
        return f"%{interface.words[1]} is linked to a VRF. Enable IPv4 on that VRF first."
    for other in change.root.all("interface"):
        if other.key == interface.key or _vrf(other) != vrf:
            continue
        for line in other.all("ip address"):
            if "address" not in line.values:
                continue
            theirs = ipaddress.ip_network(f"{line.values['address']}/{line.values['mask']}", strict=False)
            if theirs.overlaps(network):
                return f"% {network.network_address} overlaps with {other.words[1]}"
    return None


def route_fits(change: Change) -> str | None:
    """A static route has no host bits, leads somewhere, and its VRF is there."""
    values = change.values
    if change.negated:
        if change.match.key not in change.parent.children:
            return "%No matching route to delete"
        return None
    if "vrf" in values and _defined(change, values["vrf"]) is None:
        return f"% IP routing table {values['vrf']} does not exist"
    prefix, mask = (int(ipaddress.IPv4Address(values[name])) for name in ("prefix", "mask"))
    if prefix & ~mask & 0xFFFFFFFF:
        return "%Inconsistent address and mask"
    if (via := values.get("via")) is not None:
        for interface in change.root.all("interface"):
            if any(line.values.get("address") == via for line in interface.all("ip address")):
                return "%Invalid next hop address (it's this router)"
    return None


def mtu_fits(change: Change) -> str | None:
    """Above 1500 only tunnels and loopbacks have room, unless the interface's own MTU is larger."""
    if change.negated or change.parent.words[1].startswith(("Tunnel", "Loopback")):
        return None
    most = int(change.parent.value("mtu", "mtu", "1500"))
    if int(change.values["mtu"]) > most:
        return f"% IP MTU must not be larger than the interface MTU of {most}"
    return None
