# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`show ip route`, `show interfaces TunnelN`, `show ip interface`, and `ping`."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Any

from .daemons import Daemons
from .plan import Tunnel

CODES = """\
Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP
       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area\x20
       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2
       E1 - OSPF external type 1, E2 - OSPF external type 2, m - OMP
       n - NAT, Ni - NAT inside, No - NAT outside, Nd - NAT DIA
       i - IS-IS, su - IS-IS summary, L1 - IS-IS level-1, L2 - IS-IS level-2
       ia - IS-IS inter area, * - candidate default, U - per-user static route
       H - NHRP, G - NHRP registered, g - NHRP registration summary
       o - ODR, P - periodic downloaded static route, l - LISP
       a - application route
       + - replicated route, % - next hop override, p - overrides from PfR
       & - replicated local route overrides by connected
"""
_LETTERS = {
    "static": "S",
    "kernel": "S",
    "bgp": "B",
    "ospf": "O",
    "nhrp": "H",
    "connected": "C",
    "local": "L",
}


def routes(daemons: Daemons) -> str:
    """`show ip route`: what the kernel uses, with IOS's view of the tunnels' networks."""
    found: dict[IPv4Network, list[str]] = {}
    default = "not set"
    devices = {port.device: port.name for port in daemons.ports()}
    overlays = {tunnel.name: tunnel.address for tunnel in daemons.plan.up() if tunnel.address}
    for prefix, entries in daemons.json("zebra", "show ip route").items():
        network = IPv4Network(prefix)
        entry = next((one for one in entries if one.get("selected")), None)
        if (
            entry is None
            or entry["protocol"] not in _LETTERS
            or any(network == own.network for own in overlays.values())
        ):
            continue
        hops = [hop for hop in entry["nexthops"] if hop.get("active") or hop.get("fib")]
        names = {hop.get("interfaceName") for hop in hops}
        if names & {"mgmt0", "lo"} or (names & set(overlays) and _is_own_view(network, names, overlays)):
            continue
        if entry["protocol"] == "nhrp" and network.prefixlen == 32:
            continue  # a host behind a peer, whose network has a route of its own
        found[network] = _entry(network, entry, hops, devices)
        if network.prefixlen == 0 and hops:
            default = f"{hops[0].get('ip', '0.0.0.0')} to network 0.0.0.0"
    for name, own in overlays.items():
        found[own.network] = [f"C        {own.network} is directly connected, {name}"]
        found[IPv4Network(own.ip)] = [f"L        {own.ip}/32 is directly connected, {name}"]
    return "\n".join([CODES, f"Gateway of last resort is {default}", "", *_grouped(found)])


def _is_own_view(network: IPv4Network, names: set[Any], overlays: dict[str, Any]) -> bool:
    """Host routes to peers: IOS has them in NHRP's cache only, as its tunnel network covers them."""
    return any(network.subnet_of(own.network) for name, own in overlays.items() if name in names)


def _entry(
    network: IPv4Network, entry: dict[str, Any], hops: list[dict[str, Any]], devices: dict[str, str]
) -> list[str]:
    kind = entry["protocol"]
    letter = _LETTERS[kind] + ("*" if network.prefixlen == 0 else "")
    # What the node has from its provider's DHCP or its own files is a static route to IOS.
    distance = 1 if kind == "kernel" else 250 if kind == "nhrp" else entry["distance"]
    head = f"{letter:<9}{network}"
    lines: list[str] = []
    for hop in hops:
        name = devices.get(hop.get("interfaceName", ""), hop.get("interfaceName", ""))
        age = f", {entry['uptime']}" if kind in ("bgp", "ospf", "nhrp") else ""
        if hop.get("blackhole"):
            told = "is directly connected, Null0"
        elif kind in ("connected", "local"):
            told = f"is directly connected, {name}"
        elif "ip" in hop:
            tail = f", {name}" if kind in ("ospf", "nhrp") else ""
            told = f"[{distance}/{entry['metric']}] via {hop['ip']}{age}{tail}"
        else:
            told = f"is directly connected{age}, {name}"
        lines.append(f"{head} {told}" if not lines else f"{'':<{len(head)}} {told}")
    return lines


