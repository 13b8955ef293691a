# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads a whole running configuration into a plan: tunnels here, what they are made of in read_*.py."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, NetmaskValueError

from . import read_crypto, read_routing
from .lines import Line, parse
from .plan import Connection, Facts, Nhrp, Nhs, Ospf, Plan, Port, Tunnel

# Since this release `ip nhrp shortcut` and `ip nhrp map multicast dynamic` are on unless taken away.
_DEFAULTS_SINCE = (15, 7)


def read(text: str, facts: Facts) -> Plan:
    """What a running configuration asks for. What cannot be fulfilled is in ``unmet``; nothing is raised."""
    root = parse(text)
    connections: dict[str, Connection] = {}
    tunnels: list[Tunnel] = []
    for line in root.all("interface"):
        name = line.words[1]
        if name.startswith("Tunnel") and name[6:].isdigit():
            tunnels.append(_tunnel(root, line, facts, connections))
    tunnels = _alone_on_their_source(root, tunnels)
    ports = [
        (port.device, found)
        for line in root.all("interface")
        if (port := facts.ports.get(line.words[1])) and (found := _ospf(line))
    ]
    unmet = [f"{tunnel.name}: {tunnel.down}" for tunnel in tunnels if tunnel.down]
    used = {tunnel.connection for tunnel in tunnels if not tunnel.down}
    bgp, ospf, more = read_routing.processes(root, [tunnel.name for tunnel in tunnels])
    return Plan(
        hostname=root.word("hostname", "Router"),
        tunnels=tuple(tunnels),
        connections=tuple(one for name, one in sorted(connections.items()) if name in used),
        bgp=bgp,
        ospf=ospf,
        ospf_ports=tuple(ports),
        routes=read_routing.statics(root, facts),
        policy=read_routing.policy(root),
        unmet=(*unmet, *more),
    )


def _tunnel(root: Line, line: Line, facts: Facts, connections: dict[str, Connection]) -> Tunnel:
    name = line.words[1]
    source = _source(line.word("tunnel source"), facts)
    key = line.word("tunnel key")
    mode = " ".join(line.rest("tunnel mode")) or "gre ip"
    nhrp = _nhrp(line, facts.release)
    tunnel = Tunnel(
        name=name,
        number=int(name.removeprefix("Tunnel")),
        address=_address(line),
        source=source,
        key=int(key) if key else None,
        # nhrpd works on a multipoint tunnel only; with one server and no shortcuts it is the same.
        destination=line.word("tunnel destination") if mode == "gre ip" and nhrp is None else "",
        # GRE takes 24 bytes, and 4 for the key.
        mtu=line.number("ip mtu", 1472 if key else 1476),
        mss=line.number("ip tcp adjust-mss", 0),
        nhrp=replace(nhrp, shortcut=False) if nhrp and mode == "gre ip" else nhrp,
        protected=line.has("tunnel protection"),
        profile=line.word("tunnel protection ipsec profile"),
        if_state=line.has("if-state nhrp"),
        ospf=_ospf(line),
        bfd=_bfd(line),
        down=_why_down(line, source, mode, facts),
    )
    if tunnel.down or not tunnel.protected:
        return tunnel
    assert source is not None
    fvrf = line.word("tunnel vrf")
    try:
        made = read_crypto.connection(root, facts, tunnel.profile, source, fvrf)
    except read_crypto.UnusableError as error:
        return replace(tunnel, down=str(error))
    connections[made.name] = made
    return replace(tunnel, connection=made.name)


def _why_down(line: Line, source: Port | None, mode: str, facts: Facts) -> str:
    """What keeps a tunnel down whatever its protection is; the first thing found."""
    if line.has("shutdown"):
        return "administratively down"
    if source is None:
        return f"tunnel source {line.word('tunnel source') or '(none)'} is no interface of this router"
    if source.address is None:
        return f"tunnel source {source.name} has no address"
    if mode not in ("gre multipoint", "gre ip"):
        return f"tunnel mode {mode} has no counterpart here"
    if mode == "gre ip" and not line.has("tunnel destination"):
        return "no tunnel destination"
    if line.has("tunnel vrf") or line.has("vrf forwarding"):
        return "VRFs have no counterpart here"
    return ""


