# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The event daemon's configuration file; its keys are described in docs/nhrp-events.md."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path


class ConfigError(Exception):
    """The file cannot be read, or says something that it cannot mean."""


@dataclass(frozen=True, slots=True)
class Bfd:
    """BFD sessions of a hub with its spokes: from which address, with which of FRR's profiles."""

    local: str
    multihop: bool
    profile: str


@dataclass(frozen=True, slots=True)
class Interface:
    """One tunnel. ``source`` is None where DHCP assigns the address of the WAN ``dev``.

    ``bfd`` is None where this router keeps no BFD sessions of its own accord. ``hubs`` are the
    other hubs, tunnel address to NBMA address, for a hub that hears of spokes by BGP. ``nhs`` are those that
    a spoke registers with, in the same form.
    """

    cloud: str
    role: str
    key: int
    prefix: IPv4Network
    dev: str
    source: str | None
    check_identity: bool
    bfd: Bfd | None = None
    hubs: Mapping[str, str] = field(default_factory=dict)
    nhs: Mapping[str, str] = field(default_factory=dict)

    def holds(self, address: str) -> bool:
        """Whether this is a tunnel address of the cloud, and no host behind a peer."""
        return IPv4Address(address) in self.prefix


@dataclass(frozen=True, slots=True)
class Config:
    """The socket that nhrpd connects to, and the tunnels by interface name."""

    socket: str
    interfaces: dict[str, Interface]


def read_config(path: Path) -> Config:
    """Raises :class:`ConfigError` with everything that is wrong. Unknown keys are ignored."""
    try:
        raw = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; the linux role writes this file") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error
    problems: list[str] = []
    interfaces: dict[str, Interface] = {}
    listed = raw.get("interfaces") if isinstance(raw, dict) else None
    if not isinstance(listed, dict):
        raise ConfigError(f'{path}: write {{"socket": PATH, "interfaces": {{NAME: {{...}}}}}}')
    if not isinstance(raw.get("socket"), str) or not raw["socket"].startswith("/"):
        problems.append("socket: write an absolute path")
    for name, values in listed.items():
        found = _wrong(values) if isinstance(values, dict) else ["write a table of values"]
        problems += [f"interfaces.{name}: {problem}" for problem in found]
        if not found:
            bfd = values.get("bfd")
            interfaces[name] = Interface(
                cloud=values["cloud"],
                role=values["role"],
                key=values["key"],
                prefix=IPv4Network(values["prefix"]),
                dev=values["dev"],
                source=values["source"],
                check_identity=values["check_identity"],
                bfd=Bfd(**{key: bfd[key] for key in ("local", "multihop", "profile")}) if bfd else None,
                hubs=dict(values.get("hubs", {})),
                nhs=dict(values.get("nhs", {})),
            )
    if problems:
        raise ConfigError(f"{path}: " + "; ".join(problems))
    return Config(raw["socket"], interfaces)


def _wrong(values: dict[str, object]) -> list[str]:
    key, dev, source = values.get("key"), values.get("dev"), values.get("source", "")
    checks = {
        "cloud: write the cloud's name": isinstance(values.get("cloud"), str),
        "role: write hub or spoke": values.get("role") in ("hub", "spoke"),
        "key: write the GRE key, 0 to 4294967295": _is_gre_key(key),
        "prefix: write the overlay prefix, as 10.255.0.0/22": _is_network(values.get("prefix")),
        "dev: write the WAN interface, at most 15 characters": isinstance(dev, str) and 0 < len(dev) <= 15,
        "source: write the WAN address, or null for DHCP": source is None or _is_address(source),
        "bfd: write null, or a local address, multihop and a profile": _is_bfd(values.get("bfd")),
        "hubs: write a table of tunnel addresses and NBMA addresses": _is_addresses(values.get("hubs", {})),
        "nhs: write a table of tunnel addresses and NBMA addresses": _is_addresses(values.get("nhs", {})),
        "check_identity: write true or false": isinstance(values.get("check_identity"), bool),
    }
    return [problem for problem, right in checks.items() if not right]


def _is_bfd(value: object) -> bool:
    if not isinstance(value, dict):
        return value is None
    profile = value.get("profile")
    return (
        _is_address(value.get("local"))
        and isinstance(value.get("multihop"), bool)
        # It becomes part of a command.
        and isinstance(profile, str)
        and re.fullmatch(r"[\w.-]{1,64}", profile) is not None
    )


def _is_gre_key(value: object) -> bool:
    # JSON's true is a bool, which Python takes for an int.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32


def _is_network(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(IPv4Network(value))
    except ValueError:
        return False


def _is_addresses(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_address, (*value, *value.values())))


def _is_address(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(IPv4Address(value))
    except AddressValueError:
        return False
