# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`python3 -m ios.alive`: the device, and the node that does what it says."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ..device import Device, Options
from ..server import listen
from . import running, show
from .apply import Applier
from .bfd import BfdWatch
from .bindings import Bindings
from .daemons import Daemons
from .monitor import monitor
from .plan import Port
from .startup import configuration
from .system import Node, System, ports, trustpoints

QUIET_SECONDS = 1.0


class Follower:
    """Applies the running configuration once nobody has changed it for a moment, and when a port changes."""

    def __init__(self, device: Device, applier: Applier, system: System) -> None:
        self._device = device
        self._applier = applier
        self._system = system
        self._ports: dict[str, Port] = {}
        self._applied = ""
        self._enrolled = False
        self._changed = time.monotonic()
        self._wake = asyncio.Event()
        device.on_change.append(lambda _device: self.changed())

    def changed(self) -> None:
        self._changed = time.monotonic()
        self._wake.set()

    def is_quiet(self) -> bool:
        return time.monotonic() - self._changed >= QUIET_SECONDS

    async def run(self) -> None:
        """Forever."""
        while True:
            self._wake.clear()
            text = running.text(self._device)
            now = await asyncio.to_thread(ports, self._system)
            if not self.is_quiet():
                await asyncio.sleep(QUIET_SECONDS / 4)
                continue
            if text != self._applied or now != self._ports or self._enrolled:
                self._enrolled = False
                await asyncio.to_thread(self._applier.apply, text)
                self._applied, self._ports = text, now
            if running.text(self._device) == self._applied:
                await self._wake.wait()

    def enrol(self) -> None:
        """The node has other certificates."""
        self._device.options.certificates = enrolled(self._system)
        self._enrolled = True
        self.changed()

    async def port_changed(self) -> None:
        """The node has another address: DHCP gave one."""
        self._wake.set()

    async def settled(self) -> None:
        """Wait until what the configuration says is applied: a show then tells of it."""
        while running.text(self._device) != self._applied:
            await asyncio.sleep(0.1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="alive", description="a Cisco stand-in whose DMVPN is real")
    parser.add_argument("--host", required=True, help="the address to listen on")
    parser.add_argument("--port", type=int, default=22)
    parser.add_argument("--host-key", type=Path, required=True)
    parser.add_argument("--hostname", required=True)
    parser.add_argument("--release", default="17.15")
    parser.add_argument("--privilege", type=int, default=1)
    parser.add_argument("--state", type=Path, required=True, help="startup-config and flash; kept")
    return parser.parse_args()


async def serve(given: argparse.Namespace, system: System, log: Callable[[str], None]) -> None:
    """Run until a signal comes."""
    found = await asyncio.to_thread(ports, system)
    major, minor = given.release.split(".")
    applier = Applier(system, log, (int(major), int(minor)))
    device = Device(
        Options(
            release=given.release,
            hostname=given.hostname,
            privilege=given.privilege,
            state=given.state,
            interfaces=tuple(found),
            certificates=enrolled(system),
            startup=configuration(given.hostname, given.release, found, given.privilege),
        )
    )
    follower = Follower(device, applier, system)
    show.register(device.execs, Daemons(system, lambda: applier.plan), system, follower.settled)
    watch = BfdWatch(lambda: applier.plan, system)
    bindings = Bindings(lambda: applier.plan, system, log, watch.bound)
    await bindings.start()
    await asyncio.to_thread(applier.prepare)
    server = await listen(device, given.host, given.port, given.host_key)
    tasks = [
        asyncio.create_task(work)
        for work in (
            follower.run(),
            watch.run(),
            bindings.watch(),
            monitor(follower.port_changed, "ip", "monitor", "address"),
        )
    ]
    ready()
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, follower.enrol)
    stopped = asyncio.create_task(over.wait())
    await asyncio.wait((*tasks, stopped), return_when=asyncio.FIRST_COMPLETED)
    server.close()
    device.close()
    for task in tasks:
        if task.done():
            task.result()


def enrolled(system: System) -> dict[str, str]:
    """Trustpoint -> common name, as the device wants it."""
    return {name: subject.rpartition("CN=")[2] for name, subject in trustpoints(system).items()}


def ready() -> None:
    """Tell systemd that the router is up (sd_notify(3))."""
    if path := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.connect(path)
            systemd.send(b"READY=1")


def main() -> int:
    asyncio.run(serve(arguments(), Node(), lambda text: print(text, file=sys.stderr, flush=True)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
