# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the state of a Linux router: few processes, nothing changed, no judgement.

Whatever cannot be read becomes None with a reason in ``State.unreadable``; nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ..state import State
from . import observe_frr, observe_guard, observe_host, observe_ip, observe_kernel, observe_vici
from .observe_run import Sections

T = TypeVar("T")


def observe(units: Sequence[str], certificates: Sequence[str], firewall: str) -> State:
    """The state of this router. ``firewall`` is nftables or iptables, ``certificates`` are paths."""
    state = State(host=observe_host.host())
    unreadable = state.unreadable
    known = Sections(unreadable).known

    # One hung program must not add its timeout to that of the next.
    with ThreadPoolExecutor(max_workers=4) as pool:

        def later(section: str, read: Callable[[], T]) -> Future[T | None]:
            return pool.submit(known, section, read)

        sas = later("sas", observe_vici.security_associations)
        interfaces = later("interfaces", observe_ip.interfaces)
        neighbours = later("neighbours", observe_ip.neighbours)
        routes = later("routes", observe_ip.routes)
        guard = later("guard", lambda: observe_guard.guard(firewall))
        services = later("services", lambda: observe_host.services(units))
        certificate = later("certificates", lambda: observe_host.certificates(certificates))
        errors = later("ike_errors", observe_host.ike_errors)

        state.kernel = known("kernel", observe_kernel.kernel)
        state.daemons = known("daemons", observe_frr.daemons)
        running = [name for name, status in (state.daemons or {}).items() if status == "running"]
        answers = observe_frr.ask(running)
        for section, daemon, read in (
            ("nhrp", "nhrpd", observe_frr.nhrp),
            ("bgp", "bgpd", observe_frr.bgp),
            ("ospf", "ospfd", observe_frr.ospf),
            ("bfd", "bfdd", observe_frr.bfd),
        ):
            if daemon in running:
                setattr(state, section, known(section, lambda read=read: read(answers)))  # type: ignore[misc]
            else:
                unreadable[section] = f"{daemon} is not running"
        state.interfaces = interfaces.result()
        state.neighbours = neighbours.result()
        state.routes = routes.result()
        state.sas = sas.result()
        state.ike_errors = errors.result()
        state.guard = guard.result()
        state.services = services.result()
        state.certificates = certificate.result()
    return state
