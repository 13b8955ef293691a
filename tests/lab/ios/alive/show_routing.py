# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`show ip bgp`, `show ip ospf neighbor`, `show bfd neighbors`, as IOS prints them."""

from __future__ import annotations

from typing import Any

from .daemons import Daemons, clock

_BFD_DIAGNOSTICS = {"ok": 0, "control detection time expired": 1, "neighbor signaled session down": 3}


def bgp_summary(daemons: Daemons) -> str:
    """`show ip bgp summary`."""
    bgp = daemons.plan.bgp
    if bgp is None:
        return "% BGP not active\n"
    told = daemons.json("bgpd", "show bgp ipv4 unicast summary")
    told = told.get("ipv4Unicast", told)
    identifier = told.get("routerId") or bgp.router_id or "0.0.0.0"
    version, entries = told.get("tableVersion", 1), told.get("ribCount", 0)
    out = [
        f"BGP router identifier {identifier}, local AS number {bgp.asn}",
        f"BGP table version is {version}, main routing table version {version}",
        f"{entries} network entries using {entries * 248} bytes of memory",
        f"{entries} path entries using {entries * 136} bytes of memory",
        f"{entries}/{entries} BGP path/bestpath attribute entries using {entries * 280} bytes of memory",
        "0 BGP route-map cache entries using 0 bytes of memory",
        "0 BGP filter-list cache entries using 0 bytes of memory",
        f"BGP using {entries * 664} total bytes of memory",
        f"BGP activity {entries}/0 prefixes, {entries}/0 paths, scan interval 60 secs",
        "",
        "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd",
    ]
    peers: dict[str, Any] = told.get("peers", {})
    dynamic = 0
    for address, peer in sorted(peers.items(), key=lambda item: tuple(map(int, item[0].split(".")))):
        star = bool(peer.get("dynamicPeer"))
        dynamic += star
        up = peer.get("state") == "Established"
        admin = "Admin" in str(peer.get("peerState")) or peer.get("state", "").endswith("(Admin)")
        state = (
            str(peer.get("pfxRcd", 0))
            if up
            else "Idle (Admin)"
            if admin
            else peer.get("state", "Idle").split()[0]
        )
        age = peer.get("peerUptimeMsec", 0) // 1000
        out.append(
            f"{('*' if star else '') + address:<15} {4} {peer['remoteAs']:>12} {peer.get('msgRcvd', 0):>7}"
            f" {peer.get('msgSent', 0):>7} {peer.get('tableVersion', 0) or 1:>8} {peer.get('inq', 0):>4}"
            f" {peer.get('outq', 0):>4} {clock(age) if age else 'never':<8} {state:>8}"
        )
    if bgp.ranges:
        out.append("* Dynamically created based on a listen range command")
        out.append(f"Dynamically created neighbors: {dynamic}, Subnet ranges: {len(bgp.ranges)}")
        for network, group in bgp.ranges:
            out += ["", f"BGP peergroup {group} listen range group members: ", f"  {network} "]
        total = f"{dynamic}/({bgp.listen_limit} max), Subnet ranges: {len(bgp.ranges)}"
        out += ["", f"Total dynamically created neighbors: {total}"]
    return "\n".join(out)


