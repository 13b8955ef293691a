# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A user's multicast from the LAN of the first hub to the LANs that want it, and to no other. Needs root."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from ansible_collections.mgre.dmvpn.tests.lab import wiring
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.usefixtures("clean_wans")]

GROUP = "239.10.1.1"
PACKETS = 60
# Spoke2 is behind NAT, spoke3 has DHCP; spoke1 runs PIM as well, but nobody there wants the group.
RECEIVERS, OTHERS = ("spoke2", "spoke3"), ("spoke1", "hub2")
NODES = ("hub1", "hub2", "spoke1", "spoke2", "spoke3")

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


def client(fleet: Fleet, node: str, text: str, *arguments: str) -> list[str]:
    own = str(fleet.lab.topology.node(node).client.ip)
    inside = wiring.client(fleet.lab.name, node)
    return wiring.netns(inside, sys.executable, "-c", text, GROUP, own, *arguments)


def ear_at(fleet: Fleet, node: str) -> list[str]:
    """Of a member in the LAN, or where the router's LAN port ends: no switch chooses what arrives there."""
    if node in RECEIVERS:
        return client(fleet, node, HEAR)
    port = wiring.tap(node, "lan1")
    return wiring.netns(wiring.core(fleet.lab.name), sys.executable, "-c", HEAR, GROUP, port)


@contextmanager
def listening(fleet: Fleet) -> Iterator[dict[str, tuple[int, int]]]:
    """Listens in LANs during the block; afterwards, packets and distinct packets by node."""
    heard: dict[str, tuple[int, int]] = {}
    ears = {
        node: subprocess.Popen(ear_at(fleet, node), stdout=subprocess.PIPE, text=True)
        for node in (*RECEIVERS, *OTHERS)
    }
    try:
        for ear in ears.values():
            assert ear.stdout is not None and ear.stdout.readline() == "ready\n"
        yield heard
    finally:
        for ear in ears.values():
            ear.send_signal(2)
        told = {node: ear.communicate(timeout=20)[0].split() for node, ear in ears.items()}
    heard.update({node: (int(words[0]), int(words[1])) for node, words in told.items()})


def wanted_at_the_hub(fleet: Fleet) -> bool:
    return all(GROUP in fleet.vtysh(node, "show ip igmp groups") for node in RECEIVERS) and (
        GROUP in fleet.vtysh("hub1", "show ip pim state")
    )


@pytest.fixture(scope="module")
def multicast(fleet: Fleet) -> Iterator[None]:
    """The fleet with a group, and as it was afterwards."""
    clouds = fleet.inventory / "group_vars" / "all" / "dmvpn.yml"
    before = clouds.read_text()
    groups = "    number: 10\n    multicast_groups: [239.10.0.0/16]\n"
    clouds.write_text(before.replace("    number: 10\n", groups) + "\ndmvpn_multicast_interfaces: [lan1]\n")
    try:
        fleet.site()
        fleet.wait_green()
        yield
    finally:
        clouds.write_text(before)
        fleet.site()
        fleet.wait_green()
        for node in NODES:
            assert "pim" not in fleet.vtysh(node, "show running-config")
            assert fleet.lab.ssh(node, "pidof pimd || true").strip() == ""


@pytest.mark.usefixtures("multicast")
def test_each_packet_arrives_once_where_it_is_wanted_and_nowhere_else(fleet: Fleet) -> None:
    with listening(fleet) as heard:
        until(lambda: wanted_at_the_hub(fleet), "the hub hears that the group is wanted", seconds=120)
        say = client(fleet, "hub1", SAY, str(PACKETS))
        # The first packet makes the hub's entry, and may be lost over that.
        subprocess.run(client(fleet, "hub1", SAY, "1"), check=True, timeout=20)
        until(
            lambda: "dmvpn10" in fleet.vtysh("hub1", f"show ip mroute {GROUP}"), "the hub sends the group on"
        )
        subprocess.run(say, check=True, timeout=60)
    for node in RECEIVERS:
        packets, distinct = heard[node]
        assert distinct == PACKETS and packets <= PACKETS + 1, heard
    assert [heard[node] for node in OTHERS] == [(0, 0), (0, 0)], heard


@pytest.mark.usefixtures("multicast")
def test_a_second_run_changes_nothing(fleet: Fleet) -> None:
    assert "changed=1" not in fleet.site()
