# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An IOS router in words: what its show commands print while all is well, and with one thing broken.

The forms are those of real outputs (data/README.md); addresses and counters are of the fleet in
tests/unit/judge/world.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Device, Peer
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.observe import (
    ios_crypto,
    ios_host,
    ios_interfaces,
    ios_nhrp,
    ios_routes,
    ios_routing,
)
from ansible_collections.mgre.dmvpn.tests.unit.judge import world

Protocol = Literal["bgp", "ospf", "eigrp", "static"]
Phase = Literal[1, 2, 3]
WAN, LAN, TUNNEL = "GigabitEthernet1", "GigabitEthernet2", "Tunnel10"
INVALID = "                  ^\n% Invalid input detected at '^' marker.\n"
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
CODES = """\
Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP
       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area
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
VERSION = """\
Cisco IOS XE Software, Version 17.15.01a
Cisco IOS Software [IOSXE], Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.15.1a, \
RELEASE SOFTWARE (fc1)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2024 by Cisco Systems, Inc.

ROM: IOS-XE ROMMON

{name} uptime is 1 week, 2 days, 3 hours, 4 minutes
Uptime for this control processor is 1 week, 2 days, 3 hours, 6 minutes
System image file is "bootflash:packages.conf"

cisco C8000V (VXE) processor (revision VXE) with 2022000K/3075K bytes of memory.
Processor board ID 9KXJ1S2YQ4L
Configuration register is 0x2102
"""


@dataclass
class Link:
    """All that a router has to tell of one peer. ``sa``: up, negotiating, no-child, none."""

    peer: Peer
    sa: str = "up"
    transform: str = "esp-gcm 256"
    settings: str = "Transport, "
    decaps: int = 120
    encaps: int = 110
    responding: bool = True
    registered: bool = True
    nbma: str | None = None
    routing: bool = True
    state: str = "Active"
    remote_as: int = 65000
    reset: str | None = None
    bfd: str = "Up"
    answers: int | None = 1400

    @property
    def outside(self) -> str:
        return self.nbma or world.nbma(self.peer)


@dataclass
class Router:
    """A router of the fleet that runs IOS, and what is wrong with it."""

    device: Device
    links: list[Link] = field(default_factory=list)
    protocol: Protocol = "bgp"
    exists: bool = True
    line: tuple[str, str] = ("up", "up")
    key: str = "0xA"
    mtu: int = 1400
    source: str = f"198.51.100.10 ({WAN})"
    profile: str = "MGRE-internet"
    wan: tuple[str, str] = ("up", "up")
    null_routes: tuple[str, ...] = ("10.0.0.0 255.128.0.0", "10.255.0.0 255.255.252.0")
    summary: bool = True
    log: tuple[str, ...] = ()
    claims: tuple[str, ...] = ("10.11.0.7",)  # what it answered resolutions for
    subject: tuple[str, ...] = ()
    ends: str = "12:00:00 UTC Nov 28 2027"

    def answers(self) -> dict[str, str]:
        """What each command that is asked prints."""
        shown, told = ios_interfaces.tunnel_commands(TUNNEL)
        return {
            ios_host.VERSION: VERSION.format(name=self.device.name),
            ios_host.CLOCK: "*08:00:00.123 UTC Fri Jan 15 2027\n",
            ios_host.ROLLBACK: "%No Rollback Confirmed Change pending\n",
            ios_host.CERTIFICATES: self.certificates(),
            ios_host.LOG: "".join(f"{line}\n" for line in self.log),
            ios_interfaces.BRIEF: self.brief(),
            ios_interfaces.NULL_ROUTES: "".join(
                f"ip route {route} Null0 250 name MGRE-blue\n" for route in self.null_routes
            ),
            shown: self.tunnel() if self.exists else INVALID,
            told: self.ip_interface() if self.exists else INVALID,
            ios_nhrp.DMVPN: self.dmvpn(),
            ios_nhrp.CACHE: self.nhrp(),
            ios_nhrp.SERVERS: self.servers(),
            ios_crypto.IKE: self.ike(),
            ios_crypto.IPSEC: self.ipsec(),
            ios_crypto.SESSIONS: self.sessions(),
            ios_routing.BGP: self.bgp() if self.protocol == "bgp" else "% BGP not active\n",
            ios_routing.NEIGHBORS: self.neighbors() if self.protocol == "bgp" else "% BGP not active\n",
            ios_routing.OSPF: self.ospf() if self.protocol == "ospf" else "",
            ios_routing.EIGRP: self.eigrp() if self.protocol == "eigrp" else "",
            ios_routing.BFD: "\n".join(self.bfd(link) for link in self.links if link.bfd != "none"),
            ios_routes.ROUTES: self.routes(),
        }

    def brief(self) -> str:
        wan = f"{self.wan[0]:22}{self.wan[1]}"
        rows = [
            "Interface              IP-Address      OK? Method Status                Protocol",
            f"{WAN:23}198.51.100.10   YES NVRAM  {wan}",
            f"{LAN:23}{self.device.lans[0][1]!s:16}YES NVRAM  up                    up      ",
            "GigabitEthernet3       unassigned      YES unset  administratively down down    ",
        ]
        if self.exists:
            overlay = str(self.device.memberships[0].overlay)
            rows.append(f"{TUNNEL:23}{overlay:16}YES manual {self.line[0]:22}{self.line[1]}")
        return "\n".join(rows) + "\n"

    def tunnel(self) -> str:
        overlay = self.device.memberships[0].overlay
        protection = f'  Tunnel protection via IPSec (profile "{self.profile}")\n' if self.profile else ""
        return (
            f"{TUNNEL} is {self.line[0]}, line protocol is {self.line[1]} \n"
            "  Hardware is Tunnel\n"
            "  Description: mgre.dmvpn blue\n"
            f"  Internet address is {overlay}/22\n"
            "  MTU 9972 bytes, BW 100 Kbit/sec, DLY 50000 usec, \n"
            "     reliability 255/255, txload 1/255, rxload 1/255\n"
            "  Encapsulation TUNNEL, loopback not set\n"
            "  Keepalive not set\n"
            "  Tunnel linestate evaluation up\n"
            f"  Tunnel source {self.source}\n"
            "   Tunnel Subblocks:\n"
            "      src-track:\n"
            f"         {TUNNEL} source tracking subblock associated with {WAN}\n"
            "  Tunnel protocol/transport multi-GRE/IP\n"
            f"    Key {self.key}, sequencing disabled\n"
            "    Checksumming of packets disabled\n"
            "  Tunnel TTL 255, Fast tunneling enabled\n"
            "  Tunnel transport MTU 1472 bytes\n"
            "  Tunnel transmit bandwidth 8000 (kbps)\n"
            f"{protection}"
            "  Last input 00:00:01, output never, output hang never\n"
            "     1201 packets input, 132110 bytes, 0 no buffer\n"
            "     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored, 0 abort\n"
            "     1102 packets output, 121220 bytes, 0 underruns\n"
            "     0 output errors, 0 collisions, 0 interface resets\n"
        )

    def ip_interface(self) -> str:
        overlay = self.device.memberships[0].overlay
        return (
            f"{TUNNEL} is {self.line[0]}, line protocol is {self.line[1]}\n"
            f"  Internet address is {overlay}/22\n"
            "  Broadcast address is 255.255.255.255\n"
            "  Address determined by non-volatile memory\n"
            f"  MTU is {self.mtu} bytes\n"
            "  Helper address is not set\n"
        )

    def dmvpn(self) -> str:
        if not self.exists:
            return LEGEND
        role = "Hub" if self.device.memberships[0].role == "hub" else "Spoke"
        text = LEGEND + (
            f"Interface {TUNNEL} is {self.line[0]}/{self.line[1]}, Addr. is "
            f'{self.device.memberships[0].overlay}, VRF "" \n'
            f'   Tunnel Src./Dest. addr: 198.51.100.10/MGRE, Tunnel VRF ""\n'
            f'   Protocol/Transport: "multi-GRE/IP", Protect "{self.profile}" \n'
            f"   Interface State Control: {'Enabled' if role == 'Spoke' else 'Disabled'}\n"
            "   nhrp event-publisher : Disabled\n\n"
        )
        servers = [link for link in self.links if link.peer.role == "hub"]
        if servers:
            text += "IPv4 NHS:\n" + "".join(
                f"{link.peer.overlay}  {'RE' if link.responding else 'E'} NBMA Address: {link.outside} "
                "priority = 0 cluster = 0\n"
                for link in servers
            )
        text += f"Type:{role}, Total NBMA Peers (v4/v6): {len(self.links)}\n\n"
        text += (
            "# Ent  Peer NBMA Addr Peer Tunnel Add State  UpDn Tm Attrb    Target Network\n"
            "----- --------------- --------------- ----- -------- ----- -----------------\n"
        )
        for link in self.links:
            state = "UP" if link.responding and link.sa == "up" else "NHRP" if link.sa == "up" else "IKE"
            attribute = "S" if link.peer.role == "hub" else "D"
            text += (
                f"    1 {link.outside:15} {link.peer.overlay!s:>15} {state:>5} 00:12:34 {attribute:>5}  "
                f"{link.peer.overlay}/32\n"
            )
        return text + "\n\nCrypto Session Details: \n" + "-" * 80 + "\n\nPending DMVPN Sessions:\n\n"

    def nhrp(self) -> str:
        text = "".join(
            f"{address}/32 via {self.device.memberships[0].overlay}\n"
            f"   {TUNNEL} created 00:00:32, expire 00:00:28\n"
            "   Type: dynamic, Flags: router unique local \n"
            "   NBMA address: 198.51.100.10 \n    (no-socket) \n"
            for address in self.claims
        )
        for link in self.links:
            address = link.peer.overlay
            if link.peer.role == "hub":
                text += (
                    f"{address}/32 via {address}\n"
                    f"   {TUNNEL} created 01:02:03, never expire \n"
                    "   Type: static, Flags: used \n"
                    f"   NBMA address: {link.outside} \n"
                )
            elif link.registered:
                claimed = "    (Claimed NBMA address: 192.168.1.2) \n" if link.peer.nat else ""
                text += (
                    f"{address}/32 via {address}\n"
                    f"   {TUNNEL} created 00:55:09, expire 00:00:50\n"
                    "   Type: dynamic, Flags: registered used nhop \n"
                    f"   NBMA address: {link.outside} \n{claimed}"
                )
        return text

    def servers(self) -> str:
        servers = [link for link in self.links if link.peer.role == "hub"]
        if not servers:
            return ""
        text = f"Legend: E=Expecting replies, R=Responding, W=Waiting, D=Dynamic\n{TUNNEL}:\n"
        for link in servers:
            heard = "repl-recv 5 (00:00:09 ago)" if link.responding else "repl-recv 0"
            text += (
                f"{link.peer.overlay}  {'RE' if link.responding else ' E'}  NBMA Address: {link.outside} "
                f"priority = 0 cluster = 0  req-sent 7  req-failed 0  {heard}\n"
                " Current Request ID: 7\n Protection Socket Requested: FALSE\n"
            )
        return text + "\n"

    def ike(self) -> str:
        rows = ""
        for number, link in enumerate(self.links, 1):
            if link.sa == "none":
                continue
            status = "IN-NEG" if link.sa == "negotiating" else "READY"
            encapsulated = 4500 if link.peer.nat else 500
            rows += (
                f"{number:<10}198.51.100.10/{encapsulated:<8}{link.outside}/{encapsulated:<10}"
                f"none/none            {status}  \n"
                "      Encr: AES-GCM, keysize: 256, PRF: SHA384, Hash: None, DH Grp:20, Auth sign: RSA, "
                "Auth verify: RSA\n"
                "      Life/Active Time: 14400/735 sec\n"
                "      CE id: 1004, Session-id: 4\n"
                "      Status Description: Negotiation done\n"
                "      Local spi: B10AA51B227B62AB       Remote spi: 98184FF7319BFC85\n"
                f"      Local id: cn={self.device.name},ou=10.255.0.11,o=mgre-dmvpn\n"
                f"      Remote id: cn={link.peer.name},ou={link.peer.overlay},o=mgre-dmvpn\n"
                "      DPD configured for 10 seconds, retry 2\n"
                "      NAT-T is not detected  \n"
                "      Initiator of SA : Yes\n\n"
            )
        if not rows:
            return ""
        head = "Tunnel-id Local                 Remote                fvrf/ivrf            Status \n"
        return f" IPv4 Crypto IKEv2  SA \n\n{head}{rows} IPv6 Crypto IKEv2  SA \n\n"

    def ipsec(self) -> str:
        flows = "".join(self.flow(link) for link in self.links if link.sa == "up")
        if not flows:
            return "\nNo SAs found\n"
        return (
            f"\ninterface: {TUNNEL}\n    Crypto map tag: {TUNNEL}-head-0, local addr 198.51.100.10\n\n{flows}"
        )

    @staticmethod
    def flow(link: Link) -> str:
        port = 4500 if link.peer.nat else 500
        settings = link.settings.replace(", ", " UDP-Encaps, ") if link.peer.nat else link.settings
        sa = (
            f"        transform: {link.transform} ,\n"
            f"        in use settings ={{{settings}}}\n"
            "        conn id: 2077, flow_id: CSR:77, sibling_flags FFFFFFFF80004048, crypto map: "
            "Tunnel10-head-0\n"
            "        sa timing: remaining key lifetime (k/sec): (4608000/3237)\n"
            "        IV size: 8 bytes\n"
            "        replay detection support: Y\n"
            "        Status: ACTIVE(ACTIVE)\n\n"
        )
        return (
            "   protected vrf: (none)\n"
            "   local  ident (addr/mask/prot/port): (198.51.100.10/255.255.255.255/47/0)\n"
            f"   remote ident (addr/mask/prot/port): ({link.outside}/255.255.255.255/47/0)\n"
            f"   current_peer {link.outside} port {port}\n"
            "     PERMIT, flags={origin_is_acl,}\n"
            f"    #pkts encaps: {link.encaps}, #pkts encrypt: {link.encaps}, #pkts digest: {link.encaps}\n"
            f"    #pkts decaps: {link.decaps}, #pkts decrypt: {link.decaps}, #pkts verify: {link.decaps}\n"
            "    #pkts compressed: 0, #pkts decompressed: 0\n"
            "    #send errors 0, #recv errors 0\n\n"
            f"     local crypto endpt.: 198.51.100.10, remote crypto endpt.: {link.outside}\n"
            "     plaintext mtu 1458, path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet1\n"
            "     current outbound spi: 0x2E8482F8(780436216)\n"
            "     PFS (Y/N): N, DH group: none\n\n"
            f"     inbound esp sas:\n      spi: 0xA54D38A4(2773301412)\n{sa}"
            "     inbound ah sas:\n\n     inbound pcp sas:\n\n"
            f"     outbound esp sas:\n      spi: 0x2E8482F8(780436216)\n{sa}"
            "     outbound ah sas:\n\n     outbound pcp sas:\n\n"
        )

    def sessions(self) -> str:
        text = "Crypto session current status\n\nCode: C - IKE Configuration mode\n\n"
        words = {"up": "UP-ACTIVE", "negotiating": "DOWN-NEGOTIATING", "no-child": "UP-IDLE", "none": "DOWN"}
        for link in self.links:
            text += (
                f"Interface: {TUNNEL}\nSession status: {words[link.sa]}     \n"
                f"Peer: {link.outside} port 500 fvrf: (none) ivrf: (none)\n"
                f"      Phase1_id: (none)\n      Desc: (none)\n"
                f"  IPSEC FLOW: permit 47 host 198.51.100.10 host {link.outside} \n"
                "        Active SAs: 2, origin: crypto map\n\n"
            )
        return text

    def bgp(self) -> str:
        text = (
            "BGP router identifier 10.255.0.11, local AS number 65000\n"
            "BGP table version is 12, main routing table version 12\n"
            "4 network entries using 992 bytes of memory\n"
            "BGP activity 8/4 prefixes, 12/6 paths, scan interval 60 secs\n\n"
        )
        rows, dynamic = "", 0
        for link in self.links:
            star = link.peer.role == "spoke"
            if star and not link.routing:
                continue  # a dynamic neighbour that is down is none
            dynamic += star
            told = "2" if link.routing else link.state
            up = "00:11:22" if link.routing else "never"
            name = f"{'*' if star else ''}{link.peer.overlay}"
            rows += f"{name:15} 4 {link.remote_as:12} {59:7} {66:7} {12:8}    0    0 {up:8} {told:>12}\n"
        if rows:
            text += (
                "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd\n"
                + rows
            )
        if self.device.memberships[0].role == "hub":
            text += (
                "* Dynamically created based on a listen range command\n"
                f"Dynamically created neighbors: {dynamic}, Subnet ranges: 1\n\n"
                "BGP peergroup MGRE-blue-spokes listen range group members: \n  10.255.0.0/22 \n\n"
                f"Total dynamically created neighbors: {dynamic}/(5000 max), Subnet ranges: 1\n"
            )
        return text

    def neighbors(self) -> str:
        return "".join(
            f"BGP neighbor is {link.peer.overlay},  remote AS 65000, internal link\n"
            f"  Last reset {'00:00:33, due to ' + link.reset if link.reset else 'never'}\n"
            for link in self.links
        )

    def ospf(self) -> str:
        head = "\nNeighbor ID     Pri   State           Dead Time   Address         Interface\n"
        rows = "".join(
            f"{link.peer.overlay!s:15}   0   FULL/  -        00:00:09    {link.peer.overlay!s:15} {TUNNEL}\n"
            for link in self.links
            if link.routing
        )
        return head + rows if rows else ""

    def eigrp(self) -> str:
        head = (
            "EIGRP-IPv4 VR(MGRE-DMVPN) Address-Family Neighbors for AS(65000)\n"
            "H   Address                 Interface              Hold Uptime   SRTT   RTO  Q  Seq\n"
            "                                                   (sec)         (ms)       Cnt Num\n"
        )
        rows = [
            f"{n}   {link.peer.overlay!s:23} Tu10                      8 00:11:22   19   114  0  12\n"
            for n, link in enumerate(self.links)
            if link.routing
        ]
        return head + "".join(rows)

    @staticmethod
    def bfd(link: Link) -> str:
        up = link.bfd == "Up"
        return (
            "IPv4 Sessions\n"
            "NeighAddr                              LD/RD         RH/RS     State     Int\n"
            f"{link.peer.overlay!s:38}4097/4098       {link.bfd:10}{link.bfd:10}Tu10\n"
            f"{'Session state is UP and not using echo function.' if up else 'Session Host: Software'}\n"
            "OurAddr: 10.255.0.11     \n"
            "Handle: 1\n"
            f"Local Diag: {0 if up else 1}, Demand mode: 0, Poll bit: 0\n"
            "MinTxInt: 300000, MinRxInt: 300000, Multiplier: 3\n"
            "Received MinRxInt: 300000, Received Multiplier: 3\n"
            "Holddown (hits): 0(0), Hello (hits): 300(1939)\n"
            "Rx Count: 1916, Rx Interval (ms) min/max/avg: 1/1003/878 last: 207 ms ago\n"
            "Tx Count: 1916, Tx Interval (ms) min/max/avg: 1/1003/878 last: 767 ms ago\n"
            "Elapsed time watermarks: 0 0 (last: 0)\n"
            "Registered protocols: BGP CEF \n"
            f"{'Uptime' if up else 'Downtime'}: 00:28:03\n"
            "Last packet: Version: 1                  - Diagnostic: 0\n"
            "             State bit: Up               - Demand bit: 0\n"
            "             Poll bit: 0                 - Final bit: 0\n"
            "             C bit: 0                                   \n"
            "             Multiplier: 3               - Length: 24\n"
            "             My Discr.: 4098             - Your Discr.: 4097\n"
            "             Min tx interval: 300000     - Min rx interval: 300000\n"
            "             Min Echo interval: 0       \n\n"
        )

    def routes(self) -> str:
        member, lan = self.device.memberships[0], self.device.lans[0]
        code, tail = {
            "bgp": ("B", ", 00:11:22"),
            "ospf": ("O", f", 00:11:22, {TUNNEL}"),
            "eigrp": ("D", f", 00:11:22, {TUNNEL}"),
            "static": ("S", ""),
        }[self.protocol]
        rows = [
            "S*    0.0.0.0/0 [1/0] via 198.51.100.9",
            "      10.0.0.0/8 is variably subnetted, 9 subnets, 4 masks",
        ]
        up = [link for link in self.links if link.routing]
        if member.role == "spoke" and self.summary and up:
            rows.append(f"{code}        10.0.0.0/9 [200/0] via {up[0].peer.overlay}{tail}")
        elif self.null_routes:
            rows.append("S        10.0.0.0/9 is directly connected, Null0")
        rows.append(f"C        {lan} is directly connected, {LAN}")
        rows.append(f"L        {lan[1]}/32 is directly connected, {LAN}")
        if member.role == "hub":
            rows += [
                f"{code}   %    {link.peer.lans[0]}\n           [200/0] via {link.peer.overlay}{tail}"
                for link in up
            ]
        if self.exists and self.line == ("up", "up"):
            rows.append(f"C        10.255.0.0/22 is directly connected, {TUNNEL}")
            rows.append(f"L        {member.overlay}/32 is directly connected, {TUNNEL}")
        rows += [
            "      198.51.100.0/30 is subnetted, 1 subnets",
            f"C        198.51.100.8 is directly connected, {WAN}",
        ]
        return (
            CODES + "Gateway of last resort is 198.51.100.9 to network 0.0.0.0\n\n" + "\n".join(rows) + "\n"
        )

    def certificates(self) -> str:
        overlay = self.device.memberships[0].overlay
        subject = self.subject or (f"cn={self.device.name}", f"ou={overlay}", "o=mgre-dmvpn")
        parts = "".join(f"    {part}\n" for part in subject)
        return (
            "Certificate\n"
            "  Status: Available\n"
            "  Certificate Serial Number (hex): 02\n"
            "  Certificate Usage: General Purpose\n"
            "  Issuer: \n    cn=mgre-dmvpn CA\n"
            f"  Subject:\n    Name: {self.device.name}\n{parts}"
            "  Validity Date: \n"
            "    start date: 12:00:00 UTC Nov 28 2026\n"
            f"    end   date: {self.ends}\n"
            "  Associated Trustpoints: mgre-dmvpn \n\n"
            "CA Certificate\n"
            "  Status: Available\n"
            "  Certificate Serial Number (hex): 01\n"
            "  Certificate Usage: Signature\n"
            "  Issuer: \n    cn=mgre-dmvpn CA\n"
            "  Subject: \n    cn=mgre-dmvpn CA\n"
            "  Validity Date: \n"
            "    start date: 12:00:00 UTC Nov 28 2026\n"
            "    end   date: 12:00:00 UTC Nov 28 2036\n"
            "  Associated Trustpoints: mgre-dmvpn \n\n"
        )

    def ping(self, command: str) -> str:
        """What IOS prints for a ping with df-bit."""
        words = command.split()
        size, repeat = int(words[words.index("size") + 1]), int(words[words.index("repeat") + 1])
        link = next(link for link in self.links if str(link.peer.overlay) == words[1])
        heard = repeat if link.answers is not None and size <= link.answers else 0
        times = ", round-trip min/avg/max = 1/4/9 ms" if heard else ""
        return (
            "Type escape sequence to abort.\n"
            f"Sending {repeat}, {size}-byte ICMP Echos to {words[1]}, timeout is 2 seconds:\n"
            "Packet sent with a source address of 10.255.0.11 \n"
            "Packet sent with the DF bit set\n"
            f"{'!' * heard + '.' * (repeat - heard)}\n"
            f"Success rate is {100 * heard // repeat} percent ({heard}/{repeat}){times}\n"
        )


def of_platform(device: Device, protocol: Protocol, phase: Phase = 3) -> Device:
    """A device of the world as an IOS router."""
    (member,) = device.memberships
    transport = replace(member.transport, interface=WAN)
    routing = replace(member.cloud.routing, protocol=protocol)
    cloud = replace(member.cloud, routing=routing, phase=phase)
    member = replace(
        member,
        platform="ios",
        transport=transport,
        cloud=cloud,
        hubs=tuple(replace(peer, platform="ios") for peer in member.hubs),
        spokes=tuple(replace(peer, platform="ios") for peer in member.spokes),
    )
    return replace(device, platform="ios", transports=(transport,), memberships=(member,))


def healthy(
    own: Peer, protocol: Protocol = "bgp", auth: world.Auth = "certificate", phase: Phase = 3
) -> Router:
    """A router in perfect health."""
    device = of_platform(world.device(own, world.cloud("bgp", auth)), protocol, phase)
    (member,) = device.memberships
    links = [Link(peer) for peer in (*member.hubs, *member.spokes)]
    source = f"{member.transport.address or '192.168.1.2'} ({WAN})"
    return Router(device, links, protocol, source=source)