def _grouped(found: dict[IPv4Network, list[str]]) -> list[str]:
    """Under headings by classful network, as IOS prints subnets."""
    groups: dict[IPv4Network, list[IPv4Network]] = {}
    for network in sorted(found):
        groups.setdefault(_classful(network), []).append(network)
    out = []
    for classful, members in groups.items():
        masks = {network.prefixlen for network in members}
        if members != [classful] and classful.prefixlen and max(masks) > classful.prefixlen:
            if len(masks) == 1:
                length = members[0].prefixlen
                out.append(f"      {classful.network_address}/{length} is subnetted, {len(members)} subnets")
            else:
                out.append(
                    f"      {classful} is variably subnetted, {len(members)} subnets, {len(masks)} masks"
                )
        for network in members:
            lines = found[network]
            if len(masks) == 1 and members != [classful] and classful.prefixlen:
                lines = [line.replace(str(network), str(network.network_address), 1) for line in lines]
            out += lines
    return out


def _classful(network: IPv4Network) -> IPv4Network:
    first = int(network.network_address) >> 24
    length = 8 if first < 128 else 16 if first < 192 else 24
    return network if network.prefixlen < length else network.supernet(new_prefix=length)


def interface(daemons: Daemons, tunnel: Tunnel, description: str) -> str:
    """`show interfaces TunnelN`."""
    link = next(iter(daemons.ip("link", "show", "dev", tunnel.name)), {}) if not tunnel.down else {}
    stats = link.get("stats64", {})
    into, out = stats.get("rx", {}), stats.get("tx", {})
    line, protocol = state(daemons, tunnel)
    source = tunnel.source
    told = f"{source.address.ip} ({source.name})" if source and source.address else "UNKNOWN"
    lines = [f"{tunnel.name} is {line}, line protocol is {protocol} ", "  Hardware is Tunnel"]
    if description:
        lines.append(f"  Description: {description}")
    if tunnel.address:
        lines.append(f"  Internet address is {tunnel.address}")
    kind = "GRE/IP" if tunnel.destination else "multi-GRE/IP"
    key = (
        f"Key 0x{tunnel.key:X}, sequencing disabled"
        if tunnel.key is not None
        else "Key disabled, sequencing disabled"
    )
    lines += [
        "  MTU 9976 bytes, BW 100 Kbit/sec, DLY 50000 usec, ",
        "     reliability 255/255, txload 1/255, rxload 1/255",
        "  Encapsulation TUNNEL, loopback not set",
        "  Keepalive not set",
        f"  Tunnel linestate evaluation {protocol}",
        f"  Tunnel source {told}" + (f", destination {tunnel.destination}" if tunnel.destination else ""),
        f"  Tunnel protocol/transport {kind}",
        f"    {key}",
        "    Checksumming of packets disabled",
        "  Tunnel TTL 255, Fast tunneling enabled",
        f"  Tunnel transport MTU {1476 if tunnel.key is None else 1472} bytes",
        "  Tunnel transmit bandwidth 8000 (kbps)",
        "  Tunnel receive bandwidth 8000 (kbps)",
    ]
    if tunnel.protected:
        lines.append(f'  Tunnel protection via IPSec (profile "{tunnel.profile}")')
    return "\n".join(
        [
            *lines,
            "  Last input 00:00:01, output never, output hang never",
            '  Last clearing of "show interface" counters never',
            "  Input queue: 0/375/0/0 (size/max/drops/flushes); Total output drops: 0",
            f"     {into.get('packets', 0)} packets input, {into.get('bytes', 0)} bytes, 0 no buffer",
            "     Received 0 broadcasts (0 IP multicasts)",
            "     0 runts, 0 giants, 0 throttles ",
            f"     {into.get('errors', 0)} input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored, 0 abort",
            f"     {out.get('packets', 0)} packets output, {out.get('bytes', 0)} bytes, 0 underruns",
            "     0 output errors, 0 collisions, 0 interface resets",
            "     0 unknown protocol drops",
            "     0 output buffer failures, 0 output buffers swapped out",
        ]
    )


