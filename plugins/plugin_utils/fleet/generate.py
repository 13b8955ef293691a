# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet of any size, for tests and the benchmark: what Ansible would hand to ``load_fleet``."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

Variables = dict[str, dict[str, Any]]

LANS = int(IPv4Address("10.0.0.0"))
WANS = int(IPv4Address("198.18.0.0"))  # for benchmarks, RFC 2544


def sample_inventory(
    sites: int, hubs: int = 2, *, half_cisco: bool = False
) -> tuple[Variables, dict[str, list[str]]]:
    """Host variables and groups of ``hubs`` hubs and ``sites`` spokes, at most 16,000 together.

    BGP and certificates; of five spokes three have a static address, one DHCP, one is behind NAT. With
    ``half_cisco`` every second router runs IOS.
    """
    hub_names = [f"hub{number}" for number in range(1, hubs + 1)]
    spoke_names = [f"spoke{number}" for number in range(1, sites + 1)]
    clouds = [
        {
            "name": "blue",
            "number": 10,
            "prefix": "100.64.0.0/18",
            "transport": "internet",
            "hubs": hub_names,
            "spokes": "branches",
            "balance": True,
            "routing": {"protocol": "bgp", "asn": 65000, "summaries": ["10.0.0.0/8"]},
            "ipsec": {"auth": "certificate"},
        }
    ]
    hostvars: Variables = {}
    for number, host in enumerate([*hub_names, *spoke_names], start=1):
        wan: dict[str, Any] = {"interface": "wan1", "address": str(IPv4Address(WANS + 4 * number + 2))}
        kind = (number - hubs) % 5 if number > hubs else 0
        if kind == 3:
            wan["address"] = "dhcp"
        elif kind == 4:
            wan.update(address="192.168.1.2", nat=True)
        hostvars[host] = {
            "dmvpn_clouds": clouds,
            "dmvpn_site": number,
            "dmvpn_lans": [f"{IPv4Address(LANS + 256 * number)}/24"],
            "dmvpn_transports": {"internet": wan},
        }
        if half_cisco and number % 2 == 0:
            wan["interface"] = "GigabitEthernet1"
            hostvars[host]["dmvpn_platform"] = "ios"
    groups = {"all": [*hub_names, *spoke_names], "hubs": hub_names, "branches": spoke_names, "ungrouped": []}
    return hostvars, groups
