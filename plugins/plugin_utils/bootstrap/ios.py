# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The least that an IOS router needs to call home: its WAN, a user with a public key, its rendered lines."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from ipaddress import IPv4Interface

from ..findings import Finding
from ..fleet.intent import Device
from .seed import Wishes


def configuration(device: Device, wishes: Wishes, rendered: str) -> str:
    """Lines for the console or a USB stick. They hold secrets. ``rendered`` is ``config.ios``, resolved."""
    # The first label: IOS takes no dots.
    lines = [f"hostname {device.name.split('.')[0]}", "!"]
    for transport in device.transports:
        lines.append(f"interface {transport.interface}")
        if transport.address is None:
            lines.append(" ip address dhcp")
        else:
            wan = IPv4Interface(f"{transport.address}/{wishes.wans[transport.name]['prefix_length']}")
            lines.append(f" ip address {wan.ip} {wan.netmask}")
        lines += [" no shutdown", "!"]
    lines += [
        f"ip route 0.0.0.0 0.0.0.0 {wishes.wans[transport.name]['gateway']}"
        for transport in device.transports
        if transport.address is not None
    ]
    kind, key = wishes.public_key.split()[:2]
    # Cisco wants the key's MD5; the key itself it keeps nowhere.
    digest = hashlib.md5(base64.b64decode(key), usedforsecurity=False).hexdigest().upper()
    lines += [
        f"username {wishes.user} privilege 15",
        "ip ssh version 2",
        "ip ssh pubkey-chain",
        f" username {wishes.user}",
        f"  key-hash {kind} {digest}",
        "!",
        "line vty 0 4",
        " login local",
        " transport input ssh",
        "!",
    ]
    return "".join(f"{line}\n" for line in lines) + rendered + "end\n"


def findings(device: Device, wishes: Wishes) -> Iterator[Finding]:
    """What makes a first boot of an IOS router impossible."""
    clouds = [member.cloud.name for member in device.memberships if member.cloud.ipsec.auth == "certificate"]
    if clouds:
        problem = f"cloud {clouds[0]!r} wants a certificate, which an IOS router enrols by itself"
        remedy = "enrol its trustpoint first, or use a cloud with auth: psk"
        yield Finding(device.name, "dmvpn_ios_trustpoint", problem, remedy)
    if not wishes.public_key.startswith("ssh-rsa "):
        remedy = "name the file of a public key of kind ssh-rsa"
        yield Finding(device.name, "bootstrap_ssh_key", "is no RSA key, and IOS takes no other", remedy)
