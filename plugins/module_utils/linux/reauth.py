# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IKE SAs that were authenticated too long ago, made anew without a gap.

Rekeying keeps an old authentication, and ``swanctl --rekey --reauth`` authenticates by the connection as it
was when the SA began, with the old certificate. So each router makes a second SA with every peer whose SA it
began, by a copy of the connection of now with the peer's address in it, delivers what came too early for it
(early.py), and ends the old one when nothing comes over it any more.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from .early import Early
from .host import Host
from .observe_run import integer, text
from .observe_vici import Message
from .release import SWANCTL

OURS, ROLL = "mgre-", "-roll-"
CHILD = "gre"
STANDING = ("ESTABLISHED", "REKEYING", "REKEYED")
PATIENCE = 15  # seconds that a new SA may take
ODD = 600  # seconds by which the lifetimes of two SAs differ at the most
PAUSE, LOOKS = (
    1.0,
    8,
)  # seconds between two looks at what comes over an old SA or two tries, and how many looks
# What swanctl sends as lists; files are sent as what is in them.
LISTS = ("local_addrs", "remote_addrs", "proposals", "esp_proposals", "local_ts", "remote_ts")
FILES = {"certs": "/etc/swanctl/x509", "cacerts": "/etc/swanctl/x509ca"}
Request = Callable[[str, Mapping[str, Any]], Message]


@dataclass(frozen=True, slots=True)
class OldSa:
    """``age`` is in seconds since it was established, ``initiator`` whether this router began it.

    ``why`` is charon's reason why no new one came.
    """

    connection: str
    unique: str
    peer: str
    port: str
    identity: str | None
    age: int
    initiator: bool
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def old_sas(messages: Iterable[Message], older_than: float) -> list[OldSa]:
    """Standing IKE SAs of ours that are older than so many seconds."""
    found = []
    for message in messages:
        for name, sa in message.items():
            if not isinstance(sa, dict) or not name.startswith(OURS) or text(sa.get("state")) not in STANDING:
                continue
            age = integer(sa.get("established"))
            # charon counts whole seconds, from one to the next.
            if age is not None and age > older_than + 1:
                found.append(
                    OldSa(
                        connection=name.partition(ROLL)[0],
                        unique=str(sa.get("uniqueid")),
                        peer=str(sa.get("remote-host")),
                        port=str(sa.get("remote-port")),
                        identity=text(sa.get("remote-id")),
                        age=age,
                        initiator=sa.get("initiator") == "yes",
                    )
                )
    return found


def reauthenticate(
    host: Host,
    request: Request,
    ask: Callable[[], list[Message]],
    mark: float,
    clock: Callable[[], float] = time.monotonic,
    early: Callable[[str], Early] = Early,
) -> tuple[int, list[OldSa]]:
    """Makes SAs of before ``mark`` anew that this router began. Returns how many, and those that are left.

    Those that peers began are left to them, and are returned too. Raises ``Unreadable``.
    """
    sections = connections(host.read(SWANCTL) or "")
    reasons: dict[str, str] = {}
    for sa in old_sas(ask(), clock() - mark):
        if sa.initiator and sa.connection in sections:
            with early(sa.peer) as packets:
                name = f"{sa.connection}{ROLL}{sa.unique}"
                connection = with_peer(host, sa, sections[sa.connection])
                why = _anew(request, name, connection)
                if why:
                    # A peer that is making its own SAs anew may refuse for that moment.
                    host.sleep(PAUSE)
                    why = _anew(request, name, connection)
                reasons[sa.unique] = why
                packets.deliver(spis(ask(), name))
    made = [unique for unique, why in reasons.items() if not why]
    _quiet(host, ask, made)
    for unique in made:
        request("terminate", {"ike-id": unique, "timeout": str(PATIENCE * 1000)})
    left = old_sas(ask(), clock() - mark)
    return len(made), [replace(sa, why=reasons.get(sa.unique, "")) for sa in left]


