# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change that is killed, cut off or without power, at every step: the router ends whole, and reachable.

Each point is hit by a trap on the router (trap.py) and not by time. Those of ``SAMPLE`` run in `make test`,
all of them in `make test-long`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.steps import STEPS
from ansible_collections.mgre.dmvpn.tests.lab import Lab
from ansible_collections.mgre.dmvpn.tests.lab.killing import (
    Point,
    Victim,
    end_controller,
    no_path,
    no_way_back,
)
from ansible_collections.mgre.dmvpn.tests.lab.routers import TOPOLOGY, Routers
from ansible_collections.mgre.dmvpn.tests.lab.topology import parse

pytestmark = pytest.mark.lab

SHORT = 12  # seconds to confirm, where nobody will
POINTS = [
    *(Point(f"step {step}", "run") for step in STEPS),
    *(Point(f"step {step}", "controller") for step in STEPS),
    *(Point(f"step {step}", "power") for step in STEPS),
    *(Point(f"step {step}", "path") for step in ("guard", "tunnels", "frr")),
    *(Point(f"step {step}", "way back") for step in ("guard", "frr")),
    *(Point("pending", what) for what in ("controller", "power", "path", "way back")),
    *(Point(f"back {step}", what) for step in ("units", "ipsec", "frr") for what in ("run", "power")),
    *(Point("noted", what) for what in ("run", "power")),
    *(Point("closed", what, ends="new") for what in ("run", "power")),
    *(Point(f"step {step}", "run", node="hub1") for step in ("tunnels", "frr")),
    *(Point(moment, "power", node="hub1") for moment in ("step frr", "pending")),
]
SAMPLE = {
    "spoke1-step_ipsec-run",
    "spoke1-step_frr-controller",
    "spoke1-step_tunnels-power",
    "spoke1-pending-path",
    "spoke1-back_frr-run",
    "spoke1-closed-run",
}


@pytest.fixture(scope="module")
def routers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routers]:
    """Both routers rolled out. With MGRE_LAB that lab is used, and stays."""
    given = os.environ.get("MGRE_LAB")
    name = given or f"commit-{os.getpid()}"
    try:
        routers = Routers(Lab.up(parse(TOPOLOGY, "test_commit"), name), tmp_path_factory.mktemp("commit"))
        # FRR 8.4 and 10.3 may end in a loop of BFD and BGP when a tunnel is moved; that is not tested here.
        routers.hosts["all"]["vars"]["dmvpn_clouds"][0]["routing"]["bfd"] = False
        routers.write()
        routers.site()
        routers.wait_up()
        yield routers
    finally:
        if not given:
            Lab.remove(name)


@pytest.fixture(scope="module")
def victims(routers: Routers) -> dict[str, Victim]:
    """Made when a point needs them."""
    return {}


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, id=str(point), marks=() if str(point) in SAMPLE else pytest.mark.soak)
        for point in POINTS
    ],
)
def test_a_change_that_is_killed(routers: Routers, victims: dict[str, Victim], point: Point) -> None:
    victim = victims.get(point.node) or victims.setdefault(point.node, Victim(routers, point.node))
    victim.back_to_old()
    confirmed = point.moment in ("noted", "closed")
    # What is killed on the router needs no waiting for the end of its time; what is left alone does.
    undone_by_time = point.moment.startswith(("step", "pending")) and point.what in (
        "controller",
        "path",
        "way back",
    )
    within = SHORT if undone_by_time or point.moment.startswith("back") else 600
    victim.set_trap("KILL" if point.what == "run" else "STOP", point.moment)
    play = victim.play(victim.bundle, confirm=confirmed, within=within)
    try:
        pid = victim.sprung()
        begun = time.monotonic()
        if point.what == "run":
            play.wait()
            victim.whole()
        elif point.what == "controller":
            end_controller(victim, play)
            victim.beside(f"kill -CONT {pid}")
            victim.whole()
        elif point.what == "power":
            routers.lab.kill(point.node)
            end_controller(victim, play)
            routers.lab.start(point.node)
            victim.whole()
        else:
            cut = no_path(routers.lab, point.node) if point.what == "path" else no_way_back(victim)
            with cut:
                victim.beside(f"kill -CONT {pid}")
                victim.whole()
    finally:
        end_controller(victim, play)
    seconds = time.monotonic() - begun
    ended = victim.which()
    print(f"\n{point}: {point.what} killed, ended {ended[:7]}, whole after {seconds:.0f} s", flush=True)
    assert ended == point.ends, ended
    victim.carries()
