# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One router of two stand-ins: NETCONF by the one of ``tests/lab/netconf``, the command line by the device.

What is written over NETCONF stands in the device's configuration as rendering wrote it for the command line,
so that its show commands tell of it. Nothing here translates: which lines a tree is was known when it came.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from xml.etree import ElementTree as ET

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.secret_references import resolved
from ansible_collections.mgre.dmvpn.tests.lab.ios import Device
from ansible_collections.mgre.dmvpn.tests.lab.netconf.fake import IA, FakeRouter, Fault
from ansible_collections.mgre.dmvpn.tests.lab.netconf.fake_candidate import CandidateRouter

from .conftest import NHRP, PSK, Make, Router

SECRETS = {"psk/blue": PSK, "nhrp/blue": NHRP}


class Checkpoints(FakeRouter):
    """Without a candidate: its archive and its rollback timer are those of the device."""

    device: Device

    def _checkpoint(self, _request: ET.Element, _number: int) -> str:
        archive = self.device.archive
        at(self.device, lambda: archive.save(self.device.configuration, self.device.text()))
        return f'<result xmlns="{IA}">Checkpoint successful</result>'

    def _rollback(self, request: ET.Element, _number: int) -> str:
        url = request.findtext(f"{{{IA}}}target-url", "")
        minutes = int(request.findtext(f"{{{IA}}}revert-timer", ""))

        def roll() -> None:
            archive = self.device.archive
            if archive.pending or not self.device.flash.exists(url):
                raise Fault("operation-failed", "Existing rollback change already pending")
            name = archive.save(self.device.configuration, self.device.text())
            archive.arm(name, minutes, "netconf", lambda: None)

        at(self.device, roll)
        return f'<result xmlns="{IA}">Rollback successful</result>'

    def _revert(self, _request: ET.Element, _number: int) -> str:
        def back() -> None:
            name = self.device.archive.disarm()
            if not name:
                raise Fault("operation-failed", "No Rollback Confirmed Change pending")
            self.device.replace(self.device.flash.read(name))

        at(self.device, back)
        return f'<result xmlns="{IA}">Revert successful</result>'

    def _save(self, _request: ET.Element, _number: int) -> str:
        at(self.device, self.device.save)
        return f'<result xmlns="{IA}">Save running-config successful</result>'


class Commits(CandidateRouter):
    device: Device

    def _save(self, _request: ET.Element, _number: int) -> str:
        at(self.device, self.device.save)
        return f'<result xmlns="{IA}">Save running-config successful</result>'


Fake = Checkpoints | Commits
Pair = tuple[list[Router], list[Fake]]


def twins(stack: ExitStack, make: Make, way: str, *options: dict[str, Any], **more: Any) -> Pair:
    """A hub and a spoke. ``options`` are those of a NETCONF stand-in each, ``more`` those of the devices."""
    routers = [make(privilege=15, **more), make(name="r2", privilege=15, **more)]
    fakes: list[Fake] = []
    for router, given in zip(routers, options or ({}, {}), strict=True):
        faults = given.pop("faults", ())
        fake = Commits(*faults, **given) if way == "candidate" else Checkpoints(*faults, **given)
        stack.enter_context(fake.front)
        join(fake, router, routers[0])
        fakes.append(fake)
    return routers, fakes


def waits(router: Router, fake: Fake) -> bool:
    return fake.commit_waits() if isinstance(fake, Commits) else bool(router.device.archive.pending)


def state(router: Router) -> tuple[str, str]:
    """What it runs, and what it has saved."""
    return router.text, router.device.startup()


def at(device: Device, work: Callable[[], Any]) -> Any:
    """Runs a function in the device's thread."""

    async def wrapped() -> Any:
        return work()

    assert device.loop is not None
    return asyncio.run_coroutine_threadsafe(wrapped(), device.loop).result(30)


def join(fake: Fake, router: Router, bundle: Router) -> None:
    """From now on they are one. ``bundle`` is the router in whose folder the playbook runs."""
    device = router.device
    name = device.options.hostname
    base = device.text()
    lines = {ET.tostring(fake.running): base}
    trees = {base: copy.deepcopy(fake.running)}
    fake.device = device

    def rendered() -> str:
        path = bundle.folder / "artifacts" / "bundle" / name / "config.ios"
        return f"{base.removesuffix('end' + chr(10))}{resolved(path.read_text(), SECRETS)}end\n"

    def to_device() -> None:
        written = ET.tostring(fake.running)
        text = lines.setdefault(written, "") or rendered()
        refused = at(device, lambda: device.replace(text))
        assert not refused, refused
        lines[written] = device.text()
        trees[device.text()] = copy.deepcopy(fake.running)

    def to_fake(_device: Device) -> None:
        tree = trees.get(device.text())
        if tree is not None and ET.tostring(tree) != ET.tostring(fake.running):
            fake._running = copy.deepcopy(tree)

    fake.on_change.append(to_device)
    device.on_change.append(to_fake)
    router.variables |= {
        "dmvpn_ios_transport": "netconf",
        "dmvpn_ios_version": "17.15",
        "dmvpn_netconf_port": fake.front.port,
    }
