# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hub begins BFD with every spoke that registers, and knows its own sessions from those of others."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import nhrp_events_bfd
import pytest
from nhrp_events_bfd import Session, entered, session
from nhrp_events_config import Bfd, ConfigError, read_config
from nhrp_events_world import SPOKE, Play, World, identity

BFD = {"local": "10.255.0.1", "multihop": True, "profile": "MGRE-blue"}
BFDD = """\
{interpreter}
import json, pathlib, sys
here = pathlib.Path({directory!r})
daemon, commands = sys.argv[2], sys.argv[4::2]
with (here / "commands").open("a") as log:
    log.write(f"{{daemon}}: {{' / '.join(commands)}}\\n")
if daemon == "nhrpd":
    print(json.dumps({{"table": json.loads((here / "cache.json").read_text())}}))
    sys.exit(0)
state = here / "bfdd"
if not state.exists():
    sys.exit(2)
peers = json.loads(state.read_text())
peer = ""
for command in commands:
    words = command.removeprefix("no ").removeprefix("peer ")
    if command.startswith("no peer "):
        del peers[words]
    elif command.startswith("peer "):
        peer = words
        peers.setdefault(peer, "")
    elif command.startswith("profile "):
        peers[peer] = command.split()[1]
state.write_text(json.dumps(peers))
if commands == ["show running-config"]:
    print("Current configuration:\\n!\\nbfd\\n profile MGRE-blue\\n exit\\n !")
    for words, profile in peers.items():
        print(f" peer {{words}}\\n" + (f"  profile {{profile}}\\n" if profile else "") + " exit\\n !")
    print("exit\\n!\\nend")
"""


class Router(World):
    """A hub whose bfdd holds sessions."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.write_config(role="hub", bfd=BFD)
        script = BFDD.format(interpreter=f"#!{sys.executable} -I", directory=str(directory))
        self.vtysh.write_text(script)
        self.vtysh.chmod(0o755)
        self.bfdd = directory / "bfdd"
        self.cache("10.255.0.12")

    def cache(self, *overlays: str) -> None:
        rows = ", ".join(
            f'{{"interface": "dmvpn10", "type": "dynamic", "protocol": "{one}", "nbma": "{SPOKE}"}}'
            for one in overlays
        )
        (self.directory / "cache.json").write_text(f"[{rows}]")

    async def until(self, *peers: str) -> None:
        """bfdd has sessions with exactly these."""
        while {one.split()[0] for one in self.sessions()} != set(peers):
            await asyncio.sleep(0.01)

    def sessions(self) -> list[str]:
        held = self.bfdd.read_text() if self.bfdd.exists() else "{}"
        return [part for part in held.split('"')[1::4] if part]


def test_a_spoke_that_registers_gets_a_session_and_so_does_one_from_before(play: Play) -> None:
    async def scenario(world: World) -> None:
        hub = Router(world.directory)
        hub.bfdd.write_text("{}")
        await hub.charon.start()
        hub.charon.up(SPOKE, identity("10.255.0.11"), "1")
        async with hub.running():
            nhrpd = await hub.nhrpd()
            await hub.until("10.255.0.12")
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"
            await hub.until("10.255.0.11", "10.255.0.12")
            assert "10.255.0.11 multihop local-address 10.255.0.1" in hub.sessions()

    play(scenario)


def test_sessions_come_back_after_bfdd_has_and_those_of_others_stay(play: Play) -> None:
    async def scenario(world: World) -> None:
        hub = Router(world.directory)
        await hub.charon.start()
        async with hub.running():
            await hub.nhrpd()
            hub.bfdd.write_text('{"192.0.2.9": "", "192.0.2.8 local-address 192.0.2.1": "OTHER"}')
            await hub.until("10.255.0.12", "192.0.2.9", "192.0.2.8")

    play(scenario)


def test_the_session_of_a_spoke_that_is_long_gone_ends(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(world: World) -> None:
        hub = Router(world.directory)
        hub.bfdd.write_text("{}")
        await hub.charon.start()
        async with hub.running():
            await hub.nhrpd()
            await hub.until("10.255.0.12")
            hub.cache()
            await asyncio.sleep(0.2)
            assert hub.sessions()
            monkeypatch.setattr(nhrp_events_bfd, "KEEP", 0.1)
            await hub.until()

    play(scenario)


def test_sessions_of_another_kind_end_at_once(play: Play) -> None:
    async def scenario(world: World) -> None:
        hub = Router(world.directory)
        hub.bfdd.write_text('{"10.255.0.12 local-address 10.255.0.1": "MGRE-blue"}')
        await hub.charon.start()
        async with hub.running():
            await hub.nhrpd()
            while hub.sessions() != ["10.255.0.12 multihop local-address 10.255.0.1"]:
                await asyncio.sleep(0.01)

    play(scenario)


def test_the_running_configuration_tells_ours_by_their_profile() -> None:
    running = (
        "bfd\n profile MGRE-blue\n exit\n !\n"
        " peer 10.255.0.11 multihop local-address 10.255.0.1 vrf default\n  profile MGRE-blue\n exit\n !\n"
        " peer 192.0.2.9\n  profile theirs\n exit\n !\n peer 192.0.2.8\n exit\n !\nexit\n"
    )
    ours = session(Bfd("10.255.0.1", True, "MGRE-blue"), "10.255.0.11")
    assert entered(running) == {ours}
    assert ours == Session("10.255.0.11 multihop local-address 10.255.0.1", "MGRE-blue")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {**BFD, "local": "hub"},
        {**BFD, "multihop": 1},
        {**BFD, "profile": "a b"},
        {**BFD, "profile": "x\nexit"},
        [],
    ],
)
def test_sessions_that_cannot_be_are_refused(tmp_path: Path, wrong: object) -> None:
    world = World(tmp_path)
    world.write_config(role="hub", bfd=wrong)
    with pytest.raises(ConfigError, match="bfd: write null, or"):
        read_config(world.config)


def test_after_a_reload_only_those_that_are_registered_have_a_session(play: Play) -> None:
    async def scenario(world: World) -> None:
        hub = Router(world.directory)
        hub.cache("10.255.0.11", "10.255.0.12")
        hub.bfdd.write_text("{}")
        await hub.charon.start()
        async with hub.running() as daemon:
            await hub.nhrpd()
            await hub.until("10.255.0.11", "10.255.0.12")
            hub.cache("10.255.0.12")
            daemon.reload()
            await hub.until("10.255.0.12")

    play(scenario)
