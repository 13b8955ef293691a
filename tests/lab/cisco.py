# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What makes a node a stand-in for a Cisco router: the programs of tests/lab/ios, and their service.

On its management address the Cisco router has port 22; the node's own sshd, for the lab, has another.
"""

from __future__ import annotations

from pathlib import Path

from .topology import Node

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
