# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's IOS device in memory, with a clock of its own: a second of a fault takes ten milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.ios_fault import Clocks
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pending.errors import Lost
from ansible_collections.mgre.dmvpn.tests.lab.ios import Device, Options
from ansible_collections.mgre.dmvpn.tests.lab.ios.session import Session
from ansible_collections.mgre.dmvpn.tests.lab.ios.terminal import Closed, Terminal

SECOND = 0.01
CLIENT, OWN = "10.9.0.9", "10.1.0.1"
# GigabitEthernet3 leads to the controller, by its gateway.
STARTUP = """\
version 17.15
hostname hub1
archive
 path flash:before
vrf definition MGMT
 address-family ipv4
 exit-address-family
interface GigabitEthernet1
 ip address 198.51.100.1 255.255.255.0
interface GigabitEthernet2
 ip address 203.0.113.1 255.255.255.0
interface GigabitEthernet3
 ip address 10.1.0.1 255.255.255.0
interface GigabitEthernet4
 vrf forwarding MGMT
 ip address 192.168.0.1 255.255.255.0
interface Loopback0
 ip address 192.168.255.1 255.255.255.255
interface Tunnel10
 ip address 10.255.0.1 255.255.255.0
 tunnel source GigabitEthernet1
 tunnel mode gre multipoint
interface Tunnel20
 ip address 10.255.1.1 255.255.255.0
 tunnel source 203.0.113.1
 tunnel mode gre multipoint
ip route 0.0.0.0 0.0.0.0 198.51.100.254
ip route 10.9.0.0 255.255.0.0 10.1.0.254
ip route 10.8.0.0 255.255.0.0 10.255.0.11
ip route 10.7.0.0 255.255.0.0 10.255.1.11
ip route vrf MGMT 0.0.0.0 0.0.0.0 192.168.0.254
"""


class Screen:
    def __init__(self) -> None:
        self.text = bytearray()

    async def receive(self) -> bytes:
        return b""

    def send(self, data: bytes) -> None:
        self.text.extend(data)


class StandIn:
    """A session on the device; ``cut`` breaks it from the line for which it is true on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, startup: str = STARTUP, **options: Any) -> None:
        self.loop = loop
        given = {"hostname": "hub1", "startup": startup, "minute": 60 * SECOND, "ends": (CLIENT, OWN)}
        self.device = Device(Options(**{**given, **options}))
        self.sent: list[str] = []
        self.cut: Callable[[str], bool] = lambda line: False
        self.barred = False
        self.say: dict[str, str] = {}
        self.clocks = Clocks(self.now, self.sleep)
        self._login()

    def _login(self, privilege: int = 15) -> None:
        self.screen = Screen()
        self.session: Session | None = Session(self.device, Terminal(self.screen), "admin", privilege)
        self.session.terminal.length = 0

    def now(self) -> float:
        return self.loop.time() / SECOND

    def sleep(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds * SECOND))

    def send(self, line: str) -> str:
        if self.session is None:
            raise Lost("it is gone")
        self.sent.append(line)
        if line in self.say:
            return self.say[line]
        self.screen.text.clear()
        try:
            self.loop.run_until_complete(asyncio.wait_for(self.session.execute(line), 20))
        except Closed:
            self.session = None
            raise Lost("the router closed it") from None
        if self.cut(line):
            self.session = None
            raise Lost("no answer")
        return self.screen.text.decode().replace("\r\n", "\n")

    def renew(self) -> None:
        if self.barred:
            raise Lost("no route to it")
        self.sent.append("<new connection>")
        self._login()

    @property
    def text(self) -> str:
        return self.device.text()

    def is_shut(self, wan: str) -> bool:
        node = self.device.config.children["interface", wan]
        return node.get("shutdown") is not None
