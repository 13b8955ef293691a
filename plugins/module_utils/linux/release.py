# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A release: everything of ours on a router at one time, as the bundle wants it or as it is now."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ETC = "/etc/mgre-dmvpn"
FRAGMENT = f"{ETC}/frr.conf"
DAEMONS = f"{ETC}/daemons"
GUARDS = {"nftables": f"{ETC}/guard.nft", "iptables": f"{ETC}/guard.iptables"}
EVENTS_CONFIG = f"{ETC}/nhrp-events.json"
PROGRAMS = "/usr/local/lib/mgre-dmvpn"
PROGRAM = f"{PROGRAMS}/nhrp_events.py"
SWANCTL = "/etc/swanctl/conf.d/mgre-dmvpn.conf"
SWANCTL_SECRETS = "/etc/swanctl/conf.d/mgre-dmvpn-secrets.conf"
STRONGSWAN = "/etc/strongswan.d/mgre-dmvpn.conf"
SYSCTL = "/etc/sysctl.d/90-mgre-dmvpn.conf"
SYSTEMD = "/etc/systemd/system"
GUARD_UNIT = "mgre-dmvpn-guard.service"
EVENTS_UNIT = "mgre-dmvpn-nhrp-events.service"

# What we may ever write: a bundle that names another place is refused.
PLACES = (
    f"{ETC}/",
    f"{PROGRAMS}/",
    "/etc/swanctl/conf.d/mgre-dmvpn",
    "/etc/strongswan.d/mgre-dmvpn",
    "/etc/sysctl.d/90-mgre-dmvpn",
    f"{SYSTEMD}/mgre-dmvpn-",
    f"{SYSTEMD}/frr.service.d/mgre-dmvpn",
    f"{SYSTEMD}/strongswan.service.d/mgre-dmvpn",
)
_LAST_RESORT = re.compile(r"ip route replace (blackhole \S+ metric \d+)$", re.MULTILINE)
_BLOCK = re.compile(
    r"ip xfrm policy update (src \S+ dst \S+ proto gre dev \S+ dir \S+) priority", re.MULTILINE
)
_REFERENCE = re.compile(r"@@secret:([^@\n]+)@@")


class BadBundle(Exception):
    """The bundle cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class File:
    """``text`` is what the router gets; ``shown`` is what a diff shows, references instead of secrets."""

    text: str
    mode: int
    shown: str


@dataclass(frozen=True, slots=True)
class Release:
    """``tunnels`` maps the unit of a tunnel to its interface, in the order of the inventory."""

    files: Mapping[str, File] = field(default_factory=dict)
    tunnels: Mapping[str, str] = field(default_factory=dict)
    firewall: str | None = None

    def text(self, path: str) -> str:
        """The text of a file, empty where this release has none."""
        return self.files[path].text if path in self.files else ""

    @property
    def daemons(self) -> tuple[str, ...]:
        """FRR daemons that the release needs."""
        lines = (line.strip() for line in self.text(DAEMONS).splitlines())
        return tuple(line.removesuffix("=yes") for line in lines if line.endswith("=yes") and line[0] != "#")

    @property
    def units(self) -> tuple[str, ...]:
        """Our own units, in the order in which they start."""
        held = (GUARD_UNIT, *self.tunnels, EVENTS_UNIT)
        return tuple(unit for unit in held if f"{SYSTEMD}/{unit}" in self.files)

    @property
    def last_resorts(self) -> tuple[str, ...]:
        """The kernel's routes, as ``ip`` writes them, where packets between sites end when FRR is gone."""
        texts = (self.text(f"{SYSTEMD}/{unit}") for unit in self.tunnels)
        return tuple(dict.fromkeys(route for text in texts for route in _LAST_RESORT.findall(text)))

    def digest(self) -> str:
        """What tells this release from another; secrets count."""
        return hashlib.sha256(json.dumps(self.dump(), sort_keys=True).encode()).hexdigest()

    @property
    def blocks(self) -> tuple[str, ...]:
        """The kernel's IPsec policies of the last priority, as ``ip`` takes them, that block GRE on a WAN."""
        texts = (self.text(f"{SYSTEMD}/{unit}") for unit in self.tunnels)
        return tuple(dict.fromkeys(block for text in texts for block in _BLOCK.findall(text)))

    def dump(self) -> dict[str, Any]:
        """As JSON; it holds secrets."""
        return {
            "files": {
                path: {"text": file.text, "mode": file.mode, "shown": file.shown}
                for path, file in self.files.items()
            },
            "tunnels": dict(self.tunnels),
            "firewall": self.firewall,
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Release:
        files = {path: File(f["text"], f["mode"], f["shown"]) for path, f in data["files"].items()}
        return cls(files, dict(data["tunnels"]), data["firewall"])


def from_bundle(
    manifest: Mapping[str, Any],
    texts: Mapping[str, str],
    programs: Mapping[str, str],
    secrets: Mapping[str, str],
) -> Release:
    """The release that a bundle wants; ``programs`` are the event daemon's files by name.

    Raises :class:`BadBundle`.
    """
    files = {}
    for entry in manifest["files"]:
        path = str(entry["path"])
        if path not in texts:
            raise BadBundle(f"the bundle lacks {path}, which its manifest lists; render it again")
        files[path] = File(resolve(texts[path], secrets), int(str(entry["mode"]), 8), texts[path])
    for name, text in programs.items():
        path = f"{PROGRAMS}/{name}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        files[path] = File(text, 0o755 if path == PROGRAM else 0o644, f"program, SHA-256 {digest}\n")
    for path in files:
        if ".." in path or not path.startswith(PLACES):
            raise BadBundle(f"the bundle has a file for {path}, which is no place of this collection")
    tunnels = [unit for unit in manifest["units"] if unit not in (GUARD_UNIT, EVENTS_UNIT)]
    interfaces = [str(name) for name in manifest["interfaces"]]
    if len(tunnels) != len(interfaces):
        raise BadBundle("the manifest does not name one unit per tunnel interface; render the bundle again")
    return Release(files, dict(zip(tunnels, interfaces, strict=True)), str(manifest["firewall"]))


def resolve(text: str, secrets: Mapping[str, str]) -> str:
    """Put secrets in the place of references. Raises :class:`BadBundle` for an unknown one."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in secrets:
            raise BadBundle(f"there is no secret {match[1]}")
        return secrets[match[1]]

    return _REFERENCE.sub(value, text)
