# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A wave of ``playbooks/site.yml`` of Cisco routers that are changed over NETCONF: as over the CLI."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from .conftest import PSK, Make, Router
from .overlay import alive
from .test_failures import until
from .test_wave import BROKEN, in_order, site, typed
from .twin import Fake, Pair, state, twins, waits

Ways = Callable[..., Pair]
BOTH = pytest.mark.parametrize("way", ["candidate", "checkpoint"])


@pytest.fixture
def pair(make: Make) -> Iterator[Ways]:
    with ExitStack() as stack:
        yield partial(twins, stack, make)


def is_as(router: Router, fake: Fake, before: tuple[str, str]) -> None:
    assert state(router) == before
    assert not waits(router, fake)
    assert router.device.crashes == []


@BOTH
def test_a_wave_is_confirmed_and_saved_after_its_proof(pair: Ways, way: str) -> None:
    routers, fakes = pair(way)
    for router in routers:
        alive(router, routers[0])
    everything = in_order(*routers)
    for fake in fakes:
        ask = fake._done

        def noted(request: Any, number: int, ask: Callable[..., str] = ask) -> str:
            children = {child.tag.rpartition("}")[2] for child in request}
            name = request.tag.rpartition("}")[2]
            everything.append("netconf confirm" if children == {"persist-id"} else f"netconf {name}")
            return ask(request, number)

        fake._done = noted  # type: ignore[method-assign]
    first = site(*routers)
    assert first.code == 0, first.output
    for router, fake in zip(routers, fakes, strict=True):
        assert not waits(router, fake)
        assert router.device.startup() == router.text
        assert " ip nhrp network-id 10" in router.text
        assert not any(line.startswith("configure terminal") for line in typed(router))
    # Nobody is confirmed before the last of the wave is proven, with packets; nothing is saved before that.
    proofs = [at for at, what in enumerate(everything) if what.startswith(("show dmvpn", "ping "))]
    end = "netconf confirm" if way == "candidate" else "configure confirm"
    save = "netconf save-config" if way == "candidate" else "write memory"
    assert any(what.startswith("ping ") for what in everything)
    assert max(proofs) < everything.index(end) < everything.index(save)
    assert everything.count(end) == everything.count(save) == 2
    assert PSK not in first.output
    second = site(*routers)
    assert second.code == 0, second.output
    assert {name: stats["changed"] for name, stats in second.stats.items()} == {"r1": 0, "r2": 0}


@BOTH
def test_a_wave_that_is_not_proven_is_undone_whole(pair: Ways, way: str) -> None:
    routers, fakes = pair(way)
    hub, spoke = routers
    alive(hub, hub)
    alive(spoke, hub, lambda running: BROKEN not in running)
    assert site(*routers).code == 0
    before = [state(router) for router in routers]
    run = site(*routers, holdtime=90)
    assert run.code != 0, run.output
    for router, fake, was in zip(routers, fakes, before, strict=True):
        is_as(router, fake, was)
    assert "undone:    r1, r2" in run.output, run.output
    assert "kept" not in run.output.split("the rollout stopped")[1].split("again")[0]
    assert "r1 is lost in cloud blue, which was there before" in run.output, run.output
    assert "Traceback" not in run.output and PSK not in run.output


@BOTH
def test_a_killed_controller_leaves_nothing_behind(pair: Ways, way: str) -> None:
    """While the change waits. A run that comes before the router has undone it leaves the router alone."""
    quick = {"second": 0.15} if way == "candidate" else {}
    routers, fakes = pair(way, dict(quick), dict(quick), **({} if quick else {"minute": 9.0}))
    hub, spoke = routers
    killed: list[int] = []

    def kill(session: object, values: dict[str, str]) -> str:
        if waits(spoke, fakes[1]) and not killed:
            killed.append(hub.pid)
            os.killpg(hub.pid, signal.SIGKILL)
        return ""

    alive(hub, hub)
    alive(spoke, hub)
    spoke.device.execs.add("show dmvpn detail", kill)
    before = state(spoke)
    run = site(*routers)
    assert killed and run.code != 0, run.output
    assert waits(spoke, fakes[1])
    again = site(*routers, "--check")
    assert again.code != 0 and "waits for its confirmation" in again.output, again.output
    until(lambda: spoke.text == before[0])
    is_as(spoke, fakes[1], before)


def test_a_router_whose_commits_end_with_their_session_is_kept(pair: Ways) -> None:
    """It confirms by itself; when its wave is undone, the report says what became of it."""
    routers, fakes = pair("candidate", {"faults": ["one_session"]}, {})
    hub, spoke = routers
    alive(hub, hub)
    alive(spoke, hub, lambda running: BROKEN not in running)
    assert site(*routers).code == 0
    before = state(spoke)
    run = site(*routers, holdtime=90)
    assert run.code != 0, run.output
    is_as(spoke, fakes[1], before)
    assert "kept:      r1" in run.output and "undone:    r2" in run.output, run.output
    assert BROKEN in hub.text and hub.device.startup() == hub.text
