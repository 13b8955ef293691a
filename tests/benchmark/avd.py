# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A spoke as pyavd's structured configuration: the same tunnel, routing policy and BGP as ours, no more."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

HUBS = 2


def structured_config(site: int) -> dict[str, Any]:
    """About what one of our spokes has: a tunnel, two BGP neighbours, policy, blackholes, BFD."""
    lan = f"10.{site // 250}.{site % 250}.0/24"
    overlay = IPv4Address("10.255.0.0") + site
    hubs = [f"10.255.0.{number}" for number in range(1, HUBS + 1)]
    return {
        "hostname": f"branch{site}",
        "ip_routing": True,
        "ethernet_interfaces": [
            {
                "name": "Ethernet1",
                "description": "WAN",
                "switchport": {"enabled": False},
                "ip_address": f"{IPv4Address('198.18.0.0') + site}/16",
            },
        ],
        "tunnel_interfaces": [
            {
                "name": "Tunnel10",
                "description": "DMVPN",
                "mtu": 1400,
                "ip_address": f"{overlay}/22",
                "tcp_mss_ceiling": {"ipv4": 1360},
                "source_interface": "Ethernet1",
                "destination": "198.18.0.1",
                "path_mtu_discovery": True,
            }
        ],
        "static_routes": [
            {"prefix": prefix, "interface": "Null0", "distance": 250}
            for prefix in ("10.0.0.0/9", "10.255.0.0/16", lan)
        ],
        "prefix_lists": [
            {
                "name": "MGRE-blue-local",
                "sequence_numbers": [{"sequence": 5, "action": f"permit {lan}"}],
            },
            {
                "name": "MGRE-blue-summaries",
                "sequence_numbers": [
                    {"sequence": 5, "action": "permit 10.255.0.0/16"},
                    {"sequence": 10, "action": "permit 10.0.0.0/9"},
                ],
            },
        ],
        "route_maps": [
            {
                "name": f"MGRE-blue-hub{number}-in",
                "sequence_numbers": [
                    {
                        "sequence": 10,
                        "type": "permit",
                        "match": ["ip address prefix-list MGRE-blue-summaries"],
                        "set": [f"local-preference {1001 - number}"],
                    }
                ],
            }
            for number in range(1, HUBS + 1)
        ],
        "router_bfd": {"interval": 300, "min_rx": 300, "multiplier": 3},
        "router_bgp": {
            "as": "65000",
            "router_id": str(overlay),
            "peer_groups": [
                {
                    "name": "MGRE-blue-hubs",
                    "remote_as": "65000",
                    "update_source": "Tunnel10",
                    "bfd": True,
                    "timers": "3 10",
                }
            ],
            "neighbors": [
                {
                    "ip_address": hub,
                    "peer_group": "MGRE-blue-hubs",
                    "description": f"hub{number}",
                    "route_map_in": f"MGRE-blue-hub{number}-in",
                }
                for number, hub in enumerate(hubs, 1)
            ],
            "address_family_ipv4": {
                "networks": [{"prefix": lan}],
                "peer_groups": [{"name": "MGRE-blue-hubs", "activate": True}],
            },
        },
    }
