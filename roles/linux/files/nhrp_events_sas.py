# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which ESP SAs stand, towards which address, and who is behind them; kept current by vici events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from nhrp_events_vici import Message, Value, section, text

EVENTS = ("child-updown", "child-rekey", "ike-updown", "ike-rekey", "ike-update", "list-sa")

# An SA that is being replaced carries traffic until the new one does.
STANDING = frozenset({"INSTALLED", "REKEYING", "REKEYED"})


@dataclass(frozen=True, slots=True)
class Sa:
    """One ESP SA (child). Addresses are the ends of its IKE SA; of a peer behind a NAT, the NAT's."""

    ike: str
    local: str
    remote: str
    identity: str


def stands(child: Message) -> bool:
    """Whether a child is an SA that carries GRE: installed, with SPIs, in transport mode.

    A larval SA (made by the kernel when a trap fires) has SPI 0: nothing passes it yet.
    """
    selectors = child.get("remote-ts")
    return (
        text(child, "state") in STANDING
        and text(child, "protocol") == "ESP"
        and text(child, "mode").startswith("TRANSPORT")
        and text(child, "spi-in").strip("0") != ""
        and text(child, "spi-out").strip("0") != ""
        and isinstance(selectors, list)
        and any(_covers_gre(selector) for selector in selectors)
    )


def _covers_gre(selector: str) -> bool:
    """``198.51.100.10/32[gre]``; the number where the router has no /etc/protocols, nothing for any."""
    _prefix, bracket, protocol = selector.partition("[")
    return not bracket or protocol.partition("/")[0].rstrip("]") in ("gre", "47")


def held_addresses(identity: str) -> frozenset[IPv4Address]:
    """The tunnel addresses that a certificate subject's OU lists.

    charon writes a subject as ``O=mgre-dmvpn, OU=10.255.0.11 10.254.0.11, CN=spoke1`` and escapes
    nothing. So a comma in one value can look like a second attribute: with more than one OU none
    counts. Quotes and backslashes of other writers are understood.
    """
    units = [value for name, value in _attributes(identity) if name.upper() == "OU"]
    held = set()
    for word in units[0].split() if len(units) == 1 else ():
        with suppress(ValueError):  # an organisational unit of somebody else's
            held.add(IPv4Address(word))
    return frozenset(held)


def _attributes(identity: str) -> list[tuple[str, str]]:
    parts, part, quoted, escaped = [], "", False, False
    for char in identity:
        if escaped:
            part, escaped = part + char, False
        elif char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            parts.append(part)
            part = ""
        else:
            part += char
    parts.append(part)
    pairs = (part.partition("=") for part in parts)
    return [(name.strip(), value.strip()) for name, equals, value in pairs if equals]


class Sas:
    """All standing SAs, and whoever waits for one.

    ``on_lost(remote)`` is called when the last SA towards an address has gone; ``on_doubt()`` when
    events and this table may no longer agree, so that a fresh list is needed.
    """

    def __init__(self, on_lost: Callable[[str], None], on_doubt: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._on_doubt = on_doubt
        self._children: dict[str, Sa] = {}
        self._by_remote: dict[str, set[str]] = {}
        self._unlisted: set[str] = set()
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self.known = False

    def towards(self, remote: str, local: str | None) -> list[Sa]:
        """The SAs to ``remote``, only those that end at ``local`` if it is given."""
        found = (self._children[uid] for uid in self._by_remote.get(remote, ()))
        return [sa for sa in found if local is None or sa.local == local]

    async def change(self, remote: str, seconds: float) -> None:
        """Returns when an SA towards ``remote`` has come, the table became known, or time is up."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(remote, set())
        waiting.add(future)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            waiting.discard(future)
            if not waiting and self._waiting.get(remote) is waiting:
                del self._waiting[remote]

    def forget(self) -> None:
        """charon has gone: nothing is known of any SA."""
        self._children.clear()
        self._by_remote.clear()
        self.begin_list()
        self.known = False

    def begin_list(self) -> None:
        """A list has been asked for: what neither it nor an event names until its end has gone."""
        self._unlisted = set(self._children)

    def end_list(self) -> None:
        """The list is complete."""
        for uid in tuple(self._unlisted):
            self._remove(uid)
        self.known = True
        for remote in tuple(self._waiting):
            self._wake(remote)

    def apply(self, event: str, message: Message) -> None:
        """Takes one vici event into account; what it does not know, it ignores."""
        up = text(message, "up") == "yes"
        for value in message.values():
            if not isinstance(value, dict):
                continue
            if event == "list-sa" or (event == "child-updown" and up):
                self._take_children(value, doubtful=event != "list-sa")
            elif event == "child-updown":
                for child in _sections(section(value, "child-sas")):
                    self._remove(text(child, "uniqueid"))
                if self._by_remote.get(text(value, "remote-host")):
                    # Two ends that rekey at once leave a child behind that charon drops without a word.
                    self._on_doubt()
            elif event == "child-rekey":
                for pair in _sections(section(value, "child-sas")):
                    self._add(text(section(pair, "new"), "uniqueid"), _sa(value))
                    self._remove(text(section(pair, "old"), "uniqueid"))
            elif event == "ike-updown" and not up:
                for uid in self._of_ike(text(value, "uniqueid")):
                    self._remove(uid)
            elif event == "ike-rekey":
                new = _sa(section(value, "new"))
                for uid in self._of_ike(text(section(value, "old"), "uniqueid")):
                    self._add(uid, new)
            elif event == "ike-update":
                local, remote = text(message, "local-host"), text(message, "remote-host")
                for uid in self._of_ike(text(value, "uniqueid")):
                    self._add(uid, replace(self._children[uid], local=local, remote=remote))

    def _take_children(self, ike: Message, doubtful: bool) -> None:
        for child in _sections(section(ike, "child-sas")):
            if stands(child):
                self._add(text(child, "uniqueid"), _sa(ike))
            elif doubtful:
                self._on_doubt()

    def _of_ike(self, ike: str) -> list[str]:
        return [uid for uid, sa in self._children.items() if sa.ike == ike]

    def _add(self, uid: str, sa: Sa) -> None:
        self._unlisted.discard(uid)
        before = self._children.get(uid)
        if before == sa or not uid:
            return
        self._children[uid] = sa
        self._by_remote.setdefault(sa.remote, set()).add(uid)
        if before is not None and before.remote != sa.remote:
            self._unlink(uid, before)
        self._wake(sa.remote)

    def _remove(self, uid: str) -> None:
        self._unlisted.discard(uid)
        sa = self._children.pop(uid, None)
        if sa is not None:
            self._unlink(uid, sa)

    def _unlink(self, uid: str, sa: Sa) -> None:
        rest = self._by_remote[sa.remote]
        rest.discard(uid)
        if not rest:
            del self._by_remote[sa.remote]
            self._on_lost(sa.remote)

    def _wake(self, remote: str) -> None:
        for future in self._waiting.pop(remote, ()):
            if not future.done():
                future.set_result(None)


def _sections(message: Message) -> list[Message]:
    values: list[Value] = list(message.values())
    return [value for value in values if isinstance(value, dict)]


def _sa(ike: Message) -> Sa:
    return Sa(
        text(ike, "uniqueid"), text(ike, "local-host"), text(ike, "remote-host"), text(ike, "remote-id")
    )
