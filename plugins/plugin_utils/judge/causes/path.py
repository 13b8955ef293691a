# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Causes of the path that packets take, and what arrives."""

from __future__ import annotations

from ..evidence import shrunk, vanished
from .row import Cause

ROWS: tuple[Cause, ...] = (
    Cause(
        "mtu_black_hole",
        "path_mtu",
        "large packets vanish on the way, and nobody says so: {evidence}",
        "the provider's path is smaller than path_mtu of the cloud, and its ICMP errors (type 3, code 4) "
        "are filtered: "
        "declare the real MTU as path_mtu and run site.yml for the cloud; ping -M do -s SIZE {nbma} finds it",
        vanished,
        ios="the provider's path is smaller than path_mtu of the cloud, and its ICMP errors are filtered: "
        "declare the "
        "real MTU as path_mtu and run site.yml for the cloud; ping {nbma} df-bit size N finds it",
        also=("end_to_end",),
    ),
    Cause(
        "path_mtu_small",
        "path_mtu",
        "the path is smaller than the tunnel's MTU of {mtu}: {evidence}",
        "declare the provider's real MTU as path_mtu of the cloud and run site.yml, or have it repaired: "
        "then the kernel forgets what it learned in 10 minutes, or by ip route flush cache on both ends",
        shrunk,
        also=("end_to_end",),
        ios="declare the provider's real MTU as path_mtu of the cloud and run site.yml, or have it repaired",
    ),
    Cause(
        "path_dead",
        "path_mtu",
        "no packet is answered, though every layer below is up: {got}",
        "ping from {interface}; is there a route back at {peer}, does a firewall there drop ICMP?",
    ),
    Cause(
        "return_path",
        "end_to_end",
        "the LAN of {peer} does not answer, though each layer below is up: {got}",
        "on {peer}: is its LAN interface up, does a firewall drop, is there another default gateway in the "
        "LAN, and a "
        "route back? tcpdump -ni {interface} icmp on both ends tells which way is lost",
        at="both",
        ios="on {peer}: is its LAN interface up, does an access list drop, is there a route back? show ip "
        "route",
    ),
)
