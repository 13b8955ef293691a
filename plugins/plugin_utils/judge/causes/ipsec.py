# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Causes of IKE and ESP."""

from __future__ import annotations

from ..evidence import (
    authentication,
    childless,
    expired,
    no_proposal,
    one_way,
    other_mode,
    psk_mismatch,
    unanswered,
    wan_down,
)
from ..evidence_ends import esp_blocked, esp_one_way, ike_blocked, underlay_dead
from .row import Cause

ROWS: tuple[Cause, ...] = (
    Cause(
        "wan_down",
        "sa",
        "the WAN is down: {evidence}",
        "check cable, provider and DHCP lease of {wan}; ip route get {nbma} oif {wan}",
        wan_down,
        ios="check cable, provider and DHCP lease of {wan}; show interfaces {wan}, show ip route {nbma}",
    ),
    Cause(
        "psk_mismatch",
        "sa",
        "both ends have different pre-shared keys: {evidence}",
        "set the same dmvpn_psks of the cloud for both ends and run site.yml for both; swanctl "
        "--load-creds --clear "
        "reads a file that was changed by hand",
        psk_mismatch,
        ios="set the same dmvpn_psks of the cloud for both ends and run site.yml for both; show crypto ikev2 "
        "profile, show running-config | section keyring",
        at="both",
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
        "ike_blocked",
        "sa",
        "UDP 500 and 4500 do not get through between the ends: {evidence}",
        "ask the provider, and look at firewalls on the way: UDP 500, 4500 and protocol 50 have to pass "
        "both ways. "
        "tcpdump -ni {wan} 'udp port 500 or 4500' on both ends tells which way is shut",
        ike_blocked,
        ios="ask the provider, and look at access lists on the way (show ip access-lists): UDP 500, 4500 and "
        "protocol 50 have to pass both ways",
        at="both",
    ),
    Cause(
        "underlay_dead",
        "sa",
        "nothing comes back from {peer} over the provider: {evidence}",
        "is {peer} powered, and its WAN up? traceroute {nbma}; call the provider",
        underlay_dead,
        at="both",
    ),
    Cause(
        "no_answer",
        "sa",
        "no answer from {nbma} on UDP 500/4500: {evidence}",
        "ping {nbma}; is {peer} up, and its strongSwan? Does a firewall drop UDP 500, 4500, or ESP?",
        unanswered,
        ios="ping {nbma}; is {peer} up? Does an access list or a firewall drop UDP 500, 4500, or ESP?",
        at="both",
    ),
    Cause(
        "no_sa",
        "sa",
        "no SA, and the IKE daemon logged no reason lately",
        "swanctl --initiate --child gre does not work with %any: ping the overlay address of {peer} and read "
        "journalctl -u strongswan -f",
        ios="ping the overlay address of {peer} to start one, then read 'show logging | include IKEV2' "
        "and 'show crypto session detail'",
        at="both",
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
        "esp_one_way",
        "sa_traffic",
        "ESP is lost in one direction: {evidence}. IKE passes both ways",
        "a firewall or the provider drops ESP (protocol 50; UDP 4500 behind a NAT) in that direction: "
        "tcpdump -ni {wan} "
        "'esp or udp port 4500' on both ends, then ask the provider",
        esp_one_way,
        ios="an access list or the provider drops ESP (protocol 50; UDP 4500 behind a NAT) in that "
        "direction: show ip "
        "access-lists, show crypto ipsec sa on both ends",
        at="both",
        also=("registration", "neighbour", "bfd", "path_mtu"),
    ),
    Cause(
        "esp_blocked",
        "sa_traffic",
        "ESP is lost in both directions: {evidence}. IKE passes",
        "a firewall or the provider drops ESP (protocol 50; UDP 4500 behind a NAT): tcpdump -ni {wan} 'esp "
        "or udp port "
        "4500' on both ends, then ask the provider",
        esp_blocked,
        ios="an access list or the provider drops ESP (protocol 50; UDP 4500 behind a NAT): show ip "
        "access-lists, show "
        "crypto ipsec sa on both ends",
        at="both",
        also=("registration", "neighbour", "bfd", "path_mtu"),
    ),
    Cause(
        "one_way",
        "sa_traffic",
        "packets go one way only: {evidence}",
        "does a firewall on the way drop ESP (protocol 50) or UDP 4500 in one direction?",
        one_way,
    ),
)
