# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A branch with DHCP moves its WAN into a VRF, and out again; guarded and alive all the while. Needs root."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterator

import pytest
from ansible_collections.mgre.dmvpn.tests.lab import wiring
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until
from ansible_collections.mgre.dmvpn.tests.lab.host import run

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

NODE = "spoke3"
INTO_A_VRF = r"""
set -e; cd /etc/systemd/network; mkdir -p 10-wan1.network.d
printf '[NetDev]\nName=inet\nKind=vrf\n[VRF]\nTable=101\n' > 05-inet.netdev
printf '[Match]\nName=inet\n[Network]\nLinkLocalAddressing=no\n' > 05-inet.network
printf '[Route]\nTable=101\nType=unreachable\n' >> 05-inet.network
printf 'Destination=0.0.0.0/0\nMetric=4278198272\n' >> 05-inet.network
printf '[Network]\nVRF=inet\n' > 10-wan1.network.d/vrf.conf
networkctl reload
"""
OUT_OF_IT = r"""
cd /etc/systemd/network; rm -rf 05-inet.netdev 05-inet.network 10-wan1.network.d
ip link set dev wan1 nomaster; ip link delete dev inet; networkctl reload; networkctl reconfigure wan1
"""
# Five GRE packets with the tunnel's key, from the provider.
CLEARTEXT = f"""
import socket
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_GRE)
for number in range(5):
    raw.sendto({struct.pack("!HHI", 0x2000, 0, 10)!r}, ("203.0.113.18", 0))
"""


def in_table(fleet: Fleet, where: str) -> bool:
    """Whether the WAN has its lease, and its default route in that table."""
    return "default via 203.0.113.17 dev wan1" in fleet.lab.ssh(NODE, f"ip route show {where}")


def counted(fleet: Fleet, what: str) -> int:
    told = fleet.lab.ssh(NODE, f"nft list counter inet mgre_dmvpn_guard {what}")
    return int(re.findall(r"packets (\d+)", told)[0])


def blocked(fleet: Fleet, way: str) -> int:
    return int(fleet.lab.ssh(NODE, f"grep Xfrm{way}PolBlock /proc/net/xfrm_stat").split()[1])


@pytest.fixture(scope="module")
def moved(fleet: Fleet) -> Iterator[str]:
    """The branch with its WAN in a VRF; the value is what the run before the VRF was there said."""
    own = fleet.inventory / "host_vars" / f"{NODE}.yml"
    before = own.read_text()
    own.write_text(before.replace("address: dhcp", "address: dhcp, vrf: inet"))
    try:
        refused = fleet.play("site", "--limit", NODE)
        assert refused.returncode != 0
        fleet.lab.ssh(NODE, INTO_A_VRF)
        until(lambda: in_table(fleet, "vrf inet"), "the WAN has its lease in the VRF")
        fleet.site("--limit", NODE)
        fleet.wait_green()
        yield refused.stdout
    finally:
        own.write_text(before)
        fleet.lab.ssh(NODE, OUT_OF_IT)
        until(lambda: in_table(fleet, "table main"), "the WAN has its lease in the main table")
        fleet.site("--limit", NODE)
        fleet.wait_green()


def test_without_the_vrf_the_router_is_refused_and_told_why(moved: str) -> None:
    assert "transport internet is in the VRF inet, which the router does not have; make it" in moved
    assert "Traceback" not in moved


def test_packets_cross_and_a_second_run_changes_nothing(fleet: Fleet, moved: str) -> None:
    assert "default" not in fleet.lab.ssh(NODE, "ip route show table main")
    for source, target in ((NODE, "hub1"), ("hub2", NODE), ("spoke1", NODE)):

        def all_answered(source: str = source, target: str = target) -> bool:
            return fleet.ping(source, target) == 0

        until(all_answered, f"20 of 20 answers from {source} to {target}")
    until(lambda: "10.11.0.0/24" in fleet.vtysh(NODE, "show ip nhrp shortcut"), "a shortcut to spoke1")
    assert re.search(rf"^{NODE} +: ok=\d+ +changed=0 ", fleet.site("--limit", NODE), re.M)


def test_no_cleartext_leaves_or_enters_the_vrf(fleet: Fleet, moved: str) -> None:
    provider = wiring.provider(fleet.lab.name, "internet")
    came = counted(fleet, "gre_in_cleartext")
    fleet.assert_clean_wans()
    run(wiring.netns(provider, sys.executable, "-c", CLEARTEXT))
    until(lambda: counted(fleet, "gre_in_cleartext") == came + 5, "the firewall stops what comes in")
    # Without firewall and charon the kernel's policies are left.
    fleet.lab.ssh(NODE, "nft flush ruleset; systemctl stop strongswan")
    try:
        left, came = blocked(fleet, "Out"), blocked(fleet, "In")
        run(wiring.netns(provider, sys.executable, "-c", CLEARTEXT))
        until(lambda: blocked(fleet, "In") == came + 5, "the kernel stops what comes in")
        fleet.lab.capture_start()
        until(lambda: blocked(fleet, "Out") > left, "the kernel stops what goes out")
        fleet.ping(NODE, "hub1")
        assert fleet.lab.captured().gre == 0
    finally:
        fleet.lab.ssh(NODE, "systemctl restart mgre-dmvpn-guard; systemctl start strongswan")
    fleet.lab.capture_start()
    fleet.wait_green()


@pytest.mark.soak
def test_a_new_address_in_the_vrf_is_found_by_itself(fleet: Fleet, moved: str) -> None:
    fleet.lab.lease(NODE, "203.0.113.20")
    fleet.wait_green()
    fleet.lab.lease(NODE, "203.0.113.18")
    fleet.wait_green()


@pytest.mark.soak
def test_it_comes_back_after_a_reboot(fleet: Fleet, moved: str) -> None:
    fleet.lab.reboot(NODE)
    fleet.wait_green()
