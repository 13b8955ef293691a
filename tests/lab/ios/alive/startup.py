# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The configuration of a router that was unpacked, cabled and given its addresses, but no DMVPN."""

from __future__ import annotations

from .plan import Port


def configuration(hostname: str, release: str, ports: dict[str, Port], privilege: int) -> str:
    """The first startup-config of a node. The way to the provider is the node's own and not in it."""
    lines = [
        f"version {release}",
        "service timestamps debug datetime msec",
        "service timestamps log datetime msec",
        f"hostname {hostname}",
        "enable secret enable",
        f"username admin privilege {privilege} secret admin",
    ]
    for port in ports.values():
        lines += [f"interface {port.name}", f" description {port.device} of the node"]
        if port.dhcp:
            lines.append(" ip address dhcp")
        elif port.address:
            lines.append(f" ip address {port.address.ip} {port.address.netmask}")
        lines.append(" negotiation auto")
    lines += [
        "ip forward-protocol nd",
        "archive",
        " path flash:archive",
        "line con 0",
        "line vty 0 4",
        " login local",
    ]
    return "\n".join([*lines, " transport input ssh"])
