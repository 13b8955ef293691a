# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab as it is written down: routers, what connects them, and the checks of a topology file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any, Literal

import yaml

from .host import LabError
from .image import SUITES

MANAGEMENT = IPv4Network("192.168.250.0/24")
TOPOLOGIES = Path(__file__).with_name("topologies")
_NODE = re.compile(r"[a-z][a-z0-9-]{0,9}")
_WAN = re.compile(r"wan[1-9]")
_VRF = re.compile(r"[a-z][a-z0-9-]{0,9}")


@dataclass(frozen=True, slots=True)
class Nat:
    """A NAT box: routers on ``inside`` share (masquerade) or own (static, 1:1) its ``public`` address."""

    name: str
    provider: str
    public: IPv4Interface
    inside: IPv4Interface
    kind: Literal["masquerade", "static"]
    firewall: Literal["nftables", "iptables"]


@dataclass(frozen=True, slots=True)
class Wan:
    """One WAN interface of a router; with ``dhcp``, ``address`` is the lease it starts with.

    ``vrf`` is the front-door VRF that it is in.
    """

    interface: str
    via: str
    address: IPv4Interface
    gateway: IPv4Address
    dhcp: bool
    vrf: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One router. Its site number gives its LAN, its LAN client and its management address.

    With the platform ``ios`` it stands in for a Cisco router of a ``release``: see docs/ios-alive.md.
    """

    name: str
    platform: Literal["linux", "ios"]
    release: str
    debian: int
    memory: int
    site: int
    wans: tuple[Wan, ...]

    @property
    def management(self) -> IPv4Address:
        return MANAGEMENT[self.site + 10]

    @property
    def lan(self) -> IPv4Interface:
        return IPv4Interface(f"10.{self.site}.0.1/24")

    @property
    def client(self) -> IPv4Interface:
        return IPv4Interface(f"10.{self.site}.0.10/24")

    @property
    def ssh_port(self) -> int:
        """Where the node's own sshd listens; on a stand-in, port 22 is the Cisco router's."""
        return 2222 if self.platform == "ios" else 22

    def mac(self, interface: str) -> str:
        """Locally administered, from site and interface: the same in every run."""
        kind = {"mgmt": 0, "lan": 1, "wan": 2}[interface.rstrip("0123456789")]
        return f"02:4d:47:{kind:02x}:{int(interface[-1]):02x}:{self.site:02x}"


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything that one lab consists of."""

    text: str
    providers: tuple[str, ...]
    nats: dict[str, Nat]
    nodes: dict[str, Node]

    def node(self, name: str) -> Node:
        if name not in self.nodes:
            raise LabError(f"no node {name} in this lab; it has {', '.join(self.nodes)}")
        return self.nodes[name]

    def link(self, name: str) -> tuple[Node, str]:
        """Node and interface of a link's name: ``NODE`` (its first WAN) or ``NODE:INTERFACE``."""
        node_name, _colon, interface = name.partition(":")
        node = self.node(node_name)
        interface = interface or node.wans[0].interface
        known = ["lan1", *(wan.interface for wan in node.wans)]
        if interface not in known:
            raise LabError(f"{node_name} has no link {interface}; it has {', '.join(known)}")
        return node, interface

    def wan_links(self) -> list[str]:
        return [f"{node.name}:{wan.interface}" for node in self.nodes.values() for wan in node.wans]


def interface_name(node: Node, interface: str) -> str:
    """What the platform of a node calls one of its interfaces: wan1, or GigabitEthernet1 on a Cisco router.

    Their order there is wan1, lan1, wan2 and so on.
    """
    if node.platform == "linux":
        return interface
    names = [node.wans[0].interface, "lan1", *(wan.interface for wan in node.wans[1:])]
    return f"GigabitEthernet{names.index(interface) + 1}"


def load(name: str) -> Topology:
    """Read a topology: a path, or the name of a file in topologies/. Raises LabError with every mistake."""
    path = Path(name)
    if not path.exists():
        path = TOPOLOGIES / f"{name}.yml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in TOPOLOGIES.glob("*.yml")))
        raise LabError(f"no topology {name}; give a file, or one of {known}")
    return parse(path.read_text(), path.name)


