# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the daemons of the node report, in the shape that the shows need."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from . import vici
from .plan import Plan, Port, Tunnel
from .system import System, ports


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody at the other end of a tunnel. ``state`` is IOS's: UP, NHRP (not registered), IKE (no SA)."""

    overlay: str
    nbma: str
    claimed: str
    static: bool
    state: str
    seconds: int
    shortcut: bool = False

    @property
    def nat(self) -> bool:
        return bool(self.claimed) and self.claimed != self.nbma


@dataclass(frozen=True, slots=True)
class Child:
    """One pair of ESP SAs; seconds until it ends."""

    spi_in: str
    spi_out: str
    transform: str
    transport: bool
    encapsulated: bool
    packets_in: int
    packets_out: int
    life: int
    local: str
    remote: str


@dataclass(frozen=True, slots=True)
class Ike:
    """One IKE SA; ``ready`` is whether it is negotiated, ``active`` since how many seconds."""

    number: int
    connection: str
    ready: bool
    local: str
    local_port: str
    remote: str
    remote_port: str
    local_id: str
    remote_id: str
    local_spi: str
    remote_spi: str
    initiator: bool
    cipher: str
    bits: str
    prf: str
    integrity: str
    group: str
    active: int
    children: tuple[Child, ...]


class Daemons:
    """Asks FRR and charon. What does not answer has nothing to tell."""

    def __init__(self, system: System, plan: Callable[[], Plan]) -> None:
        self._system = system
        self._plan = plan
        self._since: dict[tuple[str, str, str], float] = {}

    @property
    def plan(self) -> Plan:
        return self._plan()

    def json(self, daemon: str, command: str) -> Any:
        """FRR's answer; an empty table if there is none."""
        try:
            return json.loads(self._system.vty(daemon, f"{command} json"))
        except ValueError:
            return {}

    def ports(self) -> list[Port]:
        """The node's ports, as they are now."""
        return list(ports(self._system).values())

    def ip(self, *words: str) -> list[dict[str, Any]]:
        _status, out = self._system.run("ip", "-s", "-j", *words)
        try:
            return list(json.loads(out))
        except ValueError:
            return []

    def ping(self, *words: str) -> str:
        return self._system.run("ping", *words)[1]

    def ikes(self) -> list[Ike]:
        try:
            found = vici.sas()
        except vici.ViciError:
            return []
        known = {one.name for one in self.plan.connections}
        return [ike_of(name, sa) for name, sa in found if name in known]

    def peers(self, tunnel: Tunnel) -> list[Peer]:
        """Servers first, then whoever registered or was resolved."""
        cache = [
            row
            for row in self.json("nhrpd", "show ip nhrp cache").get("table", [])
            if row["interface"] == tunnel.name
        ]
        up = {row["protocol"]: row for row in cache if row["type"] in ("nhs", "dynamic", "cached", "static")}
        sas = {ike.remote: ike for ike in self.ikes() if ike.children}
        found = []
        for server in tunnel.nhrp.servers if tunnel.nhrp else ():
            row = up.pop(str(server.address), None)
            bound = row is not None and row["type"] == "nhs"
            state = "IKE" if tunnel.protected and server.nbma not in sas else "UP" if bound else "NHRP"
            seconds = self._age(tunnel.name, str(server.address), state)
            found.append(Peer(str(server.address), server.nbma, "", True, state, seconds))
        # Whom a spoke knows it has asked for; to a hub they have come.
        asked = tunnel.nhrp is not None and not tunnel.nhrp.redirect
        for overlay, row in up.items():
            if tunnel.address is None or IPv4Address(overlay) not in tunnel.address.network:
                continue  # nhrpd binds hosts behind a peer, too; IOS their network, as a shortcut
            nbma = row["nbma"]
            state = "IKE" if tunnel.protected and nbma not in sas else "UP"
            seconds = self._age(tunnel.name, overlay, state)
            found.append(Peer(overlay, nbma, row.get("claimed_nbma", ""), False, state, seconds, asked))
        return found

    def _age(self, tunnel: str, overlay: str, state: str) -> int:
        """Seconds since this was first seen."""
        now = time.monotonic()
        for key in [key for key in self._since if key[:2] == (tunnel, overlay) and key[2] != state]:
            del self._since[key]
        return int(now - self._since.setdefault((tunnel, overlay, state), now))


