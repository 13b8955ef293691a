# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts the live commands into the device's exec mode."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..execs import Handler, Registry
from ..session import Session
from . import show_crypto, show_log, show_nhrp, show_path, show_pki, show_routing
from .daemons import Daemons
from .system import System

Settled = Callable[[], Awaitable[None]]
Say = Callable[[Session, dict[str, str]], str]


def register(execs: Registry, daemons: Daemons, system: System, settled: Settled) -> None:
    """Add every command. Each waits until the configuration is applied, and blocks nobody meanwhile."""

    def live(say: Say) -> Handler:
        async def handler(session: Session, values: dict[str, str]) -> str:
            await settled()
            return await asyncio.to_thread(say, session, values)

        return handler

    def add(syntax: str, say: Say, privilege: int = 1) -> None:
        execs.add(syntax, live(say), privilege)

    d = daemons
    add(
        "show dmvpn [detail]",
        lambda s, _: show_nhrp.dmvpn_detail(d) if s.said("detail") else show_nhrp.dmvpn(d),
    )
    add("show ip nhrp [name:INTERFACE] [detail]", lambda _, v: show_nhrp.nhrp(d, v.get("name", "")))
    add("show ip nhrp nhs [name:INTERFACE] [detail]", lambda _, v: show_nhrp.nhs(d, v.get("name", "")))
    add("show crypto ikev2 sa [detailed]", lambda s, _: show_crypto.ikev2(d, s.said("detailed")))
    add("show crypto session [detail]", lambda s, _: show_crypto.session(d, s.said("detail")))
    add("show crypto ipsec sa", lambda _, __: show_crypto.ipsec(d))
    add("show ip bgp summary", lambda _, __: show_routing.bgp_summary(d))
    add("show ip bgp neighbors [peer:A.B.C.D]", lambda _, v: show_routing.bgp_neighbors(d, v.get("peer", "")))
    add("show ip ospf neighbor", lambda _, __: show_routing.ospf_neighbors(d))
    add("show ip eigrp neighbors", lambda _, __: "")
    add("show bfd neighbors [details]", lambda _, __: show_routing.bfd(d))
    add("show ip route", lambda _, __: show_path.routes(d))
    add("show ip interface brief", lambda _, __: show_path.brief(d))
    add("show ip interface name:INTERFACE", _ip_interface(d))
    add(
        "show crypto pki certificates [trustpoint:WORD]",
        lambda _, v: show_pki.certificates(system, v.get("trustpoint", "")),
    )
    add("show logging", lambda _, __: show_log.log(system))
    options = "[{source {source:A.B.C.D | source:INTERFACE} | size size:<36-18024> | df-bit"
    options += " | repeat repeat:<1-2147483647> | timeout timeout:<0-3600>}+]"
    add(
        f"ping [ip] target:A.B.C.D {options}",
        lambda s, v: show_path.ping(d, v, s.said("df-bit")),
    )
    _interfaces(execs, d, live)
    _clears(add, d, system)


def _ip_interface(daemons: Daemons) -> Say:
    def say(_unused: Session, values: dict[str, str]) -> str:
        tunnel = next((one for one in daemons.plan.tunnels if one.name == values["name"]), None)
        if tunnel is None:
            return f"% {values['name']} is no tunnel"
        return show_path.ip_interface(daemons, tunnel)

    return say


def _interfaces(execs: Registry, daemons: Daemons, live: Callable[[Say], Handler]) -> None:
    """Tunnels are told of by the node, other interfaces by the device, as before."""
    found = execs.find("show interfaces", 15)
    assert isinstance(found, tuple)
    before = found[0].handler

    def tunnel(session: Session, values: dict[str, str]) -> str:
        one = next(one for one in daemons.plan.tunnels if one.name == values["name"])
        node = session.device.config.get(f"interface {one.name}")
        described = node.get("description") if node else None
        return show_path.interface(daemons, one, " ".join(described.words[1:]) if described else "")

    def handler(session: Session, values: dict[str, str]) -> str | Awaitable[str]:
        known = any(one.name == values.get("name") for one in daemons.plan.tunnels)
        return live(tunnel)(session, values) if known else before(session, values)

    execs.add("show interfaces [name:INTERFACE]", handler)


def _clears(add: Callable[[str, Say, int], None], daemons: Daemons, system: System) -> None:
    def crypto(_unused: Session, values: dict[str, str]) -> str:
        for one in daemons.ikes():
            if values.get("peer") in (None, one.remote):
                system.run("swanctl", "--terminate", "--ike-id", str(one.number), "--force")
        return ""

    def nhrp(_unused: Session, __: dict[str, str]) -> str:
        system.vty("nhrpd", "clear ip nhrp shortcut")
        system.vty("nhrpd", "clear ip nhrp cache")
        return ""

    def bgp(session: Session, values: dict[str, str]) -> str:
        soft = " soft" if session.said("soft") else ""
        system.vty("bgpd", f"clear bgp ipv4 unicast {values.get('peer', '*')}{soft}")
        return ""

    def both(session: Session, values: dict[str, str]) -> str:
        return crypto(session, values) + nhrp(session, values)

    add("clear crypto session [remote peer:A.B.C.D]", crypto, 15)
    add("clear crypto ikev2 sa [fast]", crypto, 15)
    add("clear crypto sa [peer peer:A.B.C.D]", crypto, 15)
    add("clear dmvpn session", both, 15)
    add("clear ip nhrp", nhrp, 15)
    add("clear ip bgp {* | peer:A.B.C.D} [soft]", bgp, 15)
