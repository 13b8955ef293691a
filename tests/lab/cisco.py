# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What makes a node a stand-in for a Cisco router: the programs of tests/lab/ios, and their service.

On its management address the Cisco router has port 22; the node's own sshd, for the lab, has another.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from .topology import Node

if TYPE_CHECKING:
    from .lab import Lab

PROGRAMS = Path(__file__).with_name("ios")
LIBRARY = "usr/local/lib/ios-alive"
LINKS = {
    "etc/systemd/system/multi-user.target.wants/ios-alive.service": "/etc/systemd/system/ios-alive.service",
}
_UNIT = """[Unit]
Description=Stand-in for a Cisco router
After=network.target systemd-networkd.service
StartLimitIntervalSec=0

[Service]
Type=notify
ExecReload=/bin/kill -HUP $MAINPID
WorkingDirectory=/{library}
ExecStart=/usr/bin/python3 -m ios.alive --host {address} --host-key /etc/ssh/ssh_host_ed25519_key \\
    --hostname {name} --release {release} --state /var/lib/ios-alive
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
"""


def files(node: Node) -> dict[str, str]:
    """Path on the node -> content."""
    programs = {
        f"{LIBRARY}/ios/{file.relative_to(PROGRAMS)}": file.read_text()
        for file in sorted(PROGRAMS.rglob("*.py"))
    }
    unit = _UNIT.format(library=LIBRARY, address=node.management, name=node.name, release=node.release)
    return {
        **programs,
        "etc/systemd/system/ios-alive.service": unit,
        "etc/ssh/sshd_config.d/lab.conf": f"Port {node.ssh_port}\n",
    }


def enrol(lab: Lab, node: str, trustpoint: str, certificate: str, key: str, authority: str) -> None:
    """Give a stand-in the certificate, private key and CA of a trustpoint, each in PEM.

    The trustpoint itself is configuration: `crypto pki trustpoint NAME`.
    """
    folder = f"/etc/ios-alive/pki/{trustpoint}"
    commands = ["umask 077", f"mkdir -p {folder}"]
    for file, text in (("cert", certificate), ("key", key), ("ca", authority)):
        packed = base64.b64encode(text.encode()).decode()
        commands.append(f"echo {packed} | base64 -d > {folder}/{file}.pem")
    lab.ssh(node, "\n".join(["set -e", *commands, "systemctl reload ios-alive"]))
