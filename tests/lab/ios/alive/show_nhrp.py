# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`show dmvpn`, `show ip nhrp` and `show ip nhrp nhs`, as IOS prints them."""

from __future__ import annotations

from ipaddress import IPv4Network

from . import show_crypto
from .daemons import Daemons, Peer, clock
from .plan import Nhs, Tunnel

LEGEND = """\
Legend: Attrb --> S - Static, D - Dynamic, I - Incomplete
        N - NATed, L - Local, X - No Socket
        T1 - Route Installed, T2 - Nexthop-override, B - BGP
        C - CTS Capable, I2 - Temporary
        # Ent --> Number of NHRP entries with same NBMA peer
        NHS Status: E --> Expecting Replies, R --> Responding, W --> Waiting
        UpDn Time --> Up or Down Time for a Tunnel
==========================================================================
"""
_NHS_LEGEND = "Legend: E=Expecting replies, R=Responding, W=Waiting, D=Dynamic"


def dmvpn(daemons: Daemons) -> str:
    """`show dmvpn`."""
    out = [LEGEND]
    for tunnel in _tunnels(daemons):
        peers = daemons.peers(tunnel)
        out += [
            f"Interface: {tunnel.name}, IPv4 NHRP Details ",
            f"Type:{_role(tunnel)}, NHRP Peers:{len(peers)}, ",
            "",
            " # Ent  Peer NBMA Addr Peer Tunnel Add State  UpDn Tm Attrb",
            " ----- --------------- --------------- ----- -------- -----",
            *(f" {row}" for row in _rows(peers)),
            "",
        ]
    return "\n".join(out)


def dmvpn_detail(daemons: Daemons) -> str:
    """`show dmvpn detail`."""
    out = [LEGEND]
    crypto = []
    for tunnel in _tunnels(daemons):
        peers = daemons.peers(tunnel)
        state = "up/up" if not tunnel.down else "down/down" if tunnel.down.startswith("admin") else "up/down"
        address = tunnel.address.ip if tunnel.address else "0.0.0.0"
        source = tunnel.source.address.ip if tunnel.source and tunnel.source.address else "0.0.0.0"
        out += [
            f'Interface {tunnel.name} is {state}, Addr. is {address}, VRF "" ',
            f'   Tunnel Src./Dest. addr: {source}/{tunnel.destination or "Multipoint"}, Tunnel VRF ""',
            f'   Protocol/Transport: "multi-GRE/IP", Protect "{tunnel.profile}" ',
            f"   Interface State Control: {'Enabled' if tunnel.if_state else 'Disabled'}",
            "   nhrp event-publisher : Disabled",
            "",
        ]
        if tunnel.nhrp and tunnel.nhrp.servers:
            out += ["IPv4 NHS:", *(_server(server, peers) for server in tunnel.nhrp.servers)]
        out += [
            f"Type:{_role(tunnel)}, Total NBMA Peers (v4/v6): {len({peer.nbma for peer in peers})}",
            "",
            "# Ent  Peer NBMA Addr Peer Tunnel Add State  UpDn Tm Attrb    Target Network",
            "----- --------------- --------------- ----- -------- ----- -----------------",
            *(f"{row} {peer.overlay + '/32':>18}" for row, peer in zip(_rows(peers), peers, strict=True)),
            "",
        ]
        crypto += show_crypto.dmvpn_sessions(daemons, tunnel)
    out += ["", "Crypto Session Details: ", "-" * 80, "", *crypto, "Pending DMVPN Sessions:", ""]
    return "\n".join(out)


def _tunnels(daemons: Daemons) -> list[Tunnel]:
    return [tunnel for tunnel in daemons.plan.tunnels if tunnel.nhrp]


def _role(tunnel: Tunnel) -> str:
    """IOS calls spoke whoever has a server."""
    servers = tunnel.nhrp.servers if tunnel.nhrp else ()
    return "Hub/Spoke" if servers and tunnel.nhrp and tunnel.nhrp.redirect else "Spoke" if servers else "Hub"


