# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The daemon on real unix sockets, between a charon and an nhrpd that speak their real protocols."""

from __future__ import annotations

import asyncio
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import nhrp_events
import pytest
from nhrp_events_socket import listen
from nhrp_events_world import HUB, NATTED, SPOKE, Play, World, child, identity, ike


def test_the_deadline_lies_below_the_ten_seconds_after_which_nhrpd_denies_by_itself() -> None:
    assert nhrp_events.DEADLINE < 10


def test_accepts_at_once_where_an_sa_stands(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "1")
        async with world.running():
            assert await (await world.nhrpd()).verdict("10.255.0.11", SPOKE) == "accept"
            assert world.knocked.empty()

    play(scenario)


def test_sends_gre_and_accepts_when_the_sa_comes(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        async with world.running():
            nhrpd = await world.nhrpd()
            asked = nhrpd.ask("10.255.0.11", SPOKE)
            assert await world.knocked.get() == SPOKE
            world.charon.up(HUB, identity("10.255.0.1"), "7")  # of another peer: no reason to accept
            assert await world.knocked.get() == SPOKE  # still waiting, and asks again
            world.charon.up(SPOKE, identity("10.255.0.11"), "8")
            assert await nhrpd.answer() == (asked, "accept")

    play(scenario)


def test_denies_before_the_deadline_where_no_sa_comes(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        async with world.running(deadline=0.2):
            assert await (await world.nhrpd()).verdict("10.255.0.11", SPOKE) == "deny"

    play(scenario)
    assert f"Denied 10.255.0.11 at {SPOKE} on dmvpn10: no ESP SA came up within" in caplog.text


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "INSTALLING"},
        {"spi-in": "00000000"},
        {"spi-out": "00000000"},
        {"mode": "TUNNEL"},
        {"protocol": "AH"},
        {"state": "DELETING"},
    ],
)
def test_what_is_not_yet_or_no_longer_an_esp_transport_sa_is_not_accepted(
    play: Play, changes: dict[str, str]
) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.sas["1"] = ike(SPOKE, identity("10.255.0.11"), "1", gre=child("1", **changes))
        async with world.running(deadline=0.1):
            assert await (await world.nhrpd()).verdict("10.255.0.11", SPOKE) == "deny"

    play(scenario)


def test_an_sa_of_another_wan_of_this_router_does_not_count(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "1")
        world.write_config(source="198.51.100.99")
        async with world.running(deadline=0.1):
            assert await (await world.nhrpd()).verdict("10.255.0.11", SPOKE) == "deny"

    play(scenario)


def test_with_a_dhcp_address_the_sa_must_end_where_nhrpd_says(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "1")
        world.write_config(source=None)
        async with world.running(deadline=0.1):
            assert await (await world.nhrpd()).verdict("10.255.0.11", SPOKE) == "accept"

    play(scenario)


def test_no_peer_may_claim_an_address_that_its_certificate_does_not_list(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11", "10.254.0.11"), "1")
        async with world.running():
            nhrpd = await world.nhrpd()
            assert await nhrpd.verdict("10.255.0.1", SPOKE) == "deny"
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"

    play(scenario)
    assert "whose OU does not list 10.255.0.1" in caplog.text


def test_one_fitting_identity_among_several_sas_is_enough(play: Play) -> None:
    """A peer has renewed its certificate: for a while the SAs of both stand."""

    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "1")
        world.charon.up(SPOKE, identity("10.255.0.11", "10.255.1.11"), "2")
        async with world.running():
            assert await (await world.nhrpd()).verdict("10.255.1.11", SPOKE) == "accept"

    play(scenario)


def test_without_the_identity_check_the_sa_is_enough(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, "spoke1.blue.mgre-dmvpn", "1")
        world.write_config(check_identity=False)
        async with world.running():
            assert await (await world.nhrpd()).verdict("10.255.0.11", SPOKE) == "accept"

    play(scenario)


@pytest.mark.parametrize(
    ("held", "answer"), [("10.255.0.11", "accept"), ("10.99.0.11", "deny"), ("Sales 7", "deny")]
)
def test_a_host_behind_a_peer_is_bound_when_the_peer_is_of_the_cloud(
    play: Play, held: str, answer: str
) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity(held), "1")
        async with world.running():
            assert await (await world.nhrpd()).verdict("10.11.0.5", SPOKE) == answer

    play(scenario)


