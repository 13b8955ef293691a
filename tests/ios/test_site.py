# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``playbooks/site.yml`` on a fleet of IOS routers: rendered, applied; a second run changes nothing."""

from __future__ import annotations

import json
from typing import Any

from .conftest import PSK, SITE, Make, Router, Run
from .overlay import alive

CLOUD = {
    "name": "blue",
    "number": 10,
    "prefix": "10.255.0.0/22",
    "transport": "internet",
    "hubs": ["r1"],
    "spokes": "branches",
    "routing": {"asn": 65000, "summaries": ["10.0.0.0/9"]},
    "ipsec": {"auth": "psk"},
}


def fleet(hub: Router, spoke: Router) -> dict[str, Any]:
    """One hub and one branch; that they are IOS follows from how they are reached."""
    shared = {"dmvpn_clouds": [CLOUD], "dmvpn_psks": {"blue": PSK}, "dmvpn_nhrp_secrets": {}}

    def host(router: Router, site: int, address: str) -> dict[str, Any]:
        return (
            router.variables
            | shared
            | {
                "ios_prove_wait": 10,
                "dmvpn_site": site,
                "dmvpn_lans": [f"10.{site}.0.0/24"],
                "dmvpn_transports": {"internet": {"interface": "GigabitEthernet1", "address": address}},
            }
        )

    return {
        "all": {
            "children": {
                "hubs": {"hosts": {"r1": host(hub, 1, "198.51.100.1")}},
                "branches": {"hosts": {"r2": host(spoke, 11, "198.51.100.10")}},
            }
        }
    }


def test_a_fleet(make: Make) -> None:
    hub, spoke = make(), make(name="r2")
    for router in (hub, spoke):
        alive(router, hub)
    inventory = json.dumps(fleet(hub, spoke))

    def site() -> Run:
        return hub.play(SITE, inventory=inventory)

    first = site()
    assert first.code == 0, first.output
    assert " ip nhrp redirect" in hub.device.startup()
    assert " ip nhrp nhs 10.255.0.1 nbma 198.51.100.1 multicast" in spoke.device.startup()
    second = site()
    assert second.code == 0, second.output
    assert {name: stats["changed"] for name, stats in second.stats.items()} == {"r1": 0, "r2": 0}