def _rows(peers: list[Peer]) -> list[str]:
    rows = []
    for peer in peers:
        mark = "S" if peer.static else "D" + ("N" if peer.nat else "") + ("T1" if peer.shortcut else "")
        since = clock(peer.seconds) if peer.state == "UP" else "never"
        rows.append(f"{1:5} {peer.nbma:<15} {peer.overlay:>15} {peer.state:>5} {since:>8} {mark:>5}")
    return rows


def _server(server: Nhs, peers: list[Peer]) -> str:
    answers = any(peer.overlay == str(server.address) and peer.state == "UP" for peer in peers)
    return (
        f"{server.address}  {'RE' if answers else ' E'} NBMA Address: {server.nbma}"
        f" priority = {server.priority} cluster = {server.cluster}"
    )


def nhrp(daemons: Daemons, name: str = "") -> str:
    """`show ip nhrp [TUNNEL] [detail]`."""
    out = []
    for tunnel in _tunnels(daemons):
        if name not in ("", tunnel.name) or tunnel.nhrp is None:
            continue
        holdtime = tunnel.nhrp.holdtime
        for peer in daemons.peers(tunnel):
            if peer.static:
                expiry, kind = "never expire ", f"static, Flags: {'used ' if peer.state == 'UP' else ''}"
            else:
                # nhrpd does not tell; a peer registers anew after a third of the holdtime.
                expiry = f"expire {clock(max(1, holdtime - peer.seconds % max(1, holdtime // 3)))}"
                kind = f"dynamic, Flags: {'router nhop rib ' if peer.shortcut else 'registered used nhop '}"
            out += [
                f"{peer.overlay}/32 via {peer.overlay}",
                f"   {tunnel.name} created {clock(peer.seconds)}, {expiry}",
                f"   Type: {kind}",
                f"   NBMA address: {peer.nbma} ",
            ]
            if peer.nat:
                out.append(f"    (Claimed NBMA address: {peer.claimed}) ")
        out += _shortcuts(daemons, tunnel)
    return "\n".join(out)


def _shortcuts(daemons: Daemons, tunnel: Tunnel) -> list[str]:
    """Networks behind peers. nhrpd tells of no interface: the next hop does."""
    out = []
    known = {peer.overlay: peer for peer in daemons.peers(tunnel)}
    holdtime = tunnel.nhrp.holdtime if tunnel.nhrp else 0
    for row in daemons.json("nhrpd", "show ip nhrp shortcut").get("table", []):
        prefix, via = IPv4Network(row["prefix"]), row.get("via", "")
        peer = known.get(via)
        if row.get("type") not in ("dynamic", "cached") or peer is None or prefix.prefixlen == 32:
            continue
        out += [
            f"{prefix} via {via}",
            f"   {tunnel.name} created {clock(peer.seconds)}, expire {clock(holdtime)}",
            "   Type: dynamic, Flags: router rib ",
            f"   NBMA address: {peer.nbma} ",
        ]
    return out


def nhs(daemons: Daemons, name: str = "") -> str:
    """`show ip nhrp nhs detail`."""
    out: list[str] = []
    for tunnel in _tunnels(daemons):
        if name not in ("", tunnel.name) or tunnel.nhrp is None or not tunnel.nhrp.servers:
            continue
        peers = {peer.overlay: peer for peer in daemons.peers(tunnel)}
        out.append(f"{tunnel.name}:")
        for number, server in enumerate(tunnel.nhrp.servers, 1):
            peer = peers.get(str(server.address))
            heard = peer is not None and peer.state == "UP"
            sent = 1 + (peer.seconds if peer else 0) * 3 // max(1, tunnel.nhrp.holdtime)
            told = f"{sent} (00:00:01 ago)" if heard else "0"
            out += [
                f"{server.address}  {'RE' if heard else ' E'}  NBMA Address: {server.nbma}"
                f" priority = {server.priority} cluster = {server.cluster}"
                f"  req-sent {sent}  req-failed 0  repl-recv {told}",
                f" Current Request ID: {number}",
                " Protection Socket Requested: FALSE",
            ]
        out.append("")
    return "\n".join([_NHS_LEGEND, *out]) if out else ""
