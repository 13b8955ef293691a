# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One look at a Linux router, and the program that a timer starts there: plan in, metrics file out.

Usage: python3 -m mgre_collector.linux.health PLAN MEMORY (the role ``linux`` installs it so)
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from ..health_measure import Look, measure, watched
from ..health_memory import advance, dump, load
from ..health_metrics import FILE, exposition
from ..health_plan import HealthPlan, parse_plan
from .observe import observe
from .observe_loss import ping_all
from .observe_run import read

XFRM = "/proc/net/xfrm_stat"


def look(plan: HealthPlan) -> Look:
    """Pings every next hop server, then reads the state. Raises nothing that a router can cause."""
    begun = time.monotonic()
    pings = ping_all([(s.overlay, cloud.overlay) for cloud in plan.clouds for s in cloud.servers])
    state = observe(plan.units, plan.certificates, plan.firewall)
    # When the observer began: that is what the ages that it read are nearest to.
    now = state.host.time or time.time()
    return Look(plan, state, pings, xfrm_errors(read(XFRM)), now, time.monotonic() - begun)


def xfrm_errors(text: str | None) -> dict[str, int] | None:
    """The kernel's counters of packets that IPsec refused (xfrm_proc.rst), None without them."""
    pairs = [line.split() for line in (text or "").splitlines()]
    found = {
        pair[0].removeprefix("Xfrm"): int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()
    }
    return found or None


def main(plan_file: str, memory_file: str) -> int:
    """Writes the metrics file and the memory. Returns the exit status."""
    plan = parse_plan(json.loads(Path(plan_file).read_text(encoding="utf-8")))
    if plan.directory is None:
        sys.stderr.write(f"{plan_file}: no directory for the metrics file\n")
        return 1
    found = look(plan)
    memory = advance(load(read(memory_file)), watched(found), found.time)
    replace(Path(memory_file), dump(memory), 0o600)
    replace(Path(plan.directory) / FILE, exposition(measure(found, memory)), 0o644)
    return 0


def replace(path: Path, text: str, mode: int) -> None:
    """The whole file or none of it: node_exporter reads at any time, and only names that end in .prom."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(descriptor, mode)
    os.replace(part, path)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
