# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole transaction on the lab's IOS device, in memory: a strict grammar takes every line of ours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.transaction import apply
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.wish import Wish
from ansible_collections.mgre.dmvpn.tests.lab.ios import Device, Options
from ansible_collections.mgre.dmvpn.tests.lab.ios.session import Session
from ansible_collections.mgre.dmvpn.tests.lab.ios.terminal import Terminal

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "golden" / "render" / "bundles"
CONFIGS = {
    path.stem if path.parent == HERE / "configs" else "/".join(path.parts[-3:-1]): path.read_text()
    for path in sorted([*(HERE / "configs").glob("*.ios"), *GOLDEN.glob("*/*/config.ios")])
}
RELEASES = ("15.5", "15.9", "16.9", "17.15")
BASE = """\
version {release}
hostname r1
archive
 path flash:before
{vrfs}
{trustpoints}
{interfaces}
interface Tunnel99
 description to a partner
 ip address 192.168.99.1 255.255.255.252
 tunnel source GigabitEthernet1
 tunnel destination 192.0.2.99
{more}
"""


class Keys:
    """Where the device prints to."""

    def __init__(self) -> None:
        self.screen = bytearray()

    async def receive(self) -> bytes:
        return b""

    def send(self, data: bytes) -> None:
        self.screen.extend(data)


class Memory:
    """A session without SSH."""

    def __init__(self, device: Device, loop: asyncio.AbstractEventLoop) -> None:
        self.device, self.loop = device, loop
        self.renew()

    def renew(self) -> None:
        self.keys = Keys()
        self.session = Session(self.device, Terminal(self.keys), "admin", 15)
        self.session.terminal.length = 0

    def send(self, line: str) -> str:
        self.keys.screen.clear()
        self.loop.run_until_complete(asyncio.wait_for(self.session.execute(line), 20))
        return self.keys.screen.decode().replace("\r\n", "\n")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def boot(loop: asyncio.AbstractEventLoop, release: str, *configs: str, more: str = "") -> Memory:
    """A device with what these configurations refer to and do not bring along."""
    text = "".join(configs)
    interfaces = sorted({"GigabitEthernet1", *re.findall(r"^ tunnel source (\S+)", text, re.MULTILINE)})
    vrfs = sorted(set(re.findall(r"^ (?:tunnel vrf|match fvrf) (?!any$)(\S+)", text, re.MULTILINE)))
    trustpoints = sorted(set(re.findall(r"^ pki trustpoint (\S+)", text, re.MULTILINE)))
    startup = BASE.format(
        release=release,
        vrfs="\n".join(f"vrf definition {name}\n address-family ipv4\n exit-address-family" for name in vrfs),
        trustpoints="\n".join(f"crypto pki trustpoint {name}\n enrollment terminal" for name in trustpoints),
        interfaces="\n".join(f"interface {name}\n no ip address" for name in interfaces),
        more=more,
    )
    options = Options(
        hostname="r1",
        release=release,
        startup=startup,
        interfaces=tuple(sorted({name.split(".")[0] for name in interfaces})),
        certificates={name: "r1" for name in trustpoints},
    )

    async def made() -> Device:
        device = Device(options)
        device.loop = asyncio.get_running_loop()
        return device

    return Memory(loop.run_until_complete(made()), loop)


def wish(config: str) -> Wish:
    secrets = {name: "a-secret-of-many-letters" for name in re.findall(r"@@secret:(psk/[^@]+)@@", config)}
    secrets |= {name: "nhrp2718" for name in re.findall(r"@@secret:(nhrp/[^@]+)@@", config)}
    return Wish(intended=config, secrets=secrets)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_applied_then_nothing_to_do_then_taken_away(
    loop: asyncio.AbstractEventLoop, name: str, release: str
) -> None:
    cli = boot(loop, release, CONFIGS[name])
    before = cli.device.text()
    assert apply(cli, wish(CONFIGS[name])).changed
    after = cli.device.text()
    assert not set(before.splitlines()) - set(after.splitlines())
    assert not apply(cli, wish(CONFIGS[name])).changed
    assert cli.device.startup() == after
    assert apply(cli, wish("")).changed
    assert cli.device.text() == before
    cli.device.close()


@pytest.mark.parametrize("release", ["15.5", "17.15"])
def test_from_one_to_the_next_and_back(loop: asyncio.AbstractEventLoop, release: str) -> None:
    """One router through every configuration, so that each kind of line is changed and taken away."""
    names = sorted(CONFIGS)
    cli = boot(loop, release, *CONFIGS.values())
    before = cli.device.text()
    for _one, other in [*pairwise(names), *pairwise(reversed(names))]:
        apply(cli, wish(CONFIGS[other]))
        assert not apply(cli, wish(CONFIGS[other])).changed, other
    apply(cli, wish(""))
    assert cli.device.text() == before
    cli.device.close()


def test_beside_others_in_bgp(loop: asyncio.AbstractEventLoop) -> None:
    foreign = """\
router bgp 65000
 bgp router-id 192.168.255.1
 neighbor 192.0.2.1 remote-as 64999
 address-family ipv4
  network 172.16.0.0
  neighbor 192.0.2.1 activate
 exit-address-family
"""
    cli = boot(loop, "17.15", CONFIGS["hub"], more=foreign)
    before = cli.device.text()
    apply(cli, wish(CONFIGS["hub"]))
    assert not apply(cli, wish(CONFIGS["hub"])).changed
    assert not set(before.splitlines()) - set(cli.device.text().splitlines())
    cli.device.close()
