# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``playbooks/tasks/router.yml``, which puts a single branch on its router: proven before it is confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .conftest import CHECKOUT, PSK, Make, Router, Run
from .overlay import alive
from .test_wave import BROKEN, in_order, inventory
from .twin import Fake, Pair, state, twins, waits

PLAY = f"""\
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: mgre.dmvpn.render
      run_once: true
- hosts: all
  gather_facts: false
  any_errors_fatal: false
  vars_files: {CHECKOUT}/playbooks/vars/platform.yml
  tasks:
    - ansible.builtin.include_tasks: {CHECKOUT}/playbooks/tasks/router.yml
"""


@pytest.fixture(params=["cli", "candidate"])
def pair(request: pytest.FixtureRequest, make: Make) -> Iterator[Pair]:
    with ExitStack() as stack:
        if request.param == "cli":
            yield [make(), make(name="r2")], []
        else:
            yield twins(stack, make, request.param)


def put(hub: Router, spoke: Router, holdtime: int = 60, *flags: str) -> Run:
    return hub.play(PLAY, *flags, inventory=inventory(hub, spoke, holdtime))


def nothing_waits(routers: list[Router], fakes: list[Fake]) -> bool:
    if fakes:
        return not any(waits(router, fake) for router, fake in zip(routers, fakes, strict=True))
    return not any(router.device.archive.pending for router in routers)


def test_it_is_proven_before_it_is_confirmed_and_saved(pair: Pair) -> None:
    routers, fakes = pair
    hub, spoke = routers
    for router in routers:
        alive(router, hub)
    typed = in_order(spoke)
    looked = put(hub, spoke, 60, "--check")
    assert looked.code == 0 and not any(line.startswith("configure") for line in typed), looked.output
    run = put(hub, spoke)
    assert run.code == 0, run.output
    assert any(line.startswith("ping ") for line in typed), typed
    if "configure confirm" in typed:  # A commit is confirmed over NETCONF.
        assert max(at for at, line in enumerate(typed) if line.startswith("ping ")) < typed.index(
            "configure confirm"
        )
    assert nothing_waits(routers, fakes)
    assert spoke.device.startup() == spoke.text
    second = put(hub, spoke)
    assert second.code == 0 and second.stats["r2"]["changed"] == 0, second.output
    assert PSK not in run.output


def test_what_is_not_proven_is_undone_at_once(pair: Pair) -> None:
    routers, fakes = pair
    hub, spoke = routers
    alive(hub, hub)
    alive(spoke, hub, lambda running: BROKEN not in running)
    assert put(hub, spoke).code == 0
    before = state(spoke)
    run = put(hub, spoke, 90)
    assert run.code != 0, run.output
    assert "The change was undone: the router is as it was before" in run.output, run.output
    assert state(spoke) == before
    # Nobody waits for anybody here.
    assert BROKEN in hub.text and hub.device.startup() == hub.text
    assert nothing_waits(routers, fakes)
    assert "Traceback" not in run.output and PSK not in run.output
