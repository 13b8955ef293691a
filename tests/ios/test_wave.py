# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A wave of ``playbooks/site.yml`` with Cisco routers: their changes wait until all of it is proven."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

from .conftest import PSK, SITE, Make, Router, Run
from .overlay import alive
from .test_failures import until
from .test_site import fleet

TOGETHER = {"dmvpn_rollout": {"together": True}, "ios_prove_wait": 6}
BROKEN = "nhrp holdtime 90"


def inventory(hub: Router, spoke: Router, holdtime: int = 60, **more: Any) -> str:
    text = fleet(hub, spoke)
    for group in text["all"]["children"].values():
        for values in group["hosts"].values():
            cloud = values["dmvpn_clouds"][0] | {"nhrp_holdtime": holdtime}
            values.update({"dmvpn_clouds": [cloud]} | TOGETHER | more)
    return json.dumps(text)


def site(hub: Router, spoke: Router, *flags: str, **more: Any) -> Run:
    return hub.play(SITE, *flags, inventory=inventory(hub, spoke, **more))


def typed(router: Router) -> list[str]:
    """What was typed at a router, without time and user."""
    return [line.split(" ", 2)[2] for line in router.log.splitlines()]


def in_order(*routers: Router) -> list[str]:
    """What is typed at all of them, in one list as it comes."""
    seen: list[str] = []
    for router in routers:
        note = router.device.journal.note

        def both(who: str, what: str, note: Callable[[str, str], None] = note) -> None:
            seen.append(what)
            note(who, what)

        router.device.journal.note = both
    return seen


def is_as(router: Router, before: str, startup: str) -> None:
    assert router.text == before
    assert router.device.startup() == startup
    assert not router.device.archive.pending
    assert router.device.crashes == []


def test_a_wave_is_confirmed_and_saved_after_its_proof(make: Make) -> None:
    hub, spoke = make(), make(name="r2")
    for router in (hub, spoke):
        alive(router, hub)
    everything = in_order(hub, spoke)
    first = site(hub, spoke)
    assert first.code == 0, first.output
    for router in (hub, spoke):
        said = typed(router)
        marks = [
            "configure terminal revert timer 5",
            "configure revert timer 5",
            "show dmvpn detail",
            "configure confirm",
            "write memory",
        ]
        places = [said.index(marks[0]), said.index(marks[1])]
        places += [places[-1] + said[places[-1] :].index(mark) for mark in marks[2:]]
        assert places == sorted(places), said
        assert said.count("configure confirm") == said.count("write memory") == 1
        assert router.device.startup() == router.text
        assert not router.device.archive.pending
    # Nobody is confirmed before the last of the wave is proven, with packets.
    proofs = [at for at, what in enumerate(everything) if what.startswith(("show dmvpn", "ping "))]
    confirmed = everything.index("configure confirm")
    assert max(proofs) < confirmed
    assert any(what.startswith("ping ") for what in everything)
    second = site(hub, spoke)
    assert second.code == 0, second.output
    assert {name: stats["changed"] for name, stats in second.stats.items()} == {"r1": 0, "r2": 0}


def test_a_wave_that_is_not_proven_is_undone_whole(make: Make) -> None:
    hub, spoke = make(), make(name="r2")
    alive(hub, hub)
    alive(spoke, hub, lambda running: BROKEN not in running)
    assert site(hub, spoke).code == 0
    before = [(router, router.text, router.device.startup()) for router in (hub, spoke)]
    run = site(hub, spoke, holdtime=90)
    assert run.code != 0, run.output
    for router, text, startup in before:
        is_as(router, text, startup)
        assert "configure revert now" in typed(router)
    assert "undone:    r1, r2" in run.output, run.output
    assert "kept" not in run.output.split("the rollout stopped")[1].split("again")[0]
    assert "r1 is lost in cloud blue, which was there before" in run.output, run.output
    assert "Traceback" not in run.output and PSK not in run.output


def test_a_router_whose_neighbour_in_the_wave_fails_is_undone(make: Make) -> None:
    """The hub takes no line; the spoke would be proven."""
    hub, spoke = make(), make(name="r2")
    for router in (hub, spoke):
        alive(router, hub)
    assert site(hub, spoke).code == 0
    before = [(router, router.text, router.device.startup()) for router in (hub, spoke)]
    hub.fault("invalid=^ip nhrp holdtime 90")
    run = site(hub, spoke, holdtime=90)
    hub.fault()
    assert run.code != 0, run.output
    for router, text, startup in before:
        is_as(router, text, startup)
    assert "undone:    r1, r2" in run.output, run.output


def test_a_killed_controller_leaves_nothing_behind(make: Make) -> None:
    """While the change waits; the router goes back by its timer, here within a minute."""
    hub, spoke = make(), make(name="r2", minute=5.0)
    killed: list[int] = []

    def kill(session: object, values: dict[str, str]) -> str:
        if spoke.device.archive.pending and not killed:
            killed.append(hub.pid)
            os.killpg(hub.pid, signal.SIGKILL)
        return ""

    alive(hub, hub)
    alive(spoke, hub)
    spoke.device.execs.add("show dmvpn detail", kill)
    before, startup = spoke.text, spoke.device.startup()
    run = site(hub, spoke)
    assert killed and run.code != 0, run.output
    until(lambda: spoke.text == before)
    is_as(spoke, before, startup)


def test_without_a_time_to_confirm_a_router_confirms_by_itself(make: Make) -> None:
    hub, spoke = make(), make(name="r2")
    run = site(hub, spoke, dmvpn_confirm_within=0)
    assert run.code == 0, run.output
    assert "show dmvpn detail" not in typed(spoke)
    assert spoke.device.startup() == spoke.text


def test_the_look_touches_nothing(make: Make) -> None:
    hub, spoke = make(), make(name="r2")
    before = spoke.text
    run = site(hub, spoke, "--check", "--diff")
    assert run.code == 0, run.output
    is_as(spoke, before, "")
    assert not any(line.startswith("configure") for line in typed(spoke))