def test_a_host_behind_a_peer_is_not_bound_without_an_sa(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        async with world.running():
            assert await (await world.nhrpd()).verdict("10.11.0.5", SPOKE) == "deny"

    play(scenario)


def test_a_tunnel_that_is_not_ours_keeps_what_nhrpd_does_by_itself(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.running():
            assert await (await world.nhrpd()).verdict("172.16.0.1", HUB, interface="gre7") == "accept"

    play(scenario)


def test_waits_for_charon_and_follows_it_through_a_restart(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.running():
            nhrpd = await world.nhrpd()
            asked = nhrpd.ask("10.255.0.11", NATTED)
            world.on_knock = lambda nbma: world.charon.up(nbma, identity("10.255.0.11"), "1")
            await world.charon.start()
            assert await nhrpd.answer() == (asked, "accept")

            world.charon.crash()
            world.on_knock = lambda nbma: world.charon.up(nbma, identity("10.255.0.12"), "2")
            asked = nhrpd.ask("10.255.0.12", SPOKE)
            await world.charon.start()
            assert await nhrpd.answer() == (asked, "accept")

    play(scenario)


def test_a_deny_says_that_charon_is_away(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(world: World) -> None:
        async with world.running(deadline=0.1):
            assert await (await world.nhrpd()).verdict("10.255.0.11", SPOKE) == "deny"

    play(scenario)
    assert "charon did not answer" in caplog.text


def test_a_charon_that_talks_rubbish_is_left_and_tried_again(play: Play) -> None:
    async def scenario(world: World) -> None:
        async def rubbish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            spoken.set()

        spoken = asyncio.Event()
        server = await asyncio.start_unix_server(rubbish, world.charon.path)
        async with world.running():
            nhrpd = await world.nhrpd()
            asked = nhrpd.ask("10.255.0.11", SPOKE)
            await spoken.wait()
            server.close()
            world.charon.path.unlink(missing_ok=True)
            await world.charon.start()
            world.charon.up(SPOKE, identity("10.255.0.11"), "1")
            assert await nhrpd.answer() == (asked, "accept")

    play(scenario)


@pytest.mark.parametrize(
    ("remote", "nbma", "event"),
    [
        ("10.255.0.11", "", "authorize-binding"),
        ("fd00::1", SPOKE, "authorize-binding"),
        ("10.255.0.11", "0.0.0.0", "authorize-binding"),
        ("10.255.0.11", SPOKE, "peer-up"),
    ],
)
def test_a_question_that_makes_no_sense_is_denied(play: Play, remote: str, nbma: str, event: str) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "1")
        async with world.running():
            assert await (await world.nhrpd()).verdict(remote, nbma, event=event) == "deny"

    play(scenario)


def test_a_peers_words_cannot_forge_lines_of_the_journal() -> None:
    record = nhrp_events._record("n", 30, "f", 1, "Denied: %s", ("a\n<3>forged\x1b[2J",), None)
    assert record.getMessage() == "Denied: a?<3>forged?[2J"


def test_a_stale_socket_file_is_replaced_and_only_its_group_may_connect(
    play: Play,
) -> None:
    async def scenario(world: World) -> None:
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(world.socket))
        stale.close()
        async with world.running():
            await world.nhrpd()
            assert stat.filemode(world.socket.stat().st_mode) == "srw-rw----"

    play(scenario)


# Becomes the program behind its first argument, which gets that descriptor as systemd would hand it over.
PASS_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Program:
    """The daemon as systemd runs it."""

    def __init__(self, world: World, kept: socket.socket | None = None) -> None:
        program = str(Path(nhrp_events.__file__))
        command = [
            sys.executable,
            "-I",
            program,
            "--config",
            str(world.config),
            "--vici",
            str(world.charon.path),
        ]
        if kept is not None:
            command = [sys.executable, "-c", PASS_ON, str(kept.fileno()), *command]
        self.process = subprocess.Popen(
            command, pass_fds=[kept.fileno()] if kept else [], stderr=subprocess.PIPE, text=True
        )

    def stop(self) -> str:
        """Ends it as ``systemctl stop`` does; what it wrote."""
        self.process.send_signal(signal.SIGTERM)
        _out, written = self.process.communicate(timeout=10)
        assert self.process.returncode == 0, written
        return written


def test_stops_at_once_while_nhrpd_is_connected(play: Play) -> None:
    async def scenario(world: World) -> None:
        program = Program(world)
        nhrpd = await world.nhrpd()
        assert await nhrpd.verdict("172.16.0.1", HUB, interface="gre7") == "accept"
        written = await asyncio.to_thread(program.stop)
        assert "Accepted 172.16.0.1" in written and "Traceback" not in written
        assert world.socket.exists()  # systemd keeps it open for the next run

    play(scenario)


def test_a_restart_goes_on_with_the_socket_that_systemd_kept(play: Play) -> None:
    async def scenario(world: World) -> None:
        with socket.socket(socket.AF_UNIX) as kept:
            kept.bind(str(world.socket))
            kept.listen()
            waiting = await world.nhrpd()  # connects while no daemon runs
            asked = waiting.ask("172.16.0.1", HUB, interface="gre7")
            program = Program(world, kept)
            assert await waiting.answer() == (asked, "accept")
            await asyncio.to_thread(program.stop)

    play(scenario)


def test_a_configuration_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.config.unlink()
    program = Program(world)
    _out, written = program.process.communicate(timeout=10)
    assert program.process.returncode == 1
    assert written == f"{world.config}: No such file or directory; the linux role writes this file\n"


def test_what_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(FileExistsError, match="it is no socket"):
        listen(str(path))
    assert path.read_text() == "data"


def test_an_interface_that_came_with_a_new_configuration_is_known_without_a_reload(
    play: Play,
) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "1")
        async with world.running():
            nhrpd = await world.nhrpd()
            world.config.write_text(world.config.read_text().replace('"dmvpn10"', '"dmvpn20"'))
            assert await nhrpd.verdict("10.255.0.99", SPOKE, interface="dmvpn20") == "deny"

    play(scenario)


def test_a_bad_new_configuration_leaves_the_old_one_in_force(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(world: World) -> None:
        async with world.running() as daemon:
            before = daemon.config
            world.config.write_text("{")
            daemon.reload()
            assert daemon.config is before

    play(scenario)
    assert "Kept the old configuration." in caplog.text
