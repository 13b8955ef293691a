# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The daemon's files lie side by side on a router, outside of any package: here they are imported so too."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "roles/linux/files"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import nhrp_events
from nhrp_events_world import Play, World


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Runs a scenario in a fresh world, for at most 20 s, with the daemon's pauses shortened."""
    for name in ("RECONNECT_AFTER", "SWEEP_EVERY", "KNOCK_EVERY", "BFD_EVERY"):
        monkeypatch.setattr(nhrp_events, name, 0.02)

    def run(scenario: Callable[[World], Awaitable[None]]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(20):
                await scenario(World(tmp_path))

        asyncio.run(bounded())

    return run
