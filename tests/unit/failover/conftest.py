# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cisco routers in memory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from stand_in import StandIn

Make = Callable[..., StandIn]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes routers on one event loop."""
    loop = asyncio.new_event_loop()
    made: list[StandIn] = []

    def build(**options: Any) -> StandIn:
        made.append(StandIn(loop, **options))
        return made[-1]

    yield build
    for one in made:
        one.device.close()
    loop.close()


@pytest.fixture
def hub(make: Make) -> StandIn:
    return make()
