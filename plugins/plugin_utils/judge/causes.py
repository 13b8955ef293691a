# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a failed check to its likely cause: an ordered table, the first row that has evidence wins.

A row holds for one check. Its ``evidence`` function looks across all layers and returns what speaks for the
cause, or None. The last row of a check needs no evidence: it says what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .evidence import (
    Case,
    admin_shut_here,
    admin_shut_there,
    as_mismatch,
    authentication,
    bfd_down,
    childless,
    expired,
    filtered,
    leak,
    no_proposal,
    one_way,
    other_mode,
    own_tunnel_address,
    refused,
    seen,
    shrunk,
    silent,
    unanswered,
    wan_down,
)

Evidence = Callable[[Case], str | None]


@dataclass(frozen=True, slots=True)
class Cause:
    """One row. ``subject`` is a pattern that the result's subject must match; {peer}, {nbma}, {interface},
    {wan}, {subject}, {daemon}, {cloud}, {mtu} in texts are filled in.

    ``ios`` is the remedy on an IOS router where it is not the same; ``at`` says which router the remedy is
    about: this one, the peer, or both ends, which may run different systems.
    """

    name: str
    check: str
    says: str
    remedy: str
    evidence: Evidence = seen
    subject: str = ""
    ios: str = ""
    at: Literal["here", "peer", "both"] = "here"