def _source(word: str, facts: Facts) -> Port | None:
    """An interface by its name, or that which has an address."""
    for port in facts.ports.values():
        if port.name.lower() == word.lower() or (port.address and str(port.address.ip) == word):
            return port
    return None


def _address(line: Line) -> IPv4Interface | None:
    words = line.rest("ip address")
    try:
        return IPv4Interface(f"{words[0]}/{words[1]}") if len(words) > 1 else None
    except (ValueError, NetmaskValueError):
        return None


def _nhrp(line: Line, release: tuple[int, int]) -> Nhrp | None:
    """None without a network-id: without it NHRP is off."""
    network_id = line.word("ip nhrp network-id")
    if not network_id:
        return None
    on_by_default = release >= _DEFAULTS_SINCE
    maps = {
        found.words[3]: found.words[-1]
        for found in line.all("ip nhrp map")
        if read_crypto.is_address(found.words[3])
    }
    servers = []
    for found in line.all("ip nhrp nhs"):
        nbma = found.after("nbma") or maps.get(found.words[3], "")
        if read_crypto.is_address(found.words[3]) and nbma:
            servers.append(
                Nhs(
                    address=IPv4Address(found.words[3]),
                    nbma=nbma,
                    multicast="multicast" in found.words,
                    priority=int(found.after("priority") or 0),
                    cluster=int(found.after("cluster") or 0),
                )
            )
    multicast = [found.words[4] for found in line.all("ip nhrp map multicast")]
    if on_by_default and not line.has("no ip nhrp map multicast dynamic"):
        multicast.append("dynamic")
    multicast += [server.nbma for server in servers if server.multicast]
    return Nhrp(
        network_id=int(network_id),
        authentication=line.word("ip nhrp authentication"),
        holdtime=line.number("ip nhrp holdtime", 600),
        servers=tuple(sorted(servers, key=lambda server: (server.cluster, server.priority))),
        multicast=tuple(dict.fromkeys(multicast)),
        shortcut=line.has("ip nhrp shortcut") or (on_by_default and not line.has("no ip nhrp shortcut")),
        redirect=line.has("ip nhrp redirect"),
        no_unique=line.has("ip nhrp registration no-unique"),
    )


def _ospf(line: Line) -> Ospf | None:
    process = next((found for found in line.all("ip ospf") if "area" in found.words[3:4]), None)
    if process is None:
        return None
    hello = line.number("ip ospf hello-interval", 0)
    network = " ".join(line.rest("ip ospf network")) or (
        "point-to-point" if line.words[1].startswith("Tunnel") else "broadcast"
    )
    # IOS: 10 s on links with a known kind of neighbour, 30 s on the other two; dead is four times that.
    hello = hello or (30 if network in ("point-to-multipoint", "non-broadcast") else 10)
    return Ospf(
        area=process.words[4],
        network=network,
        hello=hello,
        dead=line.number("ip ospf dead-interval", 4 * hello),
        cost=line.number("ip ospf cost", 0) or None,
        priority=line.number("ip ospf priority", 1),
        mtu_ignore=line.has("ip ospf mtu-ignore"),
        bfd=line.has("ip ospf bfd") and "disable" not in line.rest("ip ospf bfd"),
    )


def _bfd(line: Line) -> tuple[int, int, int] | None:
    """Milliseconds to send and to receive, and how many may be lost."""
    found = line.first("bfd interval")
    if found is None:
        return None
    return int(found.after("interval")), int(found.after("min_rx")), int(found.after("multiplier"))


def _alone_on_their_source(root: Line, tunnels: list[Tunnel]) -> list[Tunnel]:
    """Of protected tunnels on one source only the first works, unless each says `shared`."""
    shared = {
        line.words[1]
        for line in root.all("interface")
        for protection in line.all("tunnel protection")
        if "shared" in protection.words
    }
    first: dict[str, Tunnel] = {}
    found = []
    for tunnel in sorted(tunnels, key=lambda one: one.number):
        if tunnel.protected and not tunnel.down and tunnel.source is not None:
            other = first.setdefault(tunnel.source.device, tunnel)
            together = other.name in shared and tunnel.name in shared and other.profile == tunnel.profile
            if other is not tunnel and not together:
                tunnel = replace(
                    tunnel, down=f"{other.name} has the same source; both need the same profile, `shared`"
                )
        found.append(tunnel)
    return found
