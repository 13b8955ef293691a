# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A shortcut whose SA has gone is cleared on a spoke, so that the hub carries its traffic."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from nhrp_events_world import HUB, SPOKE, Play, World, identity

CLEAR = "clear ip nhrp shortcut"
CLEAR_ONE = "configure terminal"


async def until(commands: Path, wanted: int) -> list[str]:
    """The commands that nhrpd was given, once there are so many."""
    while len(lines := commands.read_text().splitlines()) < wanted:
        await asyncio.sleep(0.005)
    return lines


def test_cleared_once_when_the_last_sa_of_a_shortcut_goes(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(world: World) -> None:
        commands = world.nhrpd_cache(("nhs", "10.255.0.1", HUB), ("dynamic", "10.255.0.11", SPOKE))
        await world.charon.start()
        world.charon.up(HUB, identity("10.255.0.1"), "1")
        world.charon.up(SPOKE, identity("10.255.0.11"), "2")
        async with world.running():
            await world.nhrpd()
            assert CLEAR not in await until(commands, 1)
            world.charon.down("2")
            lines = await until(commands, 3)
            assert lines.count(CLEAR) == 1

    play(scenario)
    assert f"10.255.0.11 at {SPOKE}" in caplog.text


def test_kept_while_another_sa_to_the_peer_stands(play: Play) -> None:
    async def scenario(world: World) -> None:
        commands = world.nhrpd_cache(("dynamic", "10.255.0.11", SPOKE))
        await world.charon.start()
        world.charon.up(HUB, identity("10.255.0.1"), "1")
        world.charon.up(SPOKE, identity("10.255.0.11"), "2")
        world.charon.up(SPOKE, identity("10.255.0.11"), "3")
        async with world.running():
            await world.nhrpd()
            await until(commands, 1)
            world.charon.down("2")
            world.charon.down("1")  # the hub's: makes the daemon look
            assert CLEAR not in await until(commands, 2)

    play(scenario)


def test_cleared_when_charon_comes_back_without_its_sas(play: Play) -> None:
    async def scenario(world: World) -> None:
        commands = world.nhrpd_cache(("dynamic", "10.255.0.11", SPOKE))
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "2")
        async with world.running():
            await world.nhrpd()
            await until(commands, 1)
            world.charon.crash()
            await world.charon.start()
            assert CLEAR in await until(commands, 3)

    play(scenario)


def test_cleared_when_another_router_has_taken_over_the_address(play: Play) -> None:
    async def scenario(world: World) -> None:
        commands = world.nhrpd_cache(("dynamic", "10.255.0.11", SPOKE))
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.12", name="spoke2"), "2")
        async with world.running():
            await world.nhrpd()
            assert CLEAR in await until(commands, 2)

    play(scenario)


def test_a_hub_keeps_the_registrations_of_its_spokes(play: Play) -> None:
    async def scenario(world: World) -> None:
        commands = world.nhrpd_cache(("dynamic", "10.255.0.11", SPOKE))
        world.write_config(role="hub")
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "1")
        async with world.running() as daemon:
            nhrpd = await world.nhrpd()
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"
            for uid in ("1", "2", "3"):  # the second look begins when the first is over
                world.charon.down(uid)
                while daemon.sas.towards(SPOKE, None) or daemon._sweep.is_set():
                    await asyncio.sleep(0.005)
                world.charon.up(SPOKE, identity("10.255.0.11"), str(int(uid) + 1))
                assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"
            assert CLEAR not in commands.read_text() and CLEAR_ONE not in commands.read_text()

    play(scenario)


def test_a_hub_drops_a_registration_whose_sa_is_now_with_another_certificate(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(world: World) -> None:
        commands = world.nhrpd_cache(
            ("dynamic", "10.255.0.11", SPOKE), ("dynamic", "10.255.0.13", "198.51.100.13")
        )
        world.write_config(role="hub")
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.12", name="spoke2"), "1")
        async with world.running():
            await world.nhrpd()
            while CLEAR_ONE not in commands.read_text():
                await asyncio.sleep(0.005)
            assert CLEAR not in commands.read_text()

    play(scenario)
    assert f"10.255.0.11 at {SPOKE}" in caplog.text and "10.255.0.13" not in caplog.text


@pytest.mark.parametrize("script", ["#!/bin/sh\necho no JSON\n", "#!/bin/sh\nexit 2\n", None])
def test_without_an_answer_from_nhrpd_the_daemon_goes_on(
    play: Play, script: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(world: World) -> None:
        if script:
            world.vtysh.write_text(script)
            world.vtysh.chmod(0o755)
        await world.charon.start()
        async with world.running():
            nhrpd = await world.nhrpd()
            while "Did not look for bindings" not in caplog.text:
                await asyncio.sleep(0.005)
            world.charon.up(SPOKE, identity("10.255.0.11"), "1")
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"

    play(scenario)


def test_the_daemon_stops_also_when_nhrpd_answers_at_that_moment(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Vtysh:
        """Answers in the same turn of the loop in which the daemon is told to stop."""

        returncode = 0

        async def communicate(self) -> tuple[bytes, bytes]:
            await asyncio.sleep(0)
            asked.set()
            serving.cancel()
            return b'{"table": []}', b""

    async def vtysh(*_arguments: object, **_pipes: object) -> Vtysh:
        return Vtysh()

    asked = asyncio.Event()
    serving: asyncio.Task[None]

    async def scenario(world: World) -> None:
        nonlocal serving
        monkeypatch.setattr(asyncio, "create_subprocess_exec", vtysh)
        await world.charon.start()
        serving = asyncio.create_task(world.daemon().run())
        await world.nhrpd()
        await asked.wait()
        await asyncio.wait({serving}, timeout=5)
        assert serving.cancelled()

    play(scenario)


def test_a_hub_of_another_cloud_loses_the_dead_binding_and_no_registration(play: Play) -> None:
    async def scenario(world: World) -> None:
        commands = world.nhrpd_cache(("dynamic", "10.255.0.11", SPOKE))
        told = json.loads(world.config.read_text())
        told["interfaces"]["dmvpn20"] = {**told["interfaces"]["dmvpn10"], "role": "hub", "cloud": "green"}
        world.config.write_text(json.dumps(told))
        world.vtysh.write_text(world.vtysh.read_text().replace('echo "$4"', 'echo "$*"'))
        await world.charon.start()
        async with world.running():
            await world.nhrpd()
            lines = await until(commands, 2)
            line = f"ip nhrp map 10.255.0.11 {SPOKE}"
            assert lines[1].endswith(f"-c interface dmvpn10 -c {line} -c no {line}")
            assert CLEAR not in commands.read_text()

    play(scenario)
