# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One fleet for all tests that break it and see it come back."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from ansible_collections.mgre.dmvpn.tests.lab import Lab, load
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Labs of their own come first: the fleet stays up to the end, and takes processor time while it does."""
    items.sort(key=lambda item: "fleet" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The demo's fleet, rolled out once and green. Each test leaves it green.

    With MGRE_LAB that lab is used, and stays.
    """
    given = os.environ.get("MGRE_LAB")
    name = given or f"checks-{os.getpid()}"
    try:
        lab = Lab.up(load("fleet"), name)
        fleet = Fleet(lab, tmp_path_factory.mktemp("fleet"))
        lab.capture_start()
        fleet.site()
        fleet.wait_green()
        fleet.assert_clean_wans()
        yield fleet
    finally:
        if not given:
            Lab.remove(name)


@pytest.fixture
def clean_wans(fleet: Fleet) -> Iterator[None]:
    """Everything on every WAN is captured during the test, and none of it may be cleartext."""
    fleet.lab.capture_start()
    yield
    fleet.assert_clean_wans()