def parse(text: str, source: str) -> Topology:
    """Check and complete a topology; ``source`` names it in messages."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as err:
        raise LabError(f"{source}: not YAML: {err}") from None
    reader = _Reader(source)
    topology = reader.topology(data if isinstance(data, dict) else {}, text)
    if reader.wrong:
        raise LabError("\n".join(reader.wrong))
    return topology


class _Reader:
    """Collects every mistake of one file, so that the user sees them all at once."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.wrong: list[str] = []

    def topology(self, data: dict[str, Any], text: str) -> Topology:
        self._only("topology", data, {"providers", "nats", "nodes"})
        providers = tuple(data.get("providers") or ["internet"])
        nats = {
            name: self._nat(name, spec or {}, providers) for name, spec in (data.get("nats") or {}).items()
        }
        found = (
            self._node(name, spec or {}, providers, nats) for name, spec in (data.get("nodes") or {}).items()
        )
        nodes = {node.name: node for node in found if node}
        if not nodes:
            self._say("nodes", "there is none; write at least one router")
        sites: dict[int, str] = {}
        for node in nodes.values():
            if node.site in sites:
                self._say(
                    f"nodes.{node.name}.site",
                    f"{node.site} is also {sites[node.site]}'s; write another number",
                )
            sites[node.site] = node.name
        return Topology(text, providers, nats, nodes)

    def _say(self, where: str, what: str) -> None:
        self.wrong.append(f"{self.source}: {where}: {what}")

    def _only(self, where: str, data: dict[str, Any], known: set[str]) -> None:
        for key in sorted(set(map(str, data)) - known):
            self._say(where, f"unknown key {key}; write one of {', '.join(sorted(known))}")

    def _interface(self, where: str, value: object) -> IPv4Interface:
        try:
            interface = IPv4Interface(str(value))
        except ValueError:
            interface = None
        if interface is None or interface.network.prefixlen > 30:
            self._say(where, f"{value} is no IPv4 address with prefix length; write e.g. 198.51.100.2/30")
            return IPv4Interface("198.51.100.2/30")
        return interface

    def _nat(self, name: str, spec: dict[str, Any], providers: tuple[str, ...]) -> Nat:
        where = f"nats.{name}"
        self._only(where, spec, {"provider", "public", "inside", "kind", "firewall"})
        kind, firewall = spec.get("kind", "masquerade"), spec.get("firewall", "nftables")
        if kind not in ("masquerade", "static"):
            self._say(f"{where}.kind", f"{kind}: write masquerade or static")
        if firewall not in ("nftables", "iptables"):
            self._say(f"{where}.firewall", f"{firewall}: write nftables or iptables")
        provider = spec.get("provider", providers[0])
        if provider not in providers:
            self._say(f"{where}.provider", f"no provider {provider}; write one of {', '.join(providers)}")
        public = self._interface(f"{where}.public", spec.get("public"))
        return Nat(
            name, provider, public, self._interface(f"{where}.inside", spec.get("inside")), kind, firewall
        )

    def _node(
        self, name: str, spec: dict[str, Any], providers: tuple[str, ...], nats: dict[str, Nat]
    ) -> Node | None:
        where = f"nodes.{name}"
        if not _NODE.fullmatch(name):
            self._say(where, "a node's name is at most 10 of a-z, 0-9 and -, and begins with a letter")
            return None
        wan_names = sorted(key for key in spec if _WAN.fullmatch(str(key)))
        self._only(where, spec, {"site", "platform", "release", "debian", "memory", "wan1", *wan_names})
        platform = spec.get("platform", "linux")
        site, debian = spec.get("site"), spec.get("debian", 13)
        # A stand-in has an SSH server in Python beside the daemons.
        memory = spec.get("memory", 320 if platform == "ios" else 256)
        if not isinstance(site, int) or not 1 <= site <= 240:
            self._say(f"{where}.site", f"{site}: write a number from 1 to 240")
            return None
        if platform not in ("linux", "ios"):
            self._say(f"{where}.platform", f"{platform}: write linux or ios")
        release = str(spec.get("release", "17.15"))
        if "release" in spec and platform != "ios":
            self._say(f"{where}.release", "only an ios node has one; leave it out")
        if not re.fullmatch(r"\d+\.\d+", release):
            self._say(f"{where}.release", f'{release}: write such as "17.15" or "15.9", in quotes')
        if platform == "ios" and debian != 13:
            self._say(f"{where}.debian", f"{debian}: an ios node runs on 13 only; leave it out")
        if debian not in SUITES:
            self._say(f"{where}.debian", f"{debian}: write {' or '.join(map(str, SUITES))}")
        if not isinstance(memory, int) or memory < 192:
            self._say(f"{where}.memory", f"{memory}: write MiB, at least 192")
        if not wan_names:
            self._say(where, "no WAN; write wan1")
        wans = tuple(self._wan(f"{where}.{key}", key, spec[key], providers, nats) for key in wan_names)
        if platform == "ios" and any(wan.vrf for wan in wans):
            self._say(where, "an ios node has no VRF; leave vrf out")
        return Node(name, platform, release, debian, memory, site, wans)

    def _wan(
        self, where: str, interface: str, spec: object, providers: tuple[str, ...], nats: dict[str, Nat]
    ) -> Wan:
        data: dict[str, Any] = spec if isinstance(spec, dict) else {"address": spec}
        self._only(where, data, {"address", "dhcp", "via", "vrf"})
        via = str(data.get("via", providers[0]))
        if via not in providers and via not in nats:
            self._say(f"{where}.via", f"{via}: write one of {', '.join([*providers, *nats])}")
        if ("dhcp" in data) == ("address" in data):
            self._say(where, "write either address (static) or dhcp (the first lease), with prefix length")
        address = self._interface(where, data.get("address", data.get("dhcp")))
        nat = nats.get(via)
        if nat and address.network != nat.inside.network:
            self._say(where, f"{address} is not inside {via}; write an address of {nat.inside.network}")
        if nat and "dhcp" in data:
            self._say(where, "DHCP behind a NAT box is not offered; write address")
        vrf = data.get("vrf")
        if vrf is not None and not _VRF.fullmatch(str(vrf)):
            self._say(f"{where}.vrf", f"{vrf}: write at most 10 of a-z, 0-9 and -, a letter first")
        first = next(address.network.hosts())
        if first == address.ip and not nat:
            self._say(where, f"{first} is the provider's own address; write another of {address.network}")
        return Wan(interface, via, address, nat.inside.ip if nat else first, "dhcp" in data, vrf)
