# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The node underneath: its commands and files, and what it has for ports and certificates."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Protocol

from .plan import Port
from .swanctl import PKI

# On a Linux node wan1 is the first port, lan1 the second, and further WANs follow.
_FIRST = ("wan1", "lan1")


class System(Protocol):
    """What is needed of the node; the tests have one of their own."""

    def run(self, *argv: str) -> tuple[int, str]:
        """Exit status, and what the command printed, errors too."""

    def vty(self, daemon: str, command: str) -> str:
        """What a daemon of FRR answers; empty if it does not run."""

    def write(self, path: str, text: str, mode: int = 0o644) -> None: ...

    def read(self, path: str) -> str:
        """Empty if there is no such file."""

    def remove(self, path: str) -> None: ...


class Node:
    """The node that this process runs on."""

    def run(self, *argv: str) -> tuple[int, str]:
        done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        return done.returncode, done.stdout + done.stderr

    def vty(self, daemon: str, command: str) -> str:
        """As vtysh asks, on the daemon's own socket: starting vtysh costs a lab's router a tenth of a second.

        A command ends with a zero byte, an answer with three and the status.
        """
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as frr:
                frr.settimeout(10)
                frr.connect(f"/run/frr/{daemon}.vty")
                for line in ("enable", command):
                    frr.sendall(line.encode() + b"\0")
                    said = b""
                    while said[-4:-1] != b"\0\0\0":
                        part = frr.recv(65536)
                        if not part:
                            return ""
                        said += part
        except OSError:
            return ""
        return said[:-4].decode(errors="replace")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as out:
            out.write(text)
        draft.rename(target)

    def read(self, path: str) -> str:
        try:
            return Path(path).read_text()
        except FileNotFoundError:
            return ""

    def remove(self, path: str) -> None:
        Path(path).unlink(missing_ok=True)


def ports(system: System) -> dict[str, Port]:
    """The node's WAN and LAN interfaces by the names that they have on IOS."""
    _status, out = system.run("ip", "-j", "-4", "address", "show")
    _status, links = system.run("ip", "-j", "link", "show")
    addresses = {}
    for link in json.loads(out or "[]"):
        own = next((one for one in link["addr_info"] if one["family"] == "inet" and "prefixlen" in one), None)
        if own:
            addresses[link["ifname"]] = IPv4Interface(f"{own['local']}/{own['prefixlen']}")
    devices = [link["ifname"] for link in json.loads(links or "[]")]
    more = sorted(name for name in devices if name.startswith("wan") and name not in _FIRST)
    found = {}
    for number, device in enumerate([*(name for name in _FIRST if name in devices), *more], 1):
        name = f"GigabitEthernet{number}"
        dhcp = "DHCP=" in system.read(f"/etc/systemd/network/10-{device}.network")
        found[name] = Port(name, device, addresses.get(device), dhcp)
    return found


def trustpoints(system: System) -> dict[str, str]:
    """Enrolled trustpoints, and the subject of the certificate of each, as `O=..., OU=..., CN=...`."""
    found = {}
    _status, names = system.run("ls", PKI)
    for name in names.split():
        status, out = system.run(
            "openssl",
            "x509",
            "-in",
            f"{PKI}/{name}/cert.pem",
            "-noout",
            "-subject",
            "-nameopt",
            "sep_comma_plus_space",
        )
        if status == 0:
            found[name] = out.partition("=")[2].strip()
    return found