def bgp_neighbors(daemons: Daemons, wanted: str = "") -> str:
    """`show ip bgp neighbors [ADDRESS]`."""
    if daemons.plan.bgp is None:
        return "% BGP not active\n"
    out = []
    told = daemons.json("bgpd", "show bgp neighbors")
    for address, peer in sorted(told.items()):
        if not isinstance(peer, dict) or "remoteAs" not in peer or wanted not in ("", address):
            continue
        up = peer.get("bgpState") == "Established"
        star = "*" if "peerSubnetRangeGroup" in peer else ""
        link = "internal" if peer["remoteAs"] == peer.get("localAs") else "external"
        out.append(f"BGP neighbor is {star}{address},  remote AS {peer['remoteAs']}, {link} link")
        if "nbrDesc" in peer:
            out.append(f" Description: {peer['nbrDesc']}")
        if "peerGroup" in peer:
            out.append(f" Member of peer-group {peer['peerGroup']} for session parameters")
        if star:
            out.append(f" Belongs to the subnet range group: {peer['peerSubnetRangeGroup']}")
        hold, keep = (
            peer.get("bgpTimerHoldTimeMsecs", 0) // 1000,
            peer.get("bgpTimerKeepAliveIntervalMsecs", 0) // 1000,
        )
        age = clock(peer.get("bgpTimerUpMsec", 0) // 1000)
        out += [
            f"  BGP version 4, remote router ID {peer.get('remoteRouterId', '0.0.0.0') if up else '0.0.0.0'}",
            f"  BGP state = {peer.get('bgpState', 'Idle')}" + (f", up for {age}" if up else ""),
            "  Last read 00:00:01, last write 00:00:01,"
            f" hold time is {hold}, keepalive interval is {keep} seconds",
        ]
        unicast = peer.get("addressFamilyInfo", {}).get("ipv4Unicast", {})
        out += ["", " For address family: IPv4 Unicast"]
        for side, word in (("Incoming", "incoming"), ("Outgoing", "outgoing")):
            if name := unicast.get(f"routeMapFor{side}Advertisements"):
                out.append(f"  Route map for {word} advertisements is {name}")
        dropped = peer.get("connectionsDropped", 0)
        out += ["", f"  Connections established {peer.get('connectionsEstablished', 0)}; dropped {dropped}"]
        reason = peer.get("lastResetDueTo", "")
        reset = f"{clock(peer.get('lastResetTimerMsecs', 0) // 1000)}, due to {reason}" if reason else "never"
        out.append(f"  Last reset {reset}")
        if up:
            out += [
                f"Local host: {peer.get('hostLocal')}, Local port: {peer.get('portLocal')}",
                f"Foreign host: {peer.get('hostForeign')}, Foreign port: {peer.get('portForeign')}",
            ]
        out.append("")
    return "\n".join(out)


def ospf_neighbors(daemons: Daemons) -> str:
    """`show ip ospf neighbor`. Without neighbours nothing is printed."""
    rows = []
    told = daemons.json("ospfd", "show ip ospf neighbor")
    for identifier, found in sorted(told.get("neighbors", {}).items()):
        for one in found if isinstance(found, list) else [found]:
            state, _slash, role = str(one.get("nbrState", one.get("state", ""))).partition("/")
            state = f"{state.upper()}/{'  -' if role in ('-', '') else role}"
            left = int(one.get("routerDeadIntervalTimerDueMsec", one.get("deadTimeMsecs", 0))) // 1000
            address = one.get("ifaceAddress", one.get("address", ""))
            name = str(one.get("ifaceName", "")).partition(":")[0]
            rows.append(
                f"{identifier:<15} {one.get('nbrPriority', one.get('priority', 0)):>3}   {state:<15}"
                f" {clock(left)}    {address:<15} {_ios_name(daemons, name)}"
            )
    if not rows:
        return ""
    return "\n".join(
        ["", "Neighbor ID     Pri   State           Dead Time   Address         Interface", *rows]
    )


def _ios_name(daemons: Daemons, device: str) -> str:
    return next((port.name for port in daemons.ports() if port.device == device), device)


def bfd(daemons: Daemons) -> str:
    """`show bfd neighbors details`. Without sessions nothing is printed."""
    found = daemons.json("bfdd", "show bfd peers")
    if not isinstance(found, list) or not found:
        return ""
    counters = daemons.json("bfdd", "show bfd peers counters")
    counted = {row.get("peer"): row for row in counters if isinstance(row, dict)}
    out = []
    for one in found:
        up = one.get("status") == "up"
        word = "Up" if up else "AdminDown" if one.get("status") == "shutdown" else "Down"
        name = str(one.get("interface", ""))
        short = f"Tu{name[6:]}" if name.startswith("Tunnel") else name
        count = counted.get(one["peer"], {})
        # Discriminators of FRR have 32 bits; those of IOS are small and the column is narrow.
        pair = f"{int(one.get('id', 0)) % 4096 + 1}/{int(one.get('remote-id', 0)) % 4096 + 1 if up else 0}"
        diagnostic = _BFD_DIAGNOSTICS.get(str(one.get("diagnostic")), 0)
        receive, send = int(one.get("receive-interval", 0)), int(one.get("transmit-interval", 0))
        lost, theirs = one.get("detect-multiplier", 3), one.get("remote-detect-multiplier", 3)
        age = clock(int(one.get("uptime", 0)))
        out += [
            "",
            "IPv4 Sessions",
            "NeighAddr                              LD/RD         RH/RS     State     Int",
            f"{one['peer']:<38} {pair:<13} {'Up' if up else 'Down':<9} {word:<9} {short}",
        ]
        if up:
            out.append("Session state is UP and not using echo function.")
        out += [
            "Session Host: Software",
            f"OurAddr: {one.get('local', '')} ",
            "Handle: 1",
            f"Local Diag: {diagnostic}, Demand mode: 0, Poll bit: 0",
            f"MinTxInt: {send * 1000}, MinRxInt: {receive * 1000}, Multiplier: {lost}",
            f"Received MinRxInt: {int(one.get('remote-receive-interval', 0)) * 1000},"
            f" Received Multiplier: {theirs}",
            f"Holddown (hits): 0(0), Hello (hits): {send}({count.get('control-packet-output', 0)})",
            f"Rx Count: {count.get('control-packet-input', 0)},"
            f" Rx Interval (ms) min/max/avg: 1/{receive}/{receive} last: {receive // 2} ms ago",
            f"Tx Count: {count.get('control-packet-output', 0)},"
            f" Tx Interval (ms) min/max/avg: 1/{send}/{send} last: {send // 2} ms ago",
            "Elapsed time watermarks: 0 0 (last: 0)",
            f"Registered protocols: {'OSPF' if one.get('type') == 'dynamic' else 'BGP'} CEF ",
            f"Uptime: {age}" if up else f"Downtime: {clock(int(one.get('downtime', 0)))}",
            "Last packet: Version: 1                  - Diagnostic: 0",
            f"             State bit: {word:<16} - Demand bit: 0",
            "             Poll bit: 0                 - Final bit: 0",
            "             C bit: 0                                   ",
            f"             Multiplier: {theirs:<15} - Length: 24",
            f"             My Discr.: {pair.partition('/')[2]:<16} - Your Discr.: {pair.partition('/')[0]}",
            f"             Min tx interval: {send * 1000:<10} - Min rx interval: {receive * 1000}",
            "             Min Echo interval: 0       ",
        ]
    return "\n".join(out)
