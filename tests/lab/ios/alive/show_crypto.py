# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`show crypto ...`, as IOS prints it."""

from __future__ import annotations

from .daemons import Child, Daemons, Ike, clock
from .plan import Connection, Tunnel

_SESSION_LEGEND = """\
Crypto session current status

Code: C - IKE Configuration mode, D - Dead Peer Detection    \x20
K - Keepalives, N - NAT-traversal, T - cTCP encapsulation    \x20
X - IKE Extended Authentication, F - IKE Fragmentation
R - IKE Auto Reconnect, U - IKE Dynamic Route Update
S - SIP VPN
"""
_DONE, _WAITING = "Negotiation done", "Initiator waiting for INIT response"
_SIGNS = {"psk": "PSK", "rsa": "RSA", "ecdsa": "ECDSA", "pubkey": "RSA"}


def ikev2(daemons: Daemons, detailed: bool) -> str:
    """`show crypto ikev2 sa [detailed]`. Without any SA nothing is printed."""
    found = daemons.ikes()
    if not found:
        return ""
    known = {one.name: one for one in daemons.plan.connections}
    out = [
        " IPv4 Crypto IKEv2  SA ",
        "",
    ]
    for ike in found:
        # IOS repeats the heading before each.
        out.append("Tunnel-id Local                 Remote                fvrf/ivrf            Status ")
        out += [*_ike(ike, known[ike.connection], detailed), ""]
    return "\n".join([*out, " IPv6 Crypto IKEv2  SA ", ""])


def _ike(ike: Ike, connection: Connection, detailed: bool) -> list[str]:
    local, remote = f"{ike.local}/{ike.local_port}", f"{ike.remote}/{ike.remote_port}"
    out = [
        f"{ike.number:<9} {local:<21} {remote:<21} {'none/none':<20} {'READY' if ike.ready else 'IN-NEG'}  ",
        f"      Encr: {ike.cipher or 'Unknown - 0'}, keysize: {ike.bits or 0},"
        f" PRF: {ike.prf or 'Unknown - 0'},"
        f" Hash: {ike.integrity}, DH Grp:{ike.group}, Auth sign: {_SIGNS[connection.local_auth]},"
        f" Auth verify: {_SIGNS[connection.remote_auth]}",
        f"      Life/Active Time: {connection.ike_seconds}/{ike.active} sec",
    ]
    if not detailed:
        return out
    dpd = connection.dpd_seconds
    nat = ike.local_port == "4500" or ike.remote_port == "4500"
    return [
        *out,
        f"      CE id: {1000 + ike.number}, Session-id: {ike.number}",
        f"      Status Description: {_DONE if ike.ready else _WAITING}",
        f"      Local spi: {ike.local_spi}       Remote spi: {ike.remote_spi}",
        f"      Local id: {_name(ike.local_id)}",
        f"      Remote id: {_name(ike.remote_id)}",
        "      Local req msg id:  2              Remote req msg id:  2         ",
        "      Local next msg id: 2              Remote next msg id: 2         ",
        "      Local req queued:  2              Remote req queued:  2         ",
        "      Local window:      5              Remote window:      5         ",
        f"      DPD configured for {dpd} seconds, retry {connection.dpd_retry if dpd else 0}",
        "      Fragmentation not  configured.",
        "      Dynamic Route Update: enabled",
        "      Extended Authentication not configured.",
        f"      NAT-T is {'detected  outside' if nat else 'not detected  '}",
        "      Cisco Trust Security SGT is disabled",
        f"      Initiator of SA : {'Yes' if ike.initiator else 'No'}",
        "      PEER TYPE: Other",
    ]


def _name(identity: str) -> str:
    """A distinguished name in IOS's form, cn=hub1,ou=10.255.0.1,o=mgre-dmvpn; others as they are."""
    if "=" not in identity:
        return identity
    parts = [part.strip().partition("=") for part in identity.split(",")]
    return ",".join(f"{name.lower()}={value}" for name, _equals, value in reversed(parts))


def session(daemons: Daemons, detail: bool) -> str:
    """`show crypto session [detail]`, of every tunnel and every peer that IKE knows."""
    out = [_SESSION_LEGEND if detail else "Crypto session current status\n"]
    for tunnel in daemons.plan.tunnels:
        for ike in _of(daemons, tunnel):
            out += [*_session(daemons, tunnel, ike, detail), ""]
        for nbma in _without(daemons, tunnel):
            out += [*_down(tunnel, nbma, detail), ""]
    return "\n".join(out)


