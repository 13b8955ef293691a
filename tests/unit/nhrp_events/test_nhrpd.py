# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""nhrpd's connections: many questions at once, whatever bytes come, and one that breaks and comes back."""

from __future__ import annotations

import pytest
from nhrp_events_world import HUB, OWN, SPOKE, Nhrpd, Play, World, identity


def test_two_hundred_questions_at_once_do_not_wait_for_each_other(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        async with world.running():
            nhrpd = await world.nhrpd()
            stuck = nhrpd.ask("10.255.3.254", HUB)  # its SA never comes
            peers = {
                nhrpd.ask(f"10.255.1.{number}", f"203.0.113.{number}"): number for number in range(2, 202)
            }
            for _count in range(len(peers) + 1):
                await world.knocked.get()
            for number in reversed(peers.values()):
                world.charon.up(f"203.0.113.{number}", identity(f"10.255.1.{number}"), str(number))
            answers = dict([await nhrpd.answer() for _peer in peers])
            assert answers == dict.fromkeys(peers, "accept")
            assert stuck not in answers

    play(scenario)


def test_a_question_repeated_for_the_same_address_is_answered_once(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        async with world.running():
            nhrpd = await world.nhrpd()
            nhrpd.ask("10.255.0.11", SPOKE)
            await world.knocked.get()
            again = nhrpd.ask("10.255.0.11", SPOKE)
            await world.knocked.get()
            world.charon.up(SPOKE, identity("10.255.0.11"), "1")
            assert await nhrpd.answer() == (again, "accept")
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"  # nothing else was in between

    play(scenario)


MALFORMED = {
    "nothing": b"\n\n\n\n",
    "no id": b"event=authorize-binding\n\n",
    "an id that is no number": b"eventid=seven\nevent=authorize-binding\n\n",
    "an id beyond 32 bits": b"eventid=4294967296\nevent=authorize-binding\n\n",
    "an id of exotic digits": "eventid=\u0661\n\n".encode(),
    "bytes that are no text": bytes(range(256)) + b"\n\n",
    "a huge line": b"eventid=1\nremote_cert=" + b"a" * 300_000 + b"\n\n",
    "many lines": b"x=y\n" * 50_000 + b"\n",
    "a huge line and more of the same event": b"cert=" + b"a" * 300_000 + b"\neventid=99\nevent=x\n\n",
}


@pytest.mark.parametrize("rubbish", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_input_is_passed_over_and_what_follows_is_answered(play: Play, rubbish: bytes) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "1")
        async with world.running():
            nhrpd = await world.nhrpd()
            nhrpd.writer.write(rubbish)
            assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"

    play(scenario)


def test_answers_a_message_that_comes_byte_by_byte(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        world.charon.up(SPOKE, identity("10.255.0.11"), "1")
        async with world.running():
            nhrpd = await world.nhrpd()
            message = (
                f"eventid=9\nevent=authorize-binding\ninterface=dmvpn10\nremote_addr=10.255.0.11\n"
                f"remote_nbma={SPOKE}\nlocal_nbma={OWN}\n\n"
            )
            for byte in message.encode():
                nhrpd.writer.write(bytes((byte,)))
                await nhrpd.writer.drain()
            assert await nhrpd.answer() == (9, "accept")

    play(scenario)


def test_nhrpd_may_come_back_and_two_may_be_connected(play: Play) -> None:
    async def scenario(world: World) -> None:
        await world.charon.start()
        async with world.running():
            first = await world.nhrpd()
            first.ask("10.255.0.11", SPOKE)
            await world.knocked.get()
            first.writer.transport.abort()  # in the middle of a question
            world.charon.up(SPOKE, identity("10.255.0.11"), "1")
            both: list[Nhrpd] = [await world.nhrpd(), await world.nhrpd()]
            for nhrpd in both:
                assert await nhrpd.verdict("10.255.0.11", SPOKE) == "accept"

    play(scenario)
