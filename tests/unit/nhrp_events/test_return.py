# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hub whose bgpd has just begun accepts spokes once another hub has told its routes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import nhrp_events_return
import pytest
from nhrp_events_config import ConfigError, read_config
from nhrp_events_world import HUB, SPOKE, Nhrpd, Play, World, identity

OTHER = "10.255.0.2"
VTYSH = """\
{interpreter}
import pathlib, sys
here = pathlib.Path({directory!r})
if sys.argv[4].startswith("show bgp"):
    with (here / "asked").open("a") as log:
        log.write(sys.argv[4] + "\\n")
    print((here / "neighbor.json").read_text())
else:
    print('{{"table": []}}')
"""


class Hub(World):
    """One that has another hub beside it; two spokes and that hub have SAs with it."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch, age: float = 0) -> None:
        super().__init__(directory)
        self.write_config(role="hub", hubs={OTHER: HUB})
        self.vtysh.write_text(VTYSH.format(interpreter=f"#!{sys.executable} -I", directory=str(directory)))
        self.vtysh.chmod(0o755)
        self.pid = directory / "bgpd.pid"
        self.pid.write_text("1")
        began = time.time() - age
        os.utime(self.pid, (began, began))
        monkeypatch.setattr(nhrp_events_return, "PID_FILE", str(self.pid))
        monkeypatch.setattr(nhrp_events_return, "ASK_EVERY", 0.02)
        self.neighbor("Connect", 0)

    def neighbor(self, state: str, prefixes: int) -> None:
        """What bgpd knows of the other hub."""
        family = {"ipv4Unicast": {"acceptedPrefixCounter": prefixes}}
        told = {OTHER: {"bgpState": state, "addressFamilyInfo": family}}
        draft = self.directory / "neighbor.tmp"
        draft.write_text(json.dumps(told))
        draft.rename(self.directory / "neighbor.json")

    async def ready(self) -> Nhrpd:
        await self.charon.start()
        self.charon.up(SPOKE, identity("10.255.0.11", "10.255.0.12"), "1")
        self.charon.up(HUB, identity(OTHER, name="hub2"), "2")
        return await self.nhrpd()

    def asked(self) -> int:
        log = self.directory / "asked"
        return log.read_text().count("\n") if log.exists() else 0


async def silent(nhrpd: Nhrpd, seconds: float = 0.3) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await nhrpd.reader.read(1)


def test_spokes_wait_for_the_routes_of_another_hub_and_hubs_do_not(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(world: World) -> None:
        hub = Hub(world.directory, monkeypatch)
        async with hub.running():
            nhrpd = await hub.ready()
            asked = {nhrpd.ask("10.255.0.11", SPOKE), nhrpd.ask("10.255.0.12", SPOKE)}
            other = nhrpd.ask(OTHER, HUB)
            assert await nhrpd.answer() == (other, "accept")
            await silent(nhrpd)
            hub.neighbor("Established", 0)
            await silent(nhrpd)
            hub.neighbor("Established", 3)
            assert {await nhrpd.answer(), await nhrpd.answer()} == {(one, "accept") for one in asked}
            before = hub.asked()
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"
            assert hub.asked() == before

    play(scenario)


def test_spokes_are_denied_while_the_other_hub_is_alive_and_silent(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(world: World) -> None:
        hub = Hub(world.directory, monkeypatch)
        monkeypatch.setattr(nhrp_events_return, "SILENCE", 0.1)
        async with hub.running(deadline=0.3):
            nhrpd = await hub.ready()
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "deny"
            hub.neighbor("Established", 3)
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"

    play(scenario)
    assert "this hub has just come back, and lacks the routes of the other hubs" in caplog.text


def test_nobody_waits_for_a_hub_without_an_sa(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(world: World) -> None:
        hub = Hub(world.directory, monkeypatch)
        monkeypatch.setattr(nhrp_events_return, "SILENCE", 0.4)
        async with hub.running():
            nhrpd = await hub.ready()
            hub.charon.down("2")
            begun = time.monotonic()
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"
            assert time.monotonic() - begun > 0.3

    play(scenario)
    assert f"None of {OTHER} has told its routes: spokes wait no longer." in caplog.text


def test_nobody_waits_for_ever(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(world: World) -> None:
        hub = Hub(world.directory, monkeypatch)
        monkeypatch.setattr(nhrp_events_return, "LONGEST", 0.4)
        async with hub.running():
            assert await (await hub.ready()).verdict("10.255.0.11", SPOKE) == "accept"

    play(scenario)


@pytest.mark.parametrize("age", [90, -90])
def test_a_bgpd_that_has_run_for_a_while_is_not_asked(
    play: Play, monkeypatch: pytest.MonkeyPatch, age: float
) -> None:
    """Nor one that seems to begin in the future: the clock was set since."""

    async def scenario(world: World) -> None:
        hub = Hub(world.directory, monkeypatch, age)
        async with hub.running():
            assert await (await hub.ready()).verdict("10.255.0.11", SPOKE) == "accept"
            assert hub.asked() == 0

    play(scenario)


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write_config(role="hub", hubs={OTHER: "hub2"})
    with pytest.raises(ConfigError, match="hubs: write a table of tunnel addresses and NBMA addresses"):
        read_config(world.config)
