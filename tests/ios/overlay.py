# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an IOS router of the tests tells of its overlay: all is well with every peer, or nobody is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.dump import parse_device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.observe import ios, ios_host, ios_interfaces
from ansible_collections.mgre.dmvpn.tests.unit.observe_ios.router import TUNNEL, WAN, Link
from ansible_collections.mgre.dmvpn.tests.unit.observe_ios.router import Router as Told

if TYPE_CHECKING:
    from .conftest import Router

# The device answers these itself, from its configuration and clock.
OWN = (
    ios_host.VERSION,
    ios_host.CLOCK,
    ios_host.ROLLBACK,
    ios_host.CERTIFICATES,
    ios_interfaces.NULL_ROUTES,
)
PING = (
    "ping peer:A.B.C.D source own:A.B.C.D size size:<36-18024> df-bit repeat repeat:<1-1000> "
    "timeout timeout:<0-3600>"
)


def alive(router: Router, bundle: Router, works: Callable[[str], bool] = lambda running: True) -> None:
    """The device tells of the peers that rendering gave it.

    ``bundle`` is the router in whose folder the playbook runs, ``works`` whether a running configuration
    forms the overlay.
    """
    device = router.device
    name = device.options.hostname

    def told() -> Told:
        path = bundle.folder / "artifacts" / "bundle" / name / "intent.json"
        intent = parse_device(json.loads(path.read_text()))
        (member,) = intent.memberships
        running = device.text()
        exists = f"interface {TUNNEL}" in running
        links = [Link(peer) for peer in (*member.hubs, *member.spokes)]
        if not exists or not works(running):
            for link in links:
                link.sa, link.responding, link.registered = "none", False, False
                link.routing, link.bfd, link.answers = False, "Down", None
        return Told(intent, links, exists=exists, source=f"{member.transport.address} ({WAN})")

    def answer(command: str) -> Callable[[Any, dict[str, str]], str]:
        return lambda session, values: told().answers()[command]

    for command in ios.COMMANDS:
        if command not in OWN:
            device.execs.add(command.partition("|")[0].strip(), answer(command))
    shown, ip = ios_interfaces.tunnel_commands(TUNNEL)
    device.execs.add("show interfaces [name:INTERFACE]", answer(shown))
    device.execs.add("show ip interface [name:INTERFACE]", answer(ip))
    device.execs.add(
        PING,
        lambda session, values: told().ping(
            f"ping {values['peer']} size {values['size']} repeat {values['repeat']}"
        ),
    )
