# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One measurement in a process of its own, so that its peak memory is its own: prints one JSON object.

python -m ansible_collections.mgre.dmvpn.tests.benchmark.measure library 1000
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.generate import sample_inventory
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render import ios, ios_views, linux
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.engine import template
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.fleet import render_fleet

TIMES = 3  # the best of so many: other work on the machine only ever adds


class Clock:
    """Wall-clock and CPU seconds of the part that counts, and how many devices it made."""

    seconds = 0.0
    cpu = 0.0
    devices = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        started, worked = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - started
        self.cpu += time.process_time() - worked


def library(sites: int, clock: Clock, *, half_cisco: bool = False) -> None:
    """Ours whole: inventory variables to checked fleet to the text of every file."""
    hostvars, groups = sample_inventory(sites, half_cisco=half_cisco)
    with clock.running():
        for bundle in render_fleet(load_fleet(hostvars, groups)):
            bundle.contents()
            clock.devices += 1


def bare(sites: int, clock: Clock, *, half_cisco: bool = False) -> None:
    """The limit: the same templates, with contexts that are there already."""
    fleet = load_fleet(*sample_inventory(sites, half_cisco=half_cisco))
    rows = [template(f"linux/{row.template}") for row in (*linux.SHARED, linux.FRR, linux.SWANCTL)]
    guards = {name: template(f"linux/{row.template}") for name, row in linux.GUARDS.items()}
    tunnel = template("linux/tunnel.service.j2")
    ios_rows = [template(f"ios/{name}") for name in ("ipsec.j2", "routing/route_maps.j2", "config.ios.j2")]
    ready = [(device, context_of(device)) for device in fleet.devices.values()]
    with clock.running():
        for device, context in ready:
            clock.devices += 1
            if device.platform == "ios":
                for row in ios_rows:
                    row.render(context)
                continue
            for row in rows:
                row.render(context)
            guards[device.firewall].render(context)
            for member in device.memberships:
                prefixes = (member.cloud.prefix, *member.cloud.routing.summaries)
                tunnel.render(context, member=member, prefixes=prefixes)


def context_of(device: Device) -> linux.Context:
    if device.platform == "linux":
        return linux.device_context(device, linux.shape_context(device))
    context = ios.device_context(device, ios.ipsec_text(device))
    return context | {
        "protections": ios_views.protections(device),
        "route_maps": context["routing"].route_maps,
    }


def pyavd(sites: int, clock: Clock) -> None:
    """Another collection's library, on as many devices of about the same size."""
    import pyavd as theirs
    from ansible_collections.mgre.dmvpn.tests.benchmark.avd import structured_config

    theirs.get_device_config(structured_config(1))
    ready = [structured_config(site) for site in range(11, 11 + sites)]
    with clock.running():
        for config in ready:
            theirs.get_device_config(config)
            clock.devices += 1


KINDS: dict[str, Callable[[int, Clock], None]] = {
    "library": library,
    "bare": bare,
    "mixed": partial(library, half_cisco=True),
    "mixed_bare": partial(bare, half_cisco=True),
    "pyavd": pyavd,
}


def main(kind: str, sites: int) -> None:
    measured = KINDS[kind]
    measured(5, Clock())  # compiles templates and models, which a real run does once
    clocks = [Clock() for _time in range(TIMES)]
    for clock in clocks:
        measured(sites, clock)
    best = min(clocks, key=lambda clock: clock.cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(vars(best) | {"peak_mib": peak}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
