# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node in words: what its commands print and its daemons answer, and what it was told."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Interface
from pathlib import Path

from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.plan import Facts, Port

DATA = Path(__file__).with_name("data")
SUBJECT = "O=mgre-dmvpn, OU=10.255.0.11, CN=spoke1"
PORTS = {
    "GigabitEthernet1": Port("GigabitEthernet1", "wan1", IPv4Interface("198.51.100.10/30")),
    "GigabitEthernet2": Port("GigabitEthernet2", "lan1", IPv4Interface("10.11.0.1/24")),
    "GigabitEthernet3": Port("GigabitEthernet3", "wan2", None, dhcp=True),
}
FACTS = Facts(PORTS, {"mgre-dmvpn": SUBJECT})


@dataclass
class FakeNode:
    """Answers by the beginning of a command line; what nobody prepared ends well and prints nothing."""

    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    daemons: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    files: dict[str, tuple[str, int]] = field(default_factory=dict)

    def run(self, *argv: str) -> tuple[int, str]:
        line = " ".join(argv)
        self.ran.append(line)
        return next((said for start, said in self.answers.items() if line.startswith(start)), (0, ""))

    def vty(self, daemon: str, command: str) -> str:
        self.ran.append(f"{daemon}: {command}")
        return self.daemons.get(command, "")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        self.files[path] = (text, mode)

    def read(self, path: str) -> str:
        return self.files.get(path, ("", 0))[0]

    def remove(self, path: str) -> None:
        self.files.pop(path, None)
