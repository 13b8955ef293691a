# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a router can carry a release at all: every obstacle in one line that says what to do."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .host import Host
from .release import SWANCTL, Release
from .steps import NET
from .store import Record

DEBIAN = ("12", "13")
STRONGSWAN_MINIMUM = (5, 9, 6)  # the first with start_action = trap for remote_addrs = %any
PACKAGES = ("frr", "frr-pythontools", "strongswan-swanctl", "charon-systemd")
KEY = "/etc/swanctl/private/mgre-dmvpn.key"
CERTIFICATE = "/etc/swanctl/x509/mgre-dmvpn.crt"
AUTHORITY = "/etc/swanctl/x509ca/mgre-dmvpn-ca.crt"


def version(text: str) -> tuple[int, ...]:
    """The leading numbers of a package version: 5.9.8-5+deb12u6 is (5, 9, 8)."""
    match = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def packages(host: Host) -> dict[str, tuple[int, ...]]:
    """Versions of the installed packages among those that we need."""
    listed = host.run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\\n", *PACKAGES).out
    words = (line.split() for line in listed.splitlines())
    return {word[0]: version(word[2]) for word in words if len(word) == 3 and word[1] == "installed"}


def obstacles(
    host: Host,
    wanted: Release,
    intent: Mapping[str, Any],
    record: Record,
    held: Mapping[str, tuple[int, ...]],
) -> Iterator[str]:
    """What stands in the way on this router; ``held`` comes from :func:`packages`."""
    yield from _system(host)
    lacking = [name for name in PACKAGES if name not in held]
    if lacking:
        yield f"not installed: {', '.join(lacking)}; let the role mgre.dmvpn.linux install them"
    else:
        yield from _versions(intent, held)
    if not host.exists(f"{NET}/gre0") and host.run("modprobe", "--dry-run", "ip_gre").status:
        yield "the kernel has no GRE (module ip_gre); install a kernel that has it"
    yield from _interfaces(host, wanted, intent, record)
    if not host.run("systemctl", "is-active", "--quiet", "strongswan-starter.service").status:
        yield "strongswan-starter runs, and only one IKE daemon can; use swanctl, disable it"
    if CERTIFICATE.rpartition("/")[2] in wanted.text(SWANCTL):
        absent = [path for path in (KEY, CERTIFICATE, AUTHORITY) if not host.exists(path)]
        if absent:
            yield f"no {', no '.join(absent)}; run the role mgre.dmvpn.pki first, or put your own there"


def warnings(held: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    """What works, but not as well as it should."""
    if held.get("frr", ())[:2] == (8, 4):
        yield "FRR 8.4 can crash nhrpd when peers change (fixed in 8.5.5); Debian 13 has a newer one"


def _system(host: Host) -> Iterator[str]:
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', host.read("/etc/os-release") or "", re.MULTILINE))
    if release.get("ID") != "debian" or release.get("VERSION_ID") not in DEBIAN:
        name = release.get("PRETTY_NAME", "an unknown system")
        yield f"runs {name}; supported are Debian {' and '.join(DEBIAN)}"


def _versions(intent: Mapping[str, Any], held: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    runs = held["frr"][:2]
    told = ".".join(map(str, runs))
    if runs in ((10, 0), (10, 1)):
        yield f"FRR {told} breaks NHRP shortcuts; install another version"
    declared = intent.get("frr_version")
    wants = version(declared) if isinstance(declared, str) else tuple(declared or ())
    if wants and wants[:2] != runs:
        said = ".".join(map(str, wants[:2]))
        yield f'runs FRR {told}, the inventory says {said}; write dmvpn_frr_version: "{told}"'
    swan = held["strongswan-swanctl"]
    if swan < STRONGSWAN_MINIMUM:
        yield f"strongSwan {'.'.join(map(str, swan))} is too old; 5.9.6 or newer is needed"


def _interfaces(host: Host, wanted: Release, intent: Mapping[str, Any], record: Record) -> Iterator[str]:
    folder = host.at(NET)
    there = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    for transport in intent.get("transports", ()):
        name = transport["interface"]
        if name not in there:
            yield (
                f"transport {transport['name']} is on {name}, which the router does not have; "
                f"it has {', '.join(there) or 'none'}"
            )
    yield from _vrfs(host, intent, there)
    for name in wanted.tunnels.values():
        if name in there and name not in record.tunnels.values():
            yield f"has an interface {name} that is not ours; rename or remove it, or change the cloud number"


def _vrfs(host: Host, intent: Mapping[str, Any], there: list[str]) -> Iterator[str]:
    """A front-door VRF and what is in it are the router's own, as on IOS; the inventory only names it."""
    listed = host.run("ip", "-j", "link", "show", "type", "vrf").out
    vrfs = {row["ifname"] for row in json.loads(listed or "[]") if "ifname" in row}
    for transport in intent.get("transports", ()):
        name, wan, wanted = transport["name"], transport["interface"], transport.get("vrf")
        master = host.at(f"{NET}/{wan}/master")
        held = os.readlink(master).rpartition("/")[2] if master.is_symlink() else None
        if wan not in there:
            continue
        if wanted and wanted not in vrfs:
            yield (
                f"transport {name} is in the VRF {wanted}, which the router does not have; make it (in "
                f"systemd-networkd Kind=vrf) with {wan} in it and a default route, or correct "
                f"dmvpn_transports.{name}.vrf"
            )
        elif wanted and held != wanted:
            where = f"in {held}" if held else "in no VRF"
            remedy = f"correct dmvpn_transports.{name}.vrf, or move {wan}"
            yield f"{wan} is {where}, the inventory says {wanted}; {remedy}"
        elif not wanted and held in vrfs:
            yield f"{wan} is in the VRF {held}; write vrf: {held} in dmvpn_transports.{name}"
