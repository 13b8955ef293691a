# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change that is killed, cut off or without power, at every step: the router ends whole, and reachable.

Each point is hit by a trap on the router (trap.py) and not by time. Those of ``SAMPLE`` run in `make test`,
all of them in `make test-long`.
"""

from __future__ import annotations

import json
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
from ansible_collections.mgre.dmvpn.tests.lab.routers import ROOT, TOPOLOGY, Routers
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
    Point("closed", "run", ends="new"),
    # The power goes within the call that removes the journal: only the disk knows.
    Point("closed", "power", ends="old or new"),
    *(Point(f"step {step}", "run", node="hub1") for step in ("tunnels", "frr")),
    *(Point(moment, "power", node="hub1") for moment in ("step frr", "pending")),
]
SAMPLE = {
    "spoke1-step_frr-controller",
    "spoke1-step_tunnels-power",
    "spoke1-pending-path",
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
    if point.moment == "noted":
        within = 60  # enough to come to the confirmation; a change that is still open after it is undone then
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
    assert ended in point.ends.split(" or "), ended
    victim.carries()


@pytest.fixture
def spoke(routers: Routers, victims: dict[str, Victim]) -> Victim:
    victim = victims.get("spoke1") or victims.setdefault("spoke1", Victim(routers, "spoke1"))
    victim.back_to_old()
    victim.carries()
    return victim


def test_a_change_that_breaks_the_overlay_is_taken_back_at_once(spoke: Victim) -> None:
    """Another GRE key: everything is accepted, and no packet crosses."""
    said = spoke.changed(
        600,
        (
            "/etc/systemd/system/mgre-dmvpn-blue.service",
            lambda text: text.replace("type gre key 10 ", "type gre key 99 "),
        ),
    )
    assert "hub1 is lost in cloud blue, which was there before" in said, said
    assert "The change was undone: the router is as it was before" in said, said
    assert spoke.which() == "old"
    assert spoke.last_verdict()[0] == "undone" and "the proof failed" in spoke.last_verdict()[1]
    spoke.carries()


def test_a_change_that_cuts_the_site_off_is_undone_by_the_router(spoke: Victim) -> None:
    """The firewall takes no new SSH connection: the one that Ansible has goes on."""
    rule = 'iifname "mgmt0" tcp dport 22 tcp flags & (syn|ack) == syn drop'
    chain = f" chain cut {{\n  type filter hook input priority -300\n  {rule}\n }}\n"
    table = f"\ntable inet mgre_dmvpn_guard {{\n{chain}}}\n"
    said = spoke.changed(25, ("/etc/mgre-dmvpn/guard.nft", lambda text: text + table))
    assert "takes no new connection after the change" in said, said
    assert "it undoes the change by itself at" in said, said
    assert "was undone at" in said and "it was not confirmed within 25 s" in said, said
    assert spoke.which() == "old"
    spoke.carries()


def test_rollback_goes_back_and_forth_and_is_in_the_history(spoke: Victim) -> None:
    assert spoke.play(spoke.bundle, confirm=True).wait() == 0
    shown = spoke.routers.play(str(ROOT / "playbooks/rollback.yml"), "--limit", "spoke1", "--check", "--diff")
    assert "-ip route 10.127.0.0/16 blackhole 250" in shown.stdout and "changed=1" in shown.stdout
    assert spoke.which() == "new"
    done = spoke.routers.play(
        str(ROOT / "playbooks/rollback.yml"), "--limit", "spoke1", "-e", "dmvpn_change=CHG-4712"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = json.loads(spoke.lab.ssh("spoke1", "tail -n 1 /var/lib/mgre-dmvpn/history.jsonl"))
    assert (last["why"], last["verdict"]) == ("CHG-4712", "confirmed")
    assert "-ip route 10.127.0.0/16 blackhole 250" in last["diff"]
    assert spoke.which() == "old"
    spoke.carries()


@pytest.mark.soak
def test_without_the_switch_nothing_goes_back(spoke: Victim) -> None:
    """What the kill tests see is the switch's work: when it is taken away, they are red."""
    assert spoke.play(spoke.bundle, confirm=False, within=SHORT).wait() == 0
    spoke.lab.ssh("spoke1", "systemctl stop mgre-dmvpn-undo.timer mgre-dmvpn-undo.service")
    with pytest.raises(AssertionError, match="spoke1 is whole"):
        spoke.whole(SHORT * 3)
    assert spoke.which().startswith("neither")  # the boot unit is still there
    spoke.lab.ssh("spoke1", "python3 -I /var/lib/mgre-dmvpn/undo.pyz look")
    spoke.whole()
    assert spoke.which() == "old"
