# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs on the live router though its files are right: somebody stopped, removed or changed it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from . import frr
from .host import Host
from .preflight import AUTHORITY, CERTIFICATE
from .release import EVENTS_UNIT, GUARD_UNIT, SWANCTL, SYSCTL, Release
from .settings import proc, sysctl_keys
from .steps import CHARON, NET, SERVICES
from .store import Record


def unit_states(host: Host, units: list[str]) -> dict[str, tuple[bool, bool]]:
    """(enabled, active) of each unit; False for one that is not there."""
    told = host.run("systemctl", "show", "-p", "Id,UnitFileState,ActiveState", *units).out
    found = {}
    for block in told.split("\n\n"):
        values = dict(line.partition("=")[::2] for line in block.splitlines())
        if "Id" in values:
            found[values["Id"]] = (
                values.get("UnitFileState") == "enabled",
                values.get("ActiveState") in ("active", "reloading", "activating"),
            )
    return {unit: found.get(unit, (False, False)) for unit in units}


def digest(text: str) -> str:
    """What the record keeps of a file's text."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def credentials(host: Host, release: Release) -> dict[str, str]:
    """Hashes of the certificates that the connections use: charon reads them only when it is told."""
    held = {path: host.read(path) for path in (CERTIFICATE, AUTHORITY)}
    return {
        path: digest(text)
        for path, text in held.items()
        if text is not None and path.rpartition("/")[2] in release.text(SWANCTL)
    }


def drift(host: Host, wanted: Release, record: Record) -> Iterator[tuple[str, str]]:
    """(step, reason) for everything that does not run as its files say."""
    states = unit_states(host, [*wanted.units, *SERVICES])
    by_unit = {
        GUARD_UNIT: "guard",
        EVENTS_UNIT: "nhrp events",
        CHARON: "ipsec",
        frr.SERVICE: "frr daemons",
    }
    for unit, (enabled, active) in states.items():
        if not active:
            yield by_unit.get(unit, "tunnels"), f"{unit} is stopped"
        if not enabled:
            yield "units", f"{unit} does not start at boot"
    if not _guarded(host, wanted.firewall):
        yield "guard", "the guard's rules are not loaded"
    for name in wanted.tunnels.values():
        if not host.exists(f"{NET}/{name}"):
            yield "tunnels", f"{name} is missing"
    held_routes = host.run("ip", "-4", "route", "show", "type", "blackhole").out
    for route in wanted.last_resorts:
        if route not in held_routes:
            yield "tunnels", f"the route '{route}' is missing"
    for key, value in sysctl_keys(wanted.text(SYSCTL)).items():
        held = host.read(proc(key))
        if held is not None and held.strip() != value:
            yield "sysctl", f"{key} is {held.strip()}"
    if states[CHARON][1]:
        loaded = set(re.findall(r"^([^\s:]+): ", host.run("swanctl", "--list-conns").out, re.MULTILINE))
        for name in connections(wanted.text(SWANCTL)):
            if name not in loaded:
                yield "ipsec", f"charon does not have the connection {name}"
    if credentials(host, wanted) != record.credentials:
        yield "ipsec", "the certificates changed"


def connections(text: str) -> list[str]:
    """Names of the connections in our swanctl.conf."""
    return re.findall(r"^ {4}(mgre-\S+) \{", text, re.MULTILINE)


def _guarded(host: Host, firewall: str | None) -> bool:
    if firewall == "nftables":
        return not host.run("nft", "-t", "list", "table", "inet", "mgre_dmvpn_guard").status
    return "-A OUTPUT -j MGRE-DMVPN-OUT" in host.run("iptables", "-w", "-S").out
