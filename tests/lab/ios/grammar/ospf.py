# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""OSPF."""

from __future__ import annotations

from ..rules import Mode, Rule

MODES = (Mode("ospf", "config-router"),)
RULES = (
    Rule("global", "router ospf process:<1-65535> [vrf vrf:WORD]", enters="ospf", order=71),
    Rule("ospf", "router-id = A.B.C.D"),
    Rule("ospf", "auto-cost reference-bandwidth = <1-4294967>", default="100"),
    Rule("ospf", "log-adjacency-changes = [detail]", on=False),
    Rule("ospf", "area AREA stub = [no-summary]"),
    Rule("ospf", "area AREA nssa = [no-summary] [default-information-originate]"),
    Rule("ospf", "area AREA range A.B.C.D MASK = [advertise | not-advertise] [cost <0-16777214>]"),
    Rule("ospf", "area AREA authentication = [message-digest]"),
    Rule("ospf", "summary-address A.B.C.D MASK = [not-advertise] [tag <0-4294967295>]"),
    Rule(
        "ospf",
        "redistribute {connected | static | bgp ASN | eigrp <1-65535>} = "
        "[metric <0-16777214>] [metric-type <1-2>] [subnets] [route-map WORD]",
    ),
    Rule("ospf", "passive-interface default"),
    Rule("ospf", "passive-interface INTERFACE"),
    Rule("ospf", "network A.B.C.D WILDCARD area = AREA"),
    Rule(
        "ospf",
        "default-information originate = [always] [metric <0-16777214>] [metric-type <1-2>] [route-map WORD]",
    ),
    Rule("ospf", "maximum-paths = <1-32>", default="4"),
    Rule("ospf", "distance = <1-255>", default="110"),
    Rule("ospf", "timers throttle spf = <1-600000> <1-600000> <1-600000>"),
    Rule("ospf", "bfd all-interfaces"),
)