def _anew(request: Request, name: str, connection: Mapping[str, Any]) -> str:
    """A new SA beside the old one. Returns why not, empty if it stands.

    The ESP SA comes in an exchange of its own, which takes the peer next to no time, so that nothing arrives
    over it before it is there; with a peer that does not know this, in the usual one.
    """

    def made(childless: str) -> str:
        return _made(request, name, {**connection, "childless": childless})

    why = made("prefer")
    # strongSwan 5.9 does not know that word, which means: first the one, then the other.
    return made("force") and made("allow") if "childless" in why else why


def _made(request: Request, name: str, connection: Mapping[str, Any]) -> str:
    """Initiates a connection that is there for this only. Returns why it failed, empty if it did not."""
    answer = request("load-conn", {name: connection})
    if answer.get("success") == "yes":
        try:
            answer = request("initiate", {"child": CHILD, "ike": name, "timeout": str(PATIENCE * 1000)})
        finally:
            # SAs outlive the connection that they were made by.
            request("unload-conn", {"name": name})
    return "" if answer.get("success") == "yes" else str(answer.get("errmsg"))


def _quiet(host: Host, ask: Callable[[], list[Message]], uniques: list[str]) -> None:
    """Waits until nothing comes over the old SAs any more: what is under way still needs them."""
    before: dict[str, str] = {}
    for _look in range(LOOKS if uniques else 0):
        now = {
            f"{sa.get('uniqueid')} {key}": str(child.get("packets-in"))
            for sa in _sas(ask())
            if str(sa.get("uniqueid")) in uniques
            for key, child in (sa.get("child-sas") or {}).items()
        }
        if now == before:
            return
        before = now
        host.sleep(PAUSE)


def spis(messages: Iterable[Message], name: str) -> list[str]:
    """Incoming SPIs of the SAs that a connection made."""
    return [
        str(child.get("spi-in"))
        for message in messages
        for sa in ([message[name]] if isinstance(message.get(name), dict) else [])
        for child in (sa.get("child-sas") or {}).values()
    ]


def _sas(messages: Iterable[Message]) -> Iterable[Message]:
    return (sa for message in messages for sa in message.values() if isinstance(sa, dict))


def with_peer(host: Host, sa: OldSa, section: Mapping[str, Any]) -> dict[str, Any]:
    """Our connection as vici wants it, for this peer only, and without a trap of its own."""
    found = _sent(host, section)
    found["remote_addrs"] = [sa.peer]
    if sa.port not in ("500", "4500", "None"):
        found["remote_port"] = sa.port
    # Were all settings equal, charon would take the old IKE SA for the one that is asked for.
    seconds = int(str(found.get("rekey_time", "14400s")).rstrip("s")) + 1 + int(sa.unique) % ODD
    found["rekey_time"] = f"{seconds}s"
    child = dict(found["children"][CHILD])
    child.pop("start_action", None)
    found["children"] = {CHILD: child}
    return found


def _sent(host: Host, section: Mapping[str, Any]) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for key, value in section.items():
        if isinstance(value, Mapping):
            sent[key] = _sent(host, value)
        elif key in FILES:
            names = [name.strip() for name in value.split(",")]
            sent[key] = [(host.read(f"{FILES[key]}/{name}") or "").encode() for name in names]
        elif key in LISTS:
            sent[key] = [item.strip() for item in value.split(",")]
        else:
            sent[key] = value
    return sent


def connections(conf: str) -> dict[str, Any]:
    """The connections of our own swanctl.conf, whose every section and setting has a line of its own."""
    root: dict[str, Any] = {}
    stack = [root]
    for line in (line.strip() for line in conf.splitlines()):
        if line.endswith("{"):
            inner: dict[str, Any] = {}
            stack[-1][line[:-1].strip()] = inner
            stack.append(inner)
        elif line == "}":
            stack.pop()
        elif match := re.match(r"(\w+) = (.*)$", line):
            stack[-1][match[1]] = match[2].strip('"')
    found: dict[str, Any] = root.get("connections", {})
    return found
