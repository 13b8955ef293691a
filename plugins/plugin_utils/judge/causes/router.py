# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Causes of the router itself: services, clock, kernel, guard, certificates."""

from __future__ import annotations

from ..evidence import expired_here
from .row import Cause

ROWS: tuple[Cause, ...] = (
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
        "clock_skew",
        "clock",
        "the clock of this router is wrong: {got}. Certificates are judged by it",
        "timedatectl; start time synchronisation (systemd-timesyncd, chrony), which needs DNS and UDP 123 "
        "on the WAN; then ip xfrm state flush; systemctl restart strongswan: acquires keep "
        "the time of the wrong clock",
    ),
    Cause(
        "forwarding_off",
        "kernel",
        "the router does not forward: net.ipv4.ip_forward is 0",
        "sysctl -w net.ipv4.ip_forward=1; then find out who sets it: grep -r ip_forward /etc/sysctl.conf "
        "/etc/sysctl.d /usr/lib/sysctl.d",
        subject=r"forwarding$",
    ),
    Cause(
        "rp_filter",
        "kernel",
        "reverse path filtering is on, and drops packets that come by another tunnel than the answer would "
        "take: {got}",
        "sysctl --system, which reads /etc/sysctl.d/90-mgre-dmvpn.conf; then grep -r rp_filter "
        "/etc/sysctl.d for "
        "who sets it later",
        subject=r"rp_filter$",
    ),
    Cause(
        "neighbour_table_full",
        "kernel",
        "the kernel's neighbour table is full, new peers get no entry: {got}",
        "sysctl -w net.ipv4.neigh.default.gc_thresh3=16384 (gc_thresh2=8192); sysctl --system, then find "
        "out what "
        "fills the table: ip -4 neigh show | cut -d' ' -f3 | sort | uniq -c",
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
        "certificate_expired",
        "certificates",
        "{subject}: {got}",
        "issue a new certificate (role pki) and run site.yml; the clock of the router is right",
        expired_here,
        ios="enrol the trustpoint (dmvpn_ios_trustpoint) again, then run site.yml; show crypto pki "
        "certificates, show clock",
    ),
    Cause(
        "certificate",
        "certificates",
        "{subject}: {got}",
        "issue a new certificate (role pki) and run site.yml; check the router's clock",
        ios="enrol the trustpoint (dmvpn_ios_trustpoint) again, then run site.yml; show crypto pki "
        "certificates, show clock",
    ),
)