TABLE: tuple[Cause, ...] = (
    Cause(
        "charon_dead",
        "services",
        "strongSwan does not run: no SA can be made",
        "journalctl -u strongswan -n 50; systemctl restart strongswan",
        subject=r"strongswan\.service",
    ),
    Cause(
        "daemon_dead",
        "services",
        "the FRR daemon {subject} does not run",
        "journalctl -u frr -n 50 for the reason; systemctl restart frr",
        subject=r"\w+d|zebra",
    ),
    Cause(
        "service_down",
        "services",
        "{subject} is not active",
        "systemctl status {subject}; systemctl restart {subject}; if it does not exist, run site.yml",
    ),
    Cause(
        "unprotected",
        "guard",
        "{subject}: {got}. What leaves by the tunnel is not encrypted",
        "run site.yml",
        subject=r"\S+ protection$",
        ios="run site.yml, which sets 'tunnel protection ipsec profile' under {interface} again; then find "
        "who removed it (show archive log config all)",
    ),
    Cause(
        "null_route_missing",
        "guard",
        "{subject}: {got}. Without a route from the tunnel, packets follow the default route unencrypted",
        "run site.yml",
        subject=r"routes to Null0$",
        ios="run site.yml, which sets 'ip route ... Null0' again; then find who removed it (show archive "
        "log config all)",
    ),
    Cause(
        "guard_missing",
        "guard",
        "the guard in the kernel is not complete: packets may leave unencrypted; {got}",
        "systemctl restart mgre-dmvpn-guard; then find out who flushes the rules (nft monitor)",
    ),
    Cause(
        "tunnel_missing",
        "tunnel",
        "{got}: {subject}",
        "systemctl restart mgre-dmvpn-{cloud}",
        subject=r"\S+$",
        ios="show interfaces {interface}; no shutdown; if it does not exist, run site.yml",
    ),
    Cause(
        "gre_key",
        "tunnel",
        "wrong GRE key on this router: all packets of the cloud are dropped by the others",
        "systemctl restart mgre-dmvpn-{cloud}, which sets the key again; then find who changed it",
        subject=r"\S+ GRE key$",
        ios="run site.yml, which sets 'tunnel key' again; then find who changed it (show archive log "
        "config all)",
    ),
    Cause(
        "tunnel_changed",
        "tunnel",
        "the tunnel was changed beside the inventory: {subject} is {got}",
        "systemctl restart mgre-dmvpn-{cloud}; if the inventory changed, run site.yml",
        ios="run site.yml, which sets it again; show running-config interface {interface}",
    ),
    Cause(
        "certificate",
        "certificates",
        "{subject}: {got}",
        "issue a new certificate (role pki) and run site.yml; check the router's clock",
        ios="enrol the trustpoint (dmvpn_ios_trustpoint) again, then run site.yml; show crypto pki "
        "certificates, show clock",
    ),
    Cause(
        "wan_down",
        "sa",
        "the WAN is down: {evidence}",
        "check cable, provider and DHCP lease of {wan}; ip route get {nbma} oif {wan}",
        wan_down,
        ios="check cable, provider and DHCP lease of {wan}; show interfaces {wan}, show ip route {nbma}",
    ),
    Cause(
        "certificate_expired",
        "sa",
        "a certificate is not valid any more: {evidence}",
        "issue a new certificate for the end that is named, or set its clock",
        expired,
    ),
    Cause(
        "authentication",
        "sa",
        "authentication failed: {evidence}",
        "compare the PSK (dmvpn_psks), or CA and subject, of both ends; run site.yml for both",
        authentication,
    ),
    Cause(
        "no_proposal",
        "sa",
        "both ends have no suite in common: {evidence}",
        "compare ipsec.suite of the cloud with 'swanctl --list-conns' on both ends; run site.yml for both",
        no_proposal,
        ios="compare ipsec.suite of the cloud with 'show crypto ikev2 proposal' on both ends; run "
        "site.yml for both",
        at="both",
    ),
    Cause(
        "no_child",
        "sa",
        "IKE works, the ESP SA is refused: {evidence}",
        "compare children of 'swanctl --list-conns' on both ends",
        childless,
        ios="compare 'show crypto ipsec transform-set' on both ends: the suite, and mode transport",
        at="both",
    ),
    Cause(
        "esp_mode",
        "sa",
        "{got}: the other end, or this one, wants tunnel mode",
        "compare 'mode' in swanctl --list-conns on both ends; run site.yml for both",
        other_mode,
        ios="compare 'mode transport' of 'show crypto ipsec transform-set' on both ends; run site.yml for "
        "both",
        at="both",
    ),
    Cause(
        "no_answer",
        "sa",
        "no answer from {nbma} on UDP 500/4500: {evidence}",
        "ping {nbma}; is {peer} up, and its strongSwan? Does a firewall drop UDP 500, 4500, or ESP?",
        unanswered,
        ios="ping {nbma}; is {peer} up? Does an access list or a firewall drop UDP 500, 4500, or ESP?",
    ),
    Cause(
        "no_sa",
        "sa",
        "no SA, and the IKE daemon logged no reason lately",
        "swanctl --initiate --child gre does not work with %any: ping the overlay address of {peer} and read "
        "journalctl -u strongswan -f",
        ios="ping the overlay address of {peer} to start one, then read 'show logging | include IKEV2' "
        "and 'show crypto session detail'",
    ),
    Cause(
        "suite",
        "sa_suite",
        "the SA uses other algorithms than the inventory wants",
        "run site.yml for both ends, then swanctl --terminate --ike for the old SA",
        ios="run site.yml for both ends, then clear crypto ikev2 sa remote {nbma}",
        at="both",
    ),
    Cause(
        "claims_other_address",
        "own_address",
        "this router answers for an overlay address that is not its own: {got}",
        "ip address show dev {interface}: take a foreign address off, then systemctl restart frr, because "
        "nhrpd forgets an address only then",
        ios="show ip interface {interface}: take a foreign address off, then clear ip nhrp",
    ),
    Cause(
        "wrong_nbma",
        "registration",
        "{got}",
        "correct address or public_address in the inventory, or find out who uses this overlay address",
        own_tunnel_address,
    ),
    Cause(
        "registration_refused",
        "registration",
        "the SA carries packets both ways, but {peer} does not accept the registration: {evidence}",
        "on {peer}: journalctl -u mgre-dmvpn-nhrp-events -n 20; does the certificate's OU list this overlay "
        "address? Is the NHRP secret (dmvpn_nhrp_secrets) the same?",
        refused,
        ios="on {peer}: show ip nhrp, show logging | include NHRP. Is the NHRP secret "
        "(dmvpn_nhrp_secrets) the same? Does another router hold this overlay address?",
        at="peer",
    ),
    Cause(
        "registration_unanswered",
        "registration",
        "the SA is up, packets go out and none come back ({evidence}): {peer} has another GRE key, "
        "or its nhrpd is dead, or the path came back just now. The key of this router is right",
        "on {peer}: ip -d link show {interface} (key), systemctl status frr; run verify.yml for it. After an "
        "outage nhrpd registers again within 64 s",
        silent,
        ios="on {peer}: show interfaces {interface} (key), show ip nhrp; run verify.yml for it",
        at="peer",
    ),
    Cause(
        "not_registered",
        "registration",
        "{got}",
        "on {peer}: vtysh -c 'show ip nhrp nhs' and 'show ip nhrp cache'; systemctl status frr",
        ios="on {peer}: show dmvpn detail, show ip nhrp; here: show ip nhrp nhs detail",
        at="peer",
    ),
    Cause(
        "neighbour_shut_here",
        "neighbour",
        "the BGP neighbour {peer} is shut down by the administrator on this router ({evidence})",
        "vtysh: configure terminal, router bgp, no neighbor (address) shutdown",
        admin_shut_here,
        ios="configure terminal, router bgp, no neighbor (address) shutdown",
    ),
    Cause(
        "neighbour_shut_there",
        "neighbour",
        "{peer} has shut down its BGP session by administrator ({evidence})",
        "on {peer}: vtysh -c 'show bgp summary', then no neighbor (address or peer group) shutdown",
        admin_shut_there,
        ios="on {peer}: show ip bgp summary, then no neighbor (address or peer group) shutdown",
        at="peer",
    ),
    Cause(
        "as_mismatch",
        "neighbour",
        "the AS numbers do not match: {evidence}",
        "compare asn and spoke_asn of the cloud with 'show bgp summary' on both ends; run site.yml for both",
        as_mismatch,
        ios="compare asn and spoke_asn of the cloud with 'show ip bgp summary' on both ends; run "
        "site.yml for both",
        at="both",
    ),
    Cause(
        "bfd_down",
        "neighbour",
        "BFD took the session down: {evidence}",
        "does a ping over the tunnel to {peer} lose packets? If so, raise bfd.interval or multiplier",
        bfd_down,
    ),
    Cause(
        "neighbour_down",
        "neighbour",
        "packets cross, but the session with {peer} does not come up: {got}",
        "vtysh -c 'show bgp neighbors' (or 'show ip ospf neighbor') on both ends; is TCP 179 filtered?",
        ios="show ip bgp neighbors (or show ip ospf neighbor, show ip eigrp neighbors) on both ends; "
        "is TCP 179 filtered?",
        at="both",
    ),
    Cause(
        "bfd",
        "bfd",
        "the routing session is up, BFD is not: {got}",
        "vtysh -c 'show bfd peers' on both ends; is UDP 3784/4784 filtered, is bfdd running on {peer}?",
        ios="show bfd neighbors details on both ends; is UDP 3784/3785 filtered, is 'bfd interval' "
        "under {interface}?",
        at="both",
    ),
    Cause(
        "route_leak",
        "routes",
        "site packets take the provider's route: {evidence}. The guard stops them",
        "vtysh -c 'show ip route' for the prefix; is the route filtered at the hub? Run site.yml",
        leak,
        ios="show ip route for the prefix; is the route filtered at the hub? Is the Null0 route there? "
        "Run site.yml",
    ),
    Cause(
        "summary_filtered",
        "routes",
        "the neighbours are up but the route is not announced or filtered: {evidence}",
        "prefix lists and route maps here and at the hub: vtysh -c 'show running-config'; run site.yml",
        filtered,
        ios="prefix lists and route maps here and at the hub: show ip prefix-list, show route-map; run "
        "site.yml",
        at="both",
    ),
    Cause(
        "hub_between",
        "routes",
        "phase 2: {got}, so that spokes make no shortcut",
        "run site.yml for the hub",
        subject=r".*: next hops$",
        ios="at the hub: no next-hop-self, no summary of the spokes' LANs (EIGRP: 'no next-hop-self' and 'no "
        "split-horizon' under the af-interface); run site.yml for it",
    ),
    Cause(
        "route_missing",
        "routes",
        "{got}",
        "vtysh -c 'show ip route' here and at the hub; run site.yml",
        ios="show ip route here and at the hub; run site.yml",
        at="both",
    ),
    Cause(
        "path_mtu_small",
        "path_mtu",
        "the path is smaller than the tunnel's MTU of {mtu}: {evidence}",
        "declare the provider's real MTU as path_mtu of the cloud and run site.yml, or have it repaired: "
        "then the kernel forgets what it learned in 10 minutes, or by ip route flush cache on both ends",
        shrunk,
        ios="declare the provider's real MTU as path_mtu of the cloud and run site.yml, or have it repaired",
    ),
    Cause(
        "path_dead",
        "path_mtu",
        "no packet is answered, though every layer below is up: {got}",
        "ping from {interface}; is there a route back at {peer}, does a firewall there drop ICMP?",
    ),
    Cause(
        "one_way",
        "sa_traffic",
        "packets go one way only: {evidence}",
        "does a firewall on the way drop ESP (protocol 50) or UDP 4500 in one direction?",
        one_way,
    ),
)