def _of(daemons: Daemons, tunnel: Tunnel) -> list[Ike]:
    """Of two tunnels that share a connection, the first shows its SAs, as IOS does."""
    first = next((one for one in daemons.plan.up() if one.connection == tunnel.connection), None)
    if not tunnel.connection or first is not tunnel:
        return []
    return [ike for ike in daemons.ikes() if ike.connection == tunnel.connection]


def _without(daemons: Daemons, tunnel: Tunnel) -> list[str]:
    """Configured servers that IKE knows nothing of."""
    if not tunnel.protected or not tunnel.nhrp:
        return []
    known = {ike.remote for ike in daemons.ikes()}
    return [server.nbma for server in tunnel.nhrp.servers if server.nbma not in known]


def _session(daemons: Daemons, tunnel: Tunnel, ike: Ike, detail: bool) -> list[str]:
    connection = next(one for one in daemons.plan.connections if one.name == ike.connection)
    status = "UP-ACTIVE" if ike.children else "UP-IDLE" if ike.ready else "DOWN-NEGOTIATING"
    out = [f"Interface: {tunnel.name}", f"Profile: {connection.profile}"]
    if detail:
        out.append(f"Uptime: {clock(ike.active)}")
    out.append(f"Session status: {status}     ")
    if detail:
        out += [
            f"Peer: {ike.remote} port {ike.remote_port} fvrf: (none) ivrf: (none)",
            f"      Phase1_id: {_name(ike.remote_id) or '(none)'}",
            "      Desc: (none)",
        ]
    else:
        out.append(f"Peer: {ike.remote} port {ike.remote_port} ")
    out += [f"  Session ID: {ike.number}  ", *_flows(connection, ike, detail)]
    return out


def _flows(connection: Connection, ike: Ike, detail: bool) -> list[str]:
    out = [
        f"  IKEv2 SA: local {ike.local}/{ike.local_port} remote {ike.remote}/{ike.remote_port}"
        f" {'Active' if ike.ready else 'Inactive'} "
    ]
    if detail:
        marks = ("D" if connection.dpd_seconds else "") + ("N" if ike.local_port == "4500" else "")
        left = max(0, connection.ike_seconds - ike.active)
        out.append(f"          Capabilities:{marks or '(none)'} connid:{ike.number} lifetime:{clock(left)}")
    active = 2 * len(ike.children)
    out += [
        f"  IPSEC FLOW: permit 47 host {ike.local} host {ike.remote} ",
        f"        Active SAs: {active}, origin: crypto map",
    ]
    if detail:
        into, gone = sum(one.packets_in for one in ike.children), sum(one.packets_out for one in ike.children)
        life = f"4608000/{ike.children[0].life}" if ike.children else "0/0"
        out += [
            f"        Inbound:  #pkts dec'ed {into} drop 0 life (KB/Sec) {life}",
            f"        Outbound: #pkts enc'ed {gone} drop 0 life (KB/Sec) {life}",
        ]
    return out


def _down(tunnel: Tunnel, nbma: str, detail: bool) -> list[str]:
    local = tunnel.source.address.ip if tunnel.source and tunnel.source.address else "0.0.0.0"
    out = [f"Interface: {tunnel.name}", "Session status: DOWN"]
    if detail:
        out += [
            f"Peer: {nbma} port 500 fvrf: (none) ivrf: (none)",
            "      Desc: (none)",
            "      Phase1_id: (none)",
        ]
    else:
        out.append(f"Peer: {nbma} port 500 ")
    out += [f"  IPSEC FLOW: permit 47 host {local} host {nbma} ", "        Active SAs: 0, origin: crypto map"]
    if detail:
        out += [
            "        Inbound:  #pkts dec'ed 0 drop 0 life (KB/Sec) 0/0",
            "        Outbound: #pkts enc'ed 0 drop 0 life (KB/Sec) 0/0",
        ]
    return out