def ike_of(name: str, sa: vici.Message) -> Ike:
    """One SA of vici's list-sas."""

    def text(key: str) -> str:
        value = sa.get(key, "")
        return value if isinstance(value, str) else ""

    initiator = text("initiator") == "yes"
    spis = (text("initiator-spi"), text("responder-spi"))
    children = sa.get("child-sas", {})
    return Ike(
        number=int(text("uniqueid") or 0),
        connection=name,
        ready=text("state") == "ESTABLISHED",
        local=text("local-host"),
        local_port=text("local-port"),
        remote=text("remote-host"),
        remote_port=text("remote-port"),
        local_id=text("local-id"),
        remote_id=text("remote-id"),
        local_spi=spis[0 if initiator else 1].upper(),
        remote_spi=spis[1 if initiator else 0].upper(),
        initiator=initiator,
        cipher=_CIPHERS.get(text("encr-alg"), text("encr-alg")),
        bits=text("encr-keysize"),
        prf=_sha(text("prf-alg")),
        integrity=_sha(text("integ-alg")) or "None",
        group=_GROUPS.get(text("dh-group"), "0"),
        active=int(text("established") or 0),
        children=tuple(
            _child(child)
            for child in (children.values() if isinstance(children, dict) else ())
            if isinstance(child, dict) and child.get("state") == "INSTALLED"
        ),
    )


_CIPHERS = {"AES_GCM_16": "AES-GCM", "AES_CBC": "AES-CBC", "3DES_CBC": "3DES"}
_GROUPS = {
    "MODP_1024": "2",
    "MODP_1536": "5",
    "MODP_2048": "14",
    "MODP_3072": "15",
    "MODP_4096": "16",
    "ECP_256": "19",
    "ECP_384": "20",
    "ECP_521": "21",
    "MODP_2048_256": "24",
}


def _sha(algorithm: str) -> str:
    """PRF_HMAC_SHA2_384 and HMAC_SHA2_384_192 are SHA384 to IOS, HMAC_SHA1_96 is SHA96."""
    if "SHA2_" in algorithm:
        return f"SHA{algorithm.partition('SHA2_')[2].split('_')[0]}"
    if "SHA1" in algorithm:
        return "SHA96" if algorithm.endswith("_96") else "SHA1"
    return "MD5" if "MD5" in algorithm else ""


def _child(child: vici.Message) -> Child:
    def text(key: str) -> str:
        value = child.get(key, "")
        return value if isinstance(value, str) else ""

    def selector(key: str) -> str:
        value = child.get(key, [])
        return value[0] if isinstance(value, list) and value else ""

    bits = text("encr-keysize")
    if text("encr-alg").startswith("AES_GCM"):
        transform = f"esp-gcm {bits} "
    else:
        cipher = (
            "esp-3des" if "3DES" in text("encr-alg") else "esp-aes" if bits == "128" else f"esp-{bits}-aes"
        )
        integrity = _sha(text("integ-alg")).lower()
        transform = f"{cipher} esp-{'sha' if integrity == 'sha96' else integrity}-hmac "
    return Child(
        spi_in=text("spi-in"),
        spi_out=text("spi-out"),
        transform=transform,
        transport=text("mode") == "TRANSPORT",
        encapsulated=text("encap") == "yes",
        packets_in=int(text("packets-in") or 0),
        packets_out=int(text("packets-out") or 0),
        life=int(text("life-time") or 0),
        local=selector("local-ts"),
        remote=selector("remote-ts"),
    )


def clock(seconds: int) -> str:
    """A time as IOS tells it: 00:02:19, 1d02h, 3w5d, 1y10w."""
    hours, days = seconds // 3600, seconds // 86400
    if days < 1:
        return f"{hours:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if days < 7:
        return f"{days}d{hours % 24:02}h"
    return f"{days // 7}w{days % 7}d" if days < 365 else f"{days // 365}y{days % 365 // 7}w"
