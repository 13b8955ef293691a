# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A peer that was revoked, put out of a router: its SAs are ended, and its NHRP bindings taken back.

That it does not come back is the revocation list's part.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .forget import unbinding
from .host import Host
from .observe_run import text
from .observe_vici import Message

Request = Callable[[str, Mapping[str, Any]], Message]
WAIT = 5000  # milliseconds that a peer may take to hear of the end; it is the end without an answer, too


@dataclass(frozen=True, slots=True)
class Evicted:
    """``sas`` that were ended, and tunnel addresses whose ``bindings`` were taken back."""

    sas: int
    bindings: list[str]


def evict(
    host: Host, request: Request, ask: Callable[[], list[Message]], name: str, *, check: bool = False
) -> Evicted:
    """Raises ``Unreadable`` and ``CommandFailed``."""
    identities = {}
    for unique, identity in _sas(ask()):
        parts = attributes(identity)
        if parts.get("CN") == name:
            identities[unique] = parts.get("OU", "").split()
    held = [address for addresses in identities.values() for address in addresses]
    bindings = list(_bindings(host, set(held)))
    if not check:
        for unique in identities:
            request("terminate", {"ike-id": unique, "timeout": str(WAIT), "force": "yes"})
        for binding in bindings:
            host.must("vtysh", *unbinding(*binding))
    return Evicted(len(identities), sorted({address for _interface, address, _nbma in bindings}))


def attributes(identity: str) -> dict[str, str]:
    """The parts of a subject as charon writes it."""
    pairs = (part.strip().partition("=") for part in identity.split(","))
    return {key: value for key, _equals, value in pairs}


def _sas(messages: Iterable[Message]) -> Iterable[tuple[str, str]]:
    for message in messages:
        for sa in message.values():
            if isinstance(sa, dict):
                yield str(sa.get("uniqueid")), text(sa.get("remote-id")) or ""


def _bindings(host: Host, addresses: set[str]) -> Iterable[tuple[str, str, str]]:
    """Interface, tunnel address and NBMA address of what nhrpd has learnt of these addresses."""
    if not addresses:
        return
    said = json.loads(host.run("vtysh", "-c", "show ip nhrp cache json").out or "{}")
    for row in said.get("table", []):
        address = str(row.get("protocol", "")).partition("/")[0]
        if address in addresses and row.get("type") != "local":
            yield str(row.get("interface")), address, str(row.get("nbma"))