def dmvpn_sessions(daemons: Daemons, tunnel: Tunnel) -> list[str]:
    """The last part of `show dmvpn detail`."""
    out = []
    for ike in _of(daemons, tunnel):
        connection = next(one for one in daemons.plan.connections if one.name == ike.connection)
        status = "UP-ACTIVE" if ike.children else "UP-IDLE" if ike.ready else "DOWN-NEGOTIATING"
        flows = _flows(connection, ike, True)
        out += [
            f"Interface: {tunnel.name}",
            f"Session: [0x{0x7F0000000000 + ike.number:X}]",
            f"  Session ID: {ike.number}  ",
            *flows[:2],
            f"  Crypto Session Status: {status}     ",
            f"  fvrf: (none),\tPhase1_id: {_name(ike.remote_id)}",
            *flows[2:],
        ]
        for child in ike.children:
            out += [
                f"   Outbound SPI : 0x{child.spi_out.upper():>8}, transform : {child.transform}",
                "    Socket State: Open",
            ]
        out.append("")
    return out


def ipsec(daemons: Daemons) -> str:
    """`show crypto ipsec sa`."""
    out = []
    for tunnel in daemons.plan.up():
        flows = [
            line
            for ike in _of(daemons, tunnel)
            for child in ike.children
            for line in _flow(tunnel, ike, child)
        ]
        if flows:
            assert tunnel.source is not None and tunnel.source.address is not None
            head = f"    Crypto map tag: {tunnel.name}-head-0, local addr {tunnel.source.address.ip}"
            out += ["", f"interface: {tunnel.name}", head, "", *flows]
    return "\n".join(out) if out else "\nNo SAs found\n"


def _flow(tunnel: Tunnel, ike: Ike, child: Child) -> list[str]:
    spi_out = int(child.spi_out or "0", 16)
    source = tunnel.source.name if tunnel.source else ""
    out, into = child.packets_out, child.packets_in
    return [
        "   protected vrf: (none)",
        f"   local  ident (addr/mask/prot/port): {_selector(child.local)}",
        f"   remote ident (addr/mask/prot/port): {_selector(child.remote)}",
        f"   current_peer {ike.remote} port {ike.remote_port}",
        "     PERMIT, flags={origin_is_acl,}",
        f"    #pkts encaps: {out}, #pkts encrypt: {out}, #pkts digest: {out}",
        f"    #pkts decaps: {into}, #pkts decrypt: {into}, #pkts verify: {into}",
        "    #pkts compressed: 0, #pkts decompressed: 0",
        "    #pkts not compressed: 0, #pkts compr. failed: 0",
        "    #pkts not decompressed: 0, #pkts decompress failed: 0",
        "    #send errors 0, #recv errors 0",
        "",
        f"     local crypto endpt.: {ike.local}, remote crypto endpt.: {ike.remote}",
        f"     plaintext mtu 1458, path mtu 1500, ip mtu 1500, ip mtu idb {source}",
        f"     current outbound spi: 0x{spi_out:X}({spi_out})",
        "     PFS (Y/N): N, DH group: none",
        "",
        "     inbound esp sas:",
        *_esp(tunnel, ike, child, child.spi_in),
        "     inbound ah sas:",
        "",
        "     inbound pcp sas:",
        "",
        "     outbound esp sas:",
        *_esp(tunnel, ike, child, child.spi_out),
        "     outbound ah sas:",
        "",
        "     outbound pcp sas:",
        "",
    ]


def _esp(tunnel: Tunnel, ike: Ike, child: Child, spi: str) -> list[str]:
    number = int(spi or "0", 16)
    settings = ("Transport" if child.transport else "Tunnel") + (" UDP-Encaps" if child.encapsulated else "")
    return [
        f"      spi: 0x{number:X}({number})",
        f"        transform: {child.transform},",
        f"        in use settings ={{{settings}, }}",
        f"        conn id: {2000 + ike.number}, flow_id: CSR:{ike.number}, sibling_flags FFFFFFFF80000008,"
        f" crypto map: {tunnel.name}-head-0",
        f"        sa timing: remaining key lifetime (k/sec): (4608000/{child.life})",
        "        IV size: 8 bytes",
        "        replay detection support: Y",
        "        Status: ACTIVE(ACTIVE)",
        "",
    ]


def _selector(text: str) -> str:
    """`198.51.100.2/32[gre]` in IOS's form."""
    address = text.partition("[")[0].partition("/")[0]
    return f"({address}/255.255.255.255/47/0)"
