# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No cleartext leaves a router whatever dies on it, seen on the wire. Needs root."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

FLOWS = (("spoke1", "hub1"), ("hub1", "spoke1"), ("spoke1", "spoke3"), ("spoke2", "spoke3"))


@contextmanager
def traffic_until_green(fleet: Fleet) -> Iterator[None]:
    """Packets from all sides while something dies on spoke1, and until the fleet has recovered."""
    with fleet.traffic(*FLOWS):
        yield
        fleet.wait_green()
    assert fleet.ping("spoke1", "hub1") == 0


def bgp_is_down(fleet: Fleet) -> bool:
    return "BGP state = Established" not in fleet.vtysh("spoke1", "show bgp neighbors")


def dropped_gre(fleet: Fleet) -> int:
    """GRE packets that the guard in the firewall of spoke1 dropped on the way out."""
    told = fleet.lab.ssh("spoke1", "nft list counter inet mgre_dmvpn_guard gre_out_cleartext")
    return int(re.findall(r"packets (\d+)", told)[0])


def blocked_by_the_kernel(fleet: Fleet) -> int:
    """Packets that spoke1's kernel did not send because a policy blocks them."""
    return int(fleet.lab.ssh("spoke1", "grep XfrmOutPolBlock /proc/net/xfrm_stat").split()[1])


@pytest.mark.soak
def test_strongswan_that_is_stopped(fleet: Fleet) -> None:
    with traffic_until_green(fleet):
        before = blocked_by_the_kernel(fleet) + dropped_gre(fleet)
        fleet.lab.ssh("spoke1", "systemctl stop strongswan")
        until(lambda: bgp_is_down(fleet), "BGP of spoke1 goes down")
        assert blocked_by_the_kernel(fleet) + dropped_gre(fleet) > before
        fleet.lab.ssh("spoke1", "systemctl start strongswan")


def test_a_firewall_service_that_stops_and_starts(fleet: Fleet) -> None:
    with traffic_until_green(fleet):
        fleet.lab.ssh("spoke1", "systemctl start nftables && systemctl stop nftables")
        fleet.lab.ssh("spoke1", "systemctl stop strongswan")
        until(lambda: bgp_is_down(fleet), "BGP of spoke1 goes down")
        fleet.lab.ssh("spoke1", "systemctl start nftables strongswan")


def test_a_flushed_firewall_leaves_the_second_guard_and_only_without_both_there_is_cleartext(
    fleet: Fleet,
) -> None:
    with traffic_until_green(fleet):
        before = blocked_by_the_kernel(fleet)
        fleet.lab.ssh("spoke1", "nft flush ruleset; systemctl stop strongswan")
        until(lambda: bgp_is_down(fleet), "BGP of spoke1 goes down")
        assert blocked_by_the_kernel(fleet) > before
        fleet.assert_clean_wans()
        # What both guards are good for, and that the capture would see it.
        fleet.lab.capture_start()
        sent = "ip -s -j link show dev dmvpn10 | python3 -c " + (
            '\'import json, sys; print(json.load(sys.stdin)[0]["stats64"]["tx"]["packets"])\''
        )
        begun = int(fleet.lab.ssh("spoke1", f"{sent}; ip xfrm policy flush").split()[0])
        until(lambda: int(fleet.lab.ssh("spoke1", sent)) > begun, "a packet through the tunnel")
        fleet.lab.ssh("spoke1", "systemctl restart mgre-dmvpn-guard mgre-dmvpn-blue")
        assert fleet.lab.captured().gre > 0
        fleet.lab.capture_start()
        fleet.lab.ssh("spoke1", "systemctl start strongswan")


@pytest.mark.soak
def test_frr_that_is_restarted(fleet: Fleet) -> None:
    with traffic_until_green(fleet):
        fleet.lab.ssh("spoke1", "systemctl restart frr")


def test_a_router_that_reboots(fleet: Fleet) -> None:
    """On its way down FRR takes its routes with it, and Debian's nftables.service flushes all rules."""
    fleet.lab.ssh("spoke1", "systemctl start nftables")
    with traffic_until_green(fleet):
        fleet.lab.reboot("spoke1")


def test_routers_that_refuse_each_other_do_not_flood_each_other(fleet: Fleet) -> None:
    """Each nhrpd answers the other's error with an error, hundreds a second, until one packet is lost."""
    tunnel = ("configure terminal", "interface dmvpn10")
    strings = {"hub1": "one", "spoke1": "other"}
    received = "cat /sys/class/net/dmvpn10/statistics/rx_packets"

    def flooded() -> bool:
        told = (fleet.lab.ssh(node, "nft list counter inet mgre_dmvpn_guard nhrp_flood") for node in strings)
        return any("packets 0 " not in text for text in told)

    with traffic_until_green(fleet):
        assert not flooded()
        try:
            for node, string in strings.items():
                fleet.vtysh(node, *tunnel, f"ip nhrp authentication {string}")
            until(flooded, "a packet is taken out of the flood", seconds=60)
            before, after = (
                int(count) for count in fleet.lab.ssh("hub1", f"{received}; sleep 5; {received}").split()
            )
        finally:
            for node, string in strings.items():
                fleet.vtysh(node, *tunnel, f"no ip nhrp authentication {string}")
        assert after - before < 5 * 100


def test_neither_firewall_nor_frr(fleet: Fleet) -> None:
    """Packets between sites end in the kernel's last route; without that one they leave, and are seen."""
    route = "blackhole 10.0.0.0/9 metric 4278190079"
    with traffic_until_green(fleet):
        fleet.lab.ssh("spoke1", "systemctl stop frr; nft flush ruleset")
        assert fleet.ping("spoke1", "hub1") == 20
        fleet.assert_clean_wans()
        fleet.lab.capture_start()
        fleet.lab.ssh("spoke1", f"ip route delete {route}")
        assert fleet.ping("spoke1", "hub1") == 20
        fleet.lab.ssh("spoke1", "systemctl restart mgre-dmvpn-guard mgre-dmvpn-blue")
        assert fleet.lab.captured().site > 0
        fleet.lab.capture_start()
        fleet.lab.ssh("spoke1", "systemctl start frr")


@pytest.mark.soak
def test_a_router_that_loses_its_power(fleet: Fleet) -> None:
    with traffic_until_green(fleet):
        fleet.lab.kill("spoke1")
        fleet.lab.start("spoke1")
