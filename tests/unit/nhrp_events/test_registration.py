# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A spoke registers at once with an NHS that it has an SA with, and with no other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import nhrp_events_registration
import pytest
from nhrp_events_world import HUB, SPOKE, Play, World, identity

NHS = "10.255.0.1"
AGAIN = (
    f"-d nhrpd -c configure terminal -c interface dmvpn10 -c no ip nhrp nhs {NHS} nbma {HUB} "
    f"-c ip nhrp nhs {NHS} nbma {HUB}"
)
REGISTERED, ELSEWHERE = ("nhs", NHS, HUB), ("dynamic", "10.255.0.11", SPOKE)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(nhrp_events_registration, "EVERY", (0.01, 0.02))
    monkeypatch.setattr(nhrp_events_registration, "SA_WITHIN", 0.2)
    yield


def cache(world: World, *rows: tuple[str, str, str]) -> Path:
    """A vtysh that notes all of each command."""
    commands = world.nhrpd_cache(*rows)
    world.vtysh.write_text(world.vtysh.read_text().replace('echo "$4"', 'echo "$*"'))
    return commands


async def looks(commands: Path, wanted: int) -> list[str]:
    """What nhrpd was told, once it was asked for its cache so many times."""
    while commands.read_text().count("show ip nhrp cache") < wanted:
        await asyncio.sleep(0.005)
    return [line for line in commands.read_text().splitlines() if "configure" in line]


def test_registers_where_an_sa_stands(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def scenario(world: World) -> None:
        world.write_config(nhs={NHS: HUB})
        commands = cache(world, ELSEWHERE)
        await world.charon.start()
        world.charon.up(HUB, identity(NHS), "1")
        async with world.running():
            await world.nhrpd()
            while AGAIN not in commands.read_text():
                await asyncio.sleep(0.005)
            # It still is not registered; nhrpd tries often enough now.
            asked = commands.read_text().count("show ip nhrp cache")
            assert await looks(commands, asked + 4) == [AGAIN]

    play(scenario)
    assert f"Registers again with {NHS} at {HUB} on dmvpn10" in caplog.text


def test_asks_for_an_sa_and_registers_when_it_comes(play: Play) -> None:
    async def scenario(world: World) -> None:
        world.write_config(nhs={NHS: HUB})
        commands = cache(world, ELSEWHERE)
        await world.charon.start()
        async with world.running():
            await world.nhrpd()
            assert await world.knocked.get() == HUB
            assert await looks(commands, 1) == []
            world.charon.up(HUB, identity(NHS), "1")
            while AGAIN not in commands.read_text():
                await asyncio.sleep(0.005)

    play(scenario)


@pytest.mark.parametrize(
    ("rows", "behind"),
    [((REGISTERED,), NHS), ((ELSEWHERE,), "10.255.0.99"), ((ELSEWHERE,), None)],
    ids=["registered", "the SA is somebody else's", "no SA"],
)
def test_leaves_nhrpd_alone(play: Play, rows: tuple[tuple[str, str, str], ...], behind: str | None) -> None:
    async def scenario(world: World) -> None:
        world.write_config(nhs={NHS: HUB})
        commands = cache(world, *rows)
        await world.charon.start()
        if behind:
            world.charon.up(HUB, identity(behind), "1")
        async with world.running():
            await world.nhrpd()
            assert await looks(commands, 4) == []

    play(scenario)


def test_a_hub_registers_with_nobody(play: Play) -> None:
    async def scenario(world: World) -> None:
        world.write_config(role="hub", hubs={NHS: HUB})
        commands = cache(world)
        await world.charon.start()
        world.charon.up(HUB, identity(NHS), "1")
        async with world.running():
            await world.nhrpd()
            await asyncio.sleep(0.1)
            assert "configure" not in commands.read_text()

    play(scenario)
