# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An Ansible inventory of a running lab: how its routers are reached, and the facts of each site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from . import ssh
from .topology import Node, Topology, interface_name
from .wiring import core

if TYPE_CHECKING:
    from .lab import Lab


def inventory(lab: Lab) -> str:
    """YAML with every router as a host: how to reach it, and its site. Clouds are design, and yours."""
    hosts = {
        name: _host(node, lab.topology) | (_cisco(lab) if node.platform == "ios" else {})
        for name, node in lab.topology.nodes.items()
    }
    reach = {
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": str(ssh.key()),
        "ansible_control_path_dir": str(lab.state.directory / "ssh"),
        "ansible_ssh_common_args": (
            f'-o ProxyCommand="ip netns exec {core(lab.name)} nc %h %p" '
            f"-o UserKnownHostsFile={ssh.known_hosts()} -o StrictHostKeyChecking=yes"
        ),
    }
    return str(yaml.safe_dump({"all": {"hosts": hosts, "vars": reach}}, sort_keys=False))


def _cisco(lab: Lab) -> dict[str, Any]:
    """How a stand-in for a Cisco router is reached, and as what."""
    return {
        "ansible_connection": "ansible.netcommon.network_cli",
        "ansible_network_os": "cisco.ios.ios",
        "ansible_user": "admin",
        "ansible_password": "admin",
        "ansible_become": True,
        "ansible_become_method": "ansible.netcommon.enable",
        "ansible_become_password": "enable",
        # The key is for the lab's own sshd.
        "ansible_ssh_private_key_file": None,
        # Both libraries that network_cli knows take it, paramiko and libssh.
        "ansible_paramiko_proxy_command": f"ip netns exec {core(lab.name)} nc %h %p",
        "ansible_host_key_checking": False,
    }


def _host(node: Node, topology: Topology) -> dict[str, Any]:
    transports: dict[str, Any] = {}
    for wan in node.wans:
        nat = topology.nats.get(wan.via)
        name = nat.provider if nat else wan.via
        transport: dict[str, Any] = {
            "interface": interface_name(node, wan.interface),
            "address": "dhcp" if wan.dhcp else str(wan.address.ip),
        }
        if nat and nat.kind == "static":
            transport["public_address"] = str(nat.public.ip)
        elif nat:
            transport["nat"] = True
        if wan.vrf:
            transport["vrf"] = wan.vrf
        transports[name] = transport
    return {
        "ansible_host": str(node.management),
        "dmvpn_site": node.site,
        "dmvpn_lans": [str(node.lan.network)],
        "dmvpn_transports": transports,
    }
