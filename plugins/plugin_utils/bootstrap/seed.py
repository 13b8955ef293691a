# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cloud-init seed (NoCloud) with which a Linux router calls home at its first boot.

cloud-init brings the network, the packages and the controller's SSH key; the configuration is put on by the
collection's own transaction (``first_boot``), so that the next run from the controller changes nothing.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Interface
from typing import Any

import yaml

from ..findings import Finding
from ..fleet.intent import Device
from .program import archive

FOLDER = "/var/lib/mgre-dmvpn-bootstrap"
WANS = "bootstrap_wans"
ETHERNETS = "bootstrap_ethernets"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the fleet's variables do not say: networks of static WANs, other interfaces, who may log in."""

    wans: Mapping[str, Any]
    ethernets: Mapping[str, Any]
    user: str
    public_key: str
    packages: Sequence[str]


def seed(device: Device, wishes: Wishes, arguments: Mapping[str, Any]) -> dict[str, str]:
    """The three files of a seed by name. ``user-data`` holds secrets."""
    user_data = yaml.safe_dump(_user_data(device, wishes, arguments), sort_keys=False, width=100)
    network = yaml.safe_dump(_network(device, wishes), sort_keys=False)
    # Another seed is another instance, or cloud-init would not run again on a router that has had one.
    digest = hashlib.sha256((user_data + network).encode()).hexdigest()[:16]
    meta = yaml.safe_dump({"instance-id": f"{device.name}-{digest}", "local-hostname": device.name})
    return {"user-data": f"#cloud-config\n{user_data}", "meta-data": meta, "network-config": network}


def _user_data(device: Device, wishes: Wishes, arguments: Mapping[str, Any]) -> dict[str, Any]:
    root = wishes.user == "root"
    user: dict[str, Any] = {"name": wishes.user, "ssh_authorized_keys": [wishes.public_key]}
    if not root:
        user |= {"sudo": "ALL=(ALL) NOPASSWD:ALL", "shell": "/bin/bash", "lock_passwd": True}
    return {
        "hostname": device.name,
        "disable_root": not root,
        "ssh_pwauth": False,
        "users": [user],
        "package_update": True,
        "packages": list(wishes.packages),
        "write_files": [
            _file("first_boot.pyz", archive(), "0600"),
            _file("arguments.json", json.dumps(arguments).encode(), "0600"),
        ],
        "runcmd": [["python3", "-I", f"{FOLDER}/first_boot.pyz", FOLDER]],
    }


def _file(name: str, content: bytes, mode: str) -> dict[str, Any]:
    packed = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    return {"path": f"{FOLDER}/{name}", "permissions": mode, "encoding": "gz+b64", "content": packed}


def _network(device: Device, wishes: Wishes) -> dict[str, Any]:
    ethernets: dict[str, Any] = {}
    for transport in device.transports:
        if transport.address is None:
            ethernets[transport.interface] = {"dhcp4": True}
            continue
        wan = wishes.wans[transport.name]
        ethernets[transport.interface] = {
            "addresses": [f"{transport.address}/{wan['prefix_length']}"],
            "routes": [{"to": "0.0.0.0/0", "via": str(wan["gateway"])}],
        }
    return {"version": 2, "ethernets": ethernets | dict(wishes.ethernets)}


def findings(device: Device, wishes: Wishes) -> Iterator[Finding]:
    """What a first boot needs and nobody has said."""
    for transport in device.transports:
        subject = f"{WANS}.{transport.name}"
        if transport.vrf:
            problem = "is in a VRF, which a first boot does not make"
            yield Finding(
                device.name, f"dmvpn_transports.{transport.name}", problem, "set this router up by hand"
            )
        if transport.address is None:
            continue
        wan = wishes.wans.get(transport.name)
        if not isinstance(wan, Mapping) or not {"prefix_length", "gateway"} <= set(wan):
            remedy = f"write {WANS}: {{{transport.name}: {{prefix_length: 30, gateway: ...}}}}"
            yield Finding(device.name, subject, f"is missing: {transport.address} is static", remedy)
            continue
        try:
            network = IPv4Interface(f"{transport.address}/{wan['prefix_length']}").network
            reached = IPv4Address(wan["gateway"]) in network
        except (AddressValueError, ValueError):
            yield Finding(
                device.name, subject, "holds no IPv4 network", "write prefix_length: 30, gateway: ADDRESS"
            )
            continue
        if not reached:
            problem = f"the gateway {wan['gateway']} is outside of {network}"
            yield Finding(
                device.name, f"{subject}.gateway", problem, "write the provider's address in that network"
            )
    if not wishes.public_key.startswith(("ssh-", "ecdsa-", "sk-")):
        problem, remedy = "is no public key of SSH", "name a file such as ~/.ssh/id_ed25519.pub"
        yield Finding(device.name, "bootstrap_ssh_key", problem, remedy)
    if not isinstance(wishes.ethernets, Mapping):
        yield Finding(device.name, ETHERNETS, "is no mapping", "write {lan1: {addresses: [10.11.0.1/24]}}")
