# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long packets are lost when the preferred hub or its WAN is: our timers beside stock ones, in one run.

    python -m ansible_collections.mgre.dmvpn.tests.benchmark.failover

Boots a lab, rolls out the same fleet with both, and breaks the same. Needs root; fifteen minutes, most of
them for the holdtime of stock BGP. Exit status 1 if ours takes more than twice BFD's detection.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.mgre.dmvpn.tests.lab import Lab, load
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until
from ansible_collections.mgre.dmvpn.tests.lab.probe import PER_SECOND
from ansible_collections.mgre.dmvpn.tests.lab.test_convergence import (
    FAULTS,
    STEADY,
    all_up,
    detection,
    through_hub1,
)

# BGP of FRR and of IOS, NHRP of FRR; neither runs BFD unless told to.
STOCK: dict[str, dict[str, Any]] = {
    "routing": {"bfd": False, "keepalive": 60, "holdtime": 180},
    "cloud": {"nhrp_holdtime": 7200},
}
LONGEST = 300.0  # seconds; more than stock BGP waits


def stock_timers(fleet: Fleet) -> None:
    """The same fleet without ours."""
    path = fleet.inventory / "group_vars" / "all" / "dmvpn.yml"
    said = yaml.safe_load(path.read_text())
    cloud = said["dmvpn_clouds"][0]
    cloud |= STOCK["cloud"]
    cloud["routing"] |= STOCK["routing"]
    path.write_text(yaml.safe_dump(said))
    # Both ends run BFD, or neither: bgpd 10.3 starts no session while BFD is down.
    fleet.site("-e", '{"dmvpn_rollout": {"together": true}}')
    fleet.wait_green()


def gap(fleet: Fleet, fault: str) -> float:
    """Seconds without packets along the worst flow through the hub."""
    broken, mended = FAULTS[fault]
    until(lambda: all_up(fleet), "all BGP sessions up", seconds=LONGEST)
    with through_hub1(fleet) as probes:
        began = time.monotonic()
        broken(fleet)
        try:
            probes.wait_steady(began + 1, STEADY, LONGEST)
        finally:
            back = time.monotonic()
            mended(fleet)
    return max(flow.lost_between(began, back) for flow in probes.flows) / PER_SECOND


def main() -> int:
    name = f"bench-{os.getpid()}"
    try:
        with tempfile.TemporaryDirectory(prefix="mgre-dmvpn-failover-") as folder:
            fleet = Fleet(Lab.up(load("fleet"), name), Path(folder))
            fleet.site()
            fleet.wait_green()
            unit = detection(fleet)
            ours = {}
            for fault in FAULTS:
                ours[fault] = gap(fleet, fault)
                times = ours[fault] / unit
                print(f"{fault}, BFD of {unit:.1f} s: {ours[fault]:6.2f} s, {times:.1f} times", flush=True)
                fleet.wait_green()
            stock_timers(fleet)
            # The hub's death comes last: with stock timers spokes register with it again after 40 minutes.
            for fault, seconds in ours.items():
                stock = gap(fleet, fault)
                print(f"{fault}, stock timers: {stock:6.2f} s, {stock / seconds:.0f} times ours", flush=True)
    finally:
        Lab.remove(name)
    return int(max(ours.values()) > 2 * unit)


if __name__ == "__main__":
    sys.exit(main())
