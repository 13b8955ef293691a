# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packets to a multicast group from a client in one router's LAN, and which LANs they arrive in."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import wiring
from .fleet import until
from .lab import Lab

# Packets of the group and distinct ones; ends when it is asked to. A member has an address, and an ear at the
# router's end of a LAN the name of that.
HEAR = """
import signal, socket, sys
group, where = socket.inet_aton(sys.argv[1]), sys.argv[2]
if where[0].isdigit():
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + socket.inet_aton(where))
    ear.bind((sys.argv[1], 5004))
else:
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    ear.bind((where, 3))
heard = []
signal.signal(signal.SIGINT, lambda *_: (print(len(heard), len(set(heard))), sys.exit()))
print("ready", flush=True)
while True:
    data = ear.recv(4096)
    if ear.family == socket.AF_INET:
        heard.append(data[:8])
    elif data[16:20] == group and data[9] == socket.IPPROTO_UDP:
        heard.append(data[28:36])
"""
# Without a checksum: the LAN's virtual cable leaves it to a network card, and nhrpd's copy passes by none.
SAY = """
import socket, sys, time
group, own, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, 11, 1)
udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 16)
udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
for number in range(count):
    udp.sendto(b"%08d" % number + bytes(1192), (group, 5004))
    time.sleep(0.05)
"""
SENT = 60  # packets


@dataclass(frozen=True, slots=True)
class Heard:
    """What came into a LAN: packets of the group, and distinct ones among them."""

    packets: int
    distinct: int

    @property
    def each_once(self) -> bool:
        """Every packet, and none twice but the one that made the entries in the kernels."""
        return self.distinct == SENT and self.packets <= SENT + 1


def multicast(lab: Lab, group: str, source: str, members: Iterable[str]) -> dict[str, Heard]:
    """Sends :data:`SENT` packets to ``group`` once the router of ``source`` knows that it is wanted.

    Returns what each LAN but the source's heard. Raises AssertionError if nobody asks for the group.
    """
    members = tuple(members)
    others = [node for node in lab.topology.nodes if node not in (source, *members)]

    def vtysh(node: str, command: str) -> str:
        return lab.ssh(node, f"vtysh -c '{command}'")

    def wanted() -> bool:
        asked = all(group in vtysh(member, "show ip igmp groups") for member in members)
        return asked and group in vtysh(source, "show ip pim state")

    with _listening(lab, group, members, others) as heard:
        until(wanted, f"{source} hears that {group} is wanted", seconds=120)
        # The first packet makes the entry at the source's router, and may be lost over that.
        subprocess.run(_client(lab, source, SAY, group, "1"), check=True, timeout=20)
        until(lambda: "dmvpn" in vtysh(source, f"show ip mroute {group}"), f"{source} sends {group} on")
        subprocess.run(_client(lab, source, SAY, group, str(SENT)), check=True, timeout=60)
    return heard


@contextmanager
def _listening(
    lab: Lab, group: str, members: Iterable[str], others: Iterable[str]
) -> Iterator[dict[str, Heard]]:
    heard: dict[str, Heard] = {}
    ears = {node: _ear(_client(lab, node, HEAR, group)) for node in members}
    # Where the router's LAN port ends: no switch chooses what arrives there.
    core = wiring.core(lab.name)
    for node in others:
        ears[node] = _ear(wiring.netns(core, sys.executable, "-c", HEAR, group, wiring.tap(node, "lan1")))
    try:
        for ear in ears.values():
            assert ear.stdout is not None and ear.stdout.readline() == "ready\n"
        yield heard
    finally:
        for ear in ears.values():
            ear.send_signal(signal.SIGINT)
        told = {node: ear.communicate(timeout=20)[0].split() for node, ear in ears.items()}
    heard.update({node: Heard(int(words[0]), int(words[1])) for node, words in told.items()})


def _ear(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _client(lab: Lab, node: str, text: str, group: str, *arguments: str) -> list[str]:
    own = str(lab.topology.node(node).client.ip)
    return wiring.netns(wiring.client(lab.name, node), sys.executable, "-c", text, group, own, *arguments)
