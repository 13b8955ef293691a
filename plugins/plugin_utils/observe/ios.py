# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the state of an IOS router from its show commands: nothing changed, no judgement.

Whatever cannot be read becomes None with a reason in ``State.unreadable``; nothing here raises for what a
router says. The commands show no secret.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...module_utils.linux.observe_run import Sections
from ...module_utils.state import Host, Interface, State
from . import ios_crypto, ios_host, ios_interfaces, ios_nhrp, ios_routes, ios_routing
from .ios_text import Unreadable, plain

Run = Callable[[Sequence[str]], list[str]]
TRUSTPOINT = "mgre-dmvpn"
COMMANDS = (
    ios_host.VERSION,
    ios_host.CLOCK,
    ios_host.ROLLBACK,
    ios_interfaces.BRIEF,
    ios_interfaces.NULL_ROUTES,
    ios_nhrp.DMVPN,
    ios_nhrp.CACHE,
    ios_nhrp.SERVERS,
    ios_crypto.IKE,
    ios_crypto.IPSEC,
    ios_crypto.SESSIONS,
    ios_routing.BGP,
    ios_routing.NEIGHBORS,
    ios_routing.OSPF,
    ios_routing.EIGRP,
    ios_routing.BFD,
    ios_routes.ROUTES,
    ios_host.CERTIFICATES,
    ios_host.LOG,
)


def observe(run: Run, tunnels: Sequence[str] = (), trustpoint: str = TRUSTPOINT) -> State:
    """The state of a router. ``run`` sends commands in one go and returns what each answered.

    With ``tunnels`` one round trip is enough; without, all that the router has are read, in a second one.
    """
    asked = [*COMMANDS, *(c for name in tunnels for c in ios_interfaces.tunnel_commands(name))]
    answers = dict(zip(asked, map(plain, run(asked)), strict=True))
    if not tunnels:
        found = _tunnels(answers)
        more = [c for name in found for c in ios_interfaces.tunnel_commands(name)]
        answers.update(zip(more, map(plain, run(more) if more else []), strict=True))
        tunnels = found
    return parse(answers, tunnels, trustpoint)


def _tunnels(answers: dict[str, str]) -> list[str]:
    try:
        listed = ios_interfaces.brief(answers[ios_interfaces.BRIEF])
    except Unreadable:
        return []
    return [interface.name for interface in listed if interface.name.startswith("Tunnel")]


def parse(answers: dict[str, str], tunnels: Sequence[str], trustpoint: str = TRUSTPOINT) -> State:
    """The state from the answers to all commands."""
    state = State()
    known = Sections(state.unreadable).known

    def said(command: str) -> str:
        if command not in answers:
            raise Unreadable(f"'{command}' was not asked")
        return answers[command]

    clock = answers.get(ios_host.CLOCK, "")
    rollback = answers.get(ios_host.ROLLBACK, "")
    state.host = known("host", lambda: ios_host.host(said(ios_host.VERSION), clock, rollback)) or Host()
    state.nhrp = known("nhrp", lambda: ios_nhrp.nhrp(said(ios_nhrp.CACHE), said(ios_nhrp.SERVERS)))
    dmvpn = known("neighbours", lambda: ios_nhrp.dmvpn(said(ios_nhrp.DMVPN)))
    if dmvpn is not None:
        state.neighbours = [peer for tunnel in dmvpn for peer in tunnel.peers]
    by_name = {tunnel.name: tunnel for tunnel in dmvpn or []}
    answered = {nhs.interface for nhs in (state.nhrp.nhs if state.nhrp else None) or [] if nhs.responding}

    def interfaces() -> list[Interface]:
        listed = {interface.name: interface for interface in ios_interfaces.brief(said(ios_interfaces.BRIEF))}
        for name in tunnels:
            if name in listed:
                shown, told = (said(command) for command in ios_interfaces.tunnel_commands(name))
                listed[name] = ios_interfaces.tunnel(name, shown, told, by_name.get(name), name in answered)
        return list(listed.values())

    state.interfaces = known("interfaces", interfaces)
    state.guard = known(
        "guard",
        lambda: ios_interfaces.guard(state.interfaces, tunnels, said(ios_interfaces.NULL_ROUTES)),
    )
    state.sas = known(
        "sas",
        lambda: ios_crypto.security_associations(
            said(ios_crypto.IKE), said(ios_crypto.IPSEC), answers.get(ios_crypto.SESSIONS, "")
        ),
    )
    state.ike_errors = known("ike_errors", lambda: ios_host.ike_errors(said(ios_host.LOG), clock))
    state.bgp = known(
        "bgp", lambda: ios_routing.bgp(said(ios_routing.BGP), answers.get(ios_routing.NEIGHBORS))
    )
    state.ospf = known("ospf", lambda: ios_routing.ospf(said(ios_routing.OSPF)))
    state.eigrp = known("eigrp", lambda: ios_routing.eigrp(said(ios_routing.EIGRP)))
    state.bfd = known("bfd", lambda: ios_routing.bfd(said(ios_routing.BFD)))
    state.routes = known("routes", lambda: ios_routes.routes(said(ios_routes.ROUTES)))
    state.certificates = known(
        "certificates", lambda: ios_host.certificates(said(ios_host.CERTIFICATES), trustpoint)
    )
    return state
