# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Causes of routing neighbours, BFD and routes."""

from __future__ import annotations

from ..evidence import (
    admin_shut_here,
    admin_shut_there,
    as_refused,
    bfd_down,
    filtered,
    leak,
    other_as,
)
from ..evidence_ends import bfd_missing
from .row import Cause

ROWS: tuple[Cause, ...] = (
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
        "this router expects another AS: {evidence}",
        "compare asn and spoke_asn of the cloud with 'show bgp summary'; run site.yml for this router",
        other_as,
        ios="compare asn and spoke_asn of the cloud with 'show ip bgp summary'; run site.yml for this router",
    ),
    Cause(
        "as_mismatch",
        "neighbour",
        "the AS numbers do not match: {evidence}",
        "compare asn and spoke_asn of the cloud with 'show bgp summary' on both ends; run site.yml for both",
        as_refused,
        ios="compare asn and spoke_asn of the cloud with 'show ip bgp summary' on both ends; run "
        "site.yml for both",
        at="both",
    ),
    Cause(
        "bfd_mismatch",
        "neighbour",
        "BFD is not configured alike on both ends: {evidence}",
        "run site.yml for this router, which sets 'neighbor ... bfd' again; vtysh -c 'show bfd peers' on "
        "both ends",
        bfd_missing,
        ios="run site.yml for this router; show bfd neighbors details on both ends",
        also=("bfd",),
    ),
    Cause(
        "bfd_down",
        "neighbour",
        "BFD took the session down: {evidence}",
        "does a ping over the tunnel to {peer} lose packets? If so, raise bfd.interval or multiplier",
        bfd_down,
        at="both",
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
        also=("site_route",),
        ios="show ip route for the prefix; is the route filtered at the hub? Is the Null0 route there? "
        "Run site.yml",
    ),
    Cause(
        "summary_filtered",
        "routes",
        "the neighbours are up but the route is not announced or filtered: {evidence}",
        "prefix lists and route maps here and at the hub: vtysh -c 'show running-config'; run site.yml",
        filtered,
        also=("site_route",),
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
        also=("site_route",),
        ios="show ip route here and at the hub; run site.yml",
        at="both",
    ),
    Cause(
        "asymmetric_path",
        "symmetry",
        "packets to {peer} go another way than they come back: {got}",
        "vtysh -c 'show ip route' for the LANs on both ends: a static route, a filter or another local "
        "preference "
        "moves one way; run site.yml for this router",
        ios="show ip route for the LANs on both ends: a static route, a filter or another local preference "
        "moves one "
        "way; run site.yml for this router",
    ),
)
