# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Causes of NHRP: settings, registration, bindings and shortcuts."""

from __future__ import annotations

from ..evidence import own_tunnel_address, refused, silent
from ..evidence_ends import nhs_missing, rebound, stale_binding
from .row import Cause

ROWS: tuple[Cause, ...] = (
    Cause(
        "network_id",
        "nhrp_settings",
        "NHRP runs with another network-id than the cloud: {got} instead of {wanted}",
        "run site.yml, which sets 'ip nhrp network-id' again; vtysh -c 'show running-config nhrpd'",
        subject=r"\S+ network-id$",
    ),
    Cause(
        "nhrp_authentication",
        "nhrp_settings",
        "the NHRP authentication string of this router is not that of the cloud: {got}, wanted {wanted}",
        "set dmvpn_nhrp_secrets and run site.yml for all routers of the cloud; nhrpd ignores whoever sends "
        "another",
        subject=r"\S+ authentication$",
    ),
    Cause(
        "redirect_missing",
        "nhrp_settings",
        "hub without 'ip nhrp redirect' on {interface}, so that spokes make no shortcut",
        "run site.yml, which sets it again",
        subject=r"\S+ redirect$",
    ),
    Cause(
        "nhs_missing",
        "nhrp_settings",
        "this router does not register at {peer}: {evidence}",
        "run site.yml, which writes 'ip nhrp nhs {overlay} nbma {nbma}' again; vtysh -c 'show ip nhrp nhs'",
        nhs_missing,
        subject=r"\S+ NHS |\w+: ",
        also=("registration",),
        ios="run site.yml, which writes 'ip nhrp nhs' again; show ip nhrp nhs detail",
    ),
    Cause(
        "shortcut_off",
        "nhrp_settings",
        "spoke without 'ip nhrp shortcut' on {interface}: its packets to other spokes stay on the hub",
        "run site.yml, which sets it again",
    ),
    Cause(
        "stale_cache",
        "binding",
        "{peer} has moved, and NHRP here still has its old address: {evidence}",
        "vtysh -c 'clear ip nhrp cache'; a 'static' entry is an 'ip nhrp map' by hand: take it out (no ip "
        "nhrp map)",
        stale_binding,
        ios="clear ip nhrp; a static entry is an 'ip nhrp map' by hand: take it out (no ip nhrp map)",
        also=("registration",),
    ),
    Cause(
        "nat_rebinding",
        "binding",
        "the NAT in front of {peer} has given it another address: {evidence}",
        "on {peer}: systemctl restart frr registers it again at once (by itself within a third of the "
        "holdtime); if it "
        "comes again, give the site a fixed public address",
        rebound,
        at="peer",
        also=("registration",),
    ),
    Cause(
        "binding_wrong",
        "binding",
        "{got}",
        "vtysh -c 'show ip nhrp cache'; vtysh -c 'clear ip nhrp cache'",
        ios="show ip nhrp; clear ip nhrp",
    ),
    Cause(
        "shortcut_without_sa",
        "shortcut_sa",
        "a shortcut is in use that has no SA, and swallows packets: {got}",
        "vtysh -c 'clear ip nhrp shortcut', after which the hub carries them; then journalctl -u "
        "mgre-dmvpn-nhrp-events -n 50: it should have cleared it",
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
)
