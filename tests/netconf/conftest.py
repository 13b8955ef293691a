# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Routers that stand in for real ones, and configurations for them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.apply import apply
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.client import (
    Client,
    Target,
    connect,
    session,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.config_xml import config_xml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.order import Order, Outcome
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.paths import Facts
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.payload import payload_facts
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.places import read
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.secret_references import resolved
from ansible_collections.mgre.dmvpn.tests.lab.netconf.fake_candidate import CandidateRouter
from ansible_collections.mgre.dmvpn.tests.lab.netconf.front import LOGIN, Front
from ansible_collections.mgre.dmvpn.tests.lab.netconf.netconfd import Netconfd, NotInstalled
from ansible_collections.mgre.dmvpn.tests.yang.schema import NoModels, folder

EXAMPLE = Path(__file__).resolve().parents[1] / "yang" / "examples" / "hub_bgp_psk.ios"
SECRETS = {"psk/blue": "a-psk-that-nobody-may-see", "nhrp/blue": "nhrpword"}
# Someone else's: a tunnel, a BGP neighbour and network, crypto, a route and a prefix list.
FOREIGN = """
interface Tunnel99
 description to the bank
 ip address 192.0.2.1 255.255.255.252
 tunnel source GigabitEthernet1
 tunnel key 99
!
router bgp 65000
 neighbor 192.0.2.9 remote-as 64999
 !
 address-family ipv4
  network 203.0.113.0 mask 255.255.255.0
  neighbor 192.0.2.9 activate
 exit-address-family
!
crypto ikev2 proposal BANK
 encryption aes-cbc-128
 group 14
!
ip route 203.0.113.0 255.255.255.0 192.0.2.2
ip prefix-list BANK seq 5 permit 203.0.113.0/24
"""


def facts(text: str) -> Facts:
    return {path: resolved(value, SECRETS) for path, value in payload_facts(text).items()}


def hub() -> str:
    return EXAMPLE.read_text(encoding="utf-8")


class Router:
    """A stand-in with the questions that tests ask it."""

    def __init__(self, front: Front) -> None:
        self.front = front

    @property
    def target(self) -> Target:
        user, password = LOGIN
        port = self.front.port
        return Target("127.0.0.1", port, user, password, verify_host_key=False, timeout=30, ssh_port=port)

    def opened(self) -> Client:
        return connect(self.target)

    def order(self, text: str, seconds: int = 30, opened: Callable[[], Client] | None = None) -> Order:
        return Order(self.target, facts(text), opened or self.opened, seconds)

    def holds(self) -> Facts:
        with session(self.opened) as client:
            return read(client.get_config())


def until(true: Callable[[], bool], seconds: float, what: str, every: float = 0.2) -> None:
    """Waits for a condition."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds:.0f} s: {what}")
        time.sleep(every)


def taken_back(router: Router, before: Facts, seconds: float) -> None:
    """Waits until netconfd has undone a commit. It looks at its clock only while nobody asks it anything."""
    until(lambda: router.holds() == before, seconds, "the commit is taken back", every=3)


def hold(router: Router, text: str = "", seconds: int = 60) -> Outcome:
    """Applies, and leaves the change waiting."""
    return apply(dataclasses.replace(router.order(text or hub(), seconds), hold=True))


class Candidate(Protocol):
    def __call__(self, *faults: str, **more: Any) -> tuple[CandidateRouter, Router]: ...


@pytest.fixture
def candidate() -> Iterator[Candidate]:
    with ExitStack() as stack:

        def started(*faults: str, **more: Any) -> tuple[CandidateRouter, Router]:
            fake = CandidateRouter(*faults, **more)
            stack.enter_context(fake.front)
            return fake, Router(fake.front)

        yield started


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Netconfd]:
    missing = ""
    try:
        with Netconfd(tmp_path_factory.mktemp("netconfd"), folder()) as running:
            yield running
            return
    except (NoModels, NotInstalled) as error:
        missing = str(error)
    pytest.fail(missing, pytrace=False)


@pytest.fixture
def netconfd(server: Netconfd) -> Iterator[Router]:
    """netconfd with someone else's configuration and nothing of ours."""
    router = Router(server.front)
    _reset(router)
    yield router
    _reset(router)


def _reset(router: Router) -> None:
    with session(router.opened) as client:
        native = config_xml(facts(FOREIGN)).replace("<native ", '<native nc:operation="replace" ', 1)
        base = "urn:ietf:params:xml:ns:netconf:base:1.0"
        client.edit("candidate", native.replace("<config ", f'<config xmlns:nc="{base}" ', 1))
        client._send("<commit/>")
    assert router.holds()