def state(daemons: Daemons, tunnel: Tunnel) -> tuple[str, str]:
    """Line and protocol. With `if-state nhrp` the protocol is up once a server answers."""
    if tunnel.down.startswith("administratively"):
        return "administratively down", "down"
    if tunnel.down:
        return "up", "down"
    if tunnel.if_state and tunnel.nhrp and tunnel.nhrp.servers:
        servers = {str(server.address) for server in tunnel.nhrp.servers}
        answers = any(peer.state == "UP" for peer in daemons.peers(tunnel) if peer.overlay in servers)
        return "up", "up" if answers else "down"
    return "up", "up"


def brief(daemons: Daemons) -> str:
    """`show ip interface brief`."""
    rows = ["Interface              IP-Address      OK? Method Status                Protocol"]
    for port in daemons.ports():
        address = str(port.address.ip) if port.address else "unassigned"
        method = "DHCP" if port.dhcp else "NVRAM"
        rows.append(f"{port.name:<22} {address:<15} YES {method:<6} {'up':<21} up      ")
    for tunnel in daemons.plan.tunnels:
        line, protocol = state(daemons, tunnel)
        address = str(tunnel.address.ip) if tunnel.address else "unassigned"
        rows.append(f"{tunnel.name:<22} {address:<15} YES manual {line:<21} {protocol:<8}")
    return "\n".join(rows)


def ip_interface(daemons: Daemons, tunnel: Tunnel) -> str:
    """`show ip interface TunnelN`."""
    line, protocol = state(daemons, tunnel)
    if tunnel.address is None:
        return (
            f"{tunnel.name} is {line}, line protocol is {protocol}\n  Internet protocol processing disabled"
        )
    return "\n".join(
        [
            f"{tunnel.name} is {line}, line protocol is {protocol}",
            f"  Internet address is {tunnel.address}",
            "  Broadcast address is 255.255.255.255",
            "  Address determined by non-volatile memory",
            f"  MTU is {tunnel.mtu} bytes",
            "  Helper address is not set",
            "  Directed broadcast forwarding is disabled",
            "  ICMP redirects are never sent",
        ]
    )


def ping(daemons: Daemons, values: dict[str, str], unfragmented: bool) -> str:
    """`ping A [source B] [size N] [df-bit] [repeat N] [timeout N]`. On IOS a size counts the headers."""
    target, size = values["target"], int(values.get("size", 100))
    count, wait = int(values.get("repeat", 5)), int(values.get("timeout", 2))
    source = values.get("source", "")
    port = next((one for one in daemons.ports() if one.name == source), None)
    tunnel = next((one for one in daemons.plan.tunnels if one.name == source), None)
    address = str(
        port.address.ip
        if port and port.address
        else tunnel.address.ip
        if tunnel and tunnel.address
        else source
    )
    words = ["-n", "-c", str(count), "-i", "0.2", "-W", str(wait), "-s", str(max(0, size - 28))]
    words += ["-I", address] if source else []
    words += ["-M", "do"] if unfragmented else ["-M", "dont"]
    said = daemons.ping(*words, target)
    heard = {int(number) for number in re.findall(r"icmp_seq=(\d+) ttl=", said)}
    refused = {int(number) for number in re.findall(r"icmp_seq=(\d+) (?:Destination|Packet filtered)", said)}
    too_big = {
        int(number) for number in re.findall(r"icmp_seq=(\d+) Frag needed", said)
    } or "Message too long" in said
    marks = "".join(
        "!" if number in heard else "M" if too_big and unfragmented else "U" if number in refused else "."
        for number in range(1, count + 1)
    )
    out = [
        "Type escape sequence to abort.",
        f"Sending {count}, {size}-byte ICMP Echos to {target}, timeout is {wait} seconds:",
    ]
    if source:
        out.append(f"Packet sent with a source address of {address} ")
    if unfragmented:
        out.append("Packet sent with the DF bit set")
    rate = f"Success rate is {100 * len(heard) // count} percent ({len(heard)}/{count})"
    times = re.search(r"= ([\d.]+)/([\d.]+)/([\d.]+)", said)
    if times:
        rate += (
            ", round-trip min/avg/max = "
            + "/".join(str(max(1, round(float(one)))) for one in times.groups())
            + " ms"
        )
    return "\n".join([*out, *(marks[start : start + 70] for start in range(0, count, 70)), rate])
