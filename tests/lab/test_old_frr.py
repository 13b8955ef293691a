# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Debian 12 spoke (FRR 8.4) of a Debian 13 hub has its routes again after its line failed. Needs root."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from ansible_collections.mgre.dmvpn.tests.lab import Lab
from ansible_collections.mgre.dmvpn.tests.lab.fleet import until
from ansible_collections.mgre.dmvpn.tests.lab.routers import TOPOLOGY, Routers
from ansible_collections.mgre.dmvpn.tests.lab.topology import parse

pytestmark = pytest.mark.lab

STEADY = 10  # seconds; a session that BFD ended each time lived for less than one


@pytest.fixture(scope="module")
def routers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routers]:
    lab = Lab.up(parse(TOPOLOGY, "test_old_frr"), f"old-frr-{os.getpid()}")
    try:
        routers = Routers(lab, tmp_path_factory.mktemp("old-frr"))
        routers.site()
        routers.wait_up()
        yield routers
    finally:
        lab.down()


def test_bgp_is_up_again_after_a_cut_and_stays(routers: Routers) -> None:
    """ADR 6: with BFD it would be up for a moment every second, for good."""
    routers.lab.cut("spoke1")
    try:
        until(lambda: not routers.neighbor(), "the hub misses its spoke")
    finally:
        routers.lab.restore("spoke1")
    until(
        lambda: routers.neighbor().get("bgpTimerUpMsec", 0) >= STEADY * 1000,
        f"BGP has been up for {STEADY} s",
        seconds=120,
    )
    routers.wait_up()
