# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Causes of the tunnel interface and the rules for what crosses it."""

from __future__ import annotations

from ..evidence import tunnel_down
from ..evidence_ends import foreign_overlay
from .row import Cause

ROWS: tuple[Cause, ...] = (
    Cause(
        "tunnel_down",
        "tunnel",
        "the tunnel {subject} is shut down",
        "ip link set {interface} up; then find out who took it down (journalctl -n 100, ip monitor link)",
        tunnel_down,
        subject=r"\S+$",
        ios="configure terminal, interface {interface}, no shutdown; show archive log config all tells who "
        "did it",
    ),
    Cause(
        "duplicate_address",
        "tunnel",
        "this router holds the overlay address of another site: {evidence}",
        "ip address del the foreign one from {interface}, or correct dmvpn_site and dmvpn_overlay in the "
        "inventory; "
        "then systemctl restart mgre-dmvpn-{cloud} frr",
        foreign_overlay,
        subject=r"\S+ address$",
        ios="correct dmvpn_site and dmvpn_overlay in the inventory and run site.yml, which sets 'ip address' "
        "again; then clear ip nhrp",
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
        "redirect_missing",
        "rules",
        "hub without NHRP redirect on {interface}, so that spokes make no shortcut: {got}",
        "systemctl restart mgre-dmvpn-guard for the rule; run site.yml for 'ip nhrp redirect' and "
        "nflog-group",
        subject=r"\S+ redirect$",
    ),
    Cause(
        "mss_not_clamped",
        "rules",
        "TCP through {interface} is not kept to segments that fit ({got}): connections open and then hang",
        "systemctl restart mgre-dmvpn-guard; then find out who flushes the rules (nft monitor)",
    ),
    Cause(
        "tunnel_changed",
        "tunnel",
        "the tunnel was changed beside the inventory: {subject} is {got}",
        "systemctl restart mgre-dmvpn-{cloud}; if the inventory changed, run site.yml",
        ios="run site.yml, which sets it again; show running-config interface {interface}",
    ),
)
