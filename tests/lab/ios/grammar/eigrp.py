# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EIGRP, named and classic mode."""

from __future__ import annotations

from .. import checks
from ..rules import Mode, Rule

MODES = (
    Mode("eigrp", "config-router"),
    Mode("eigrp-classic", "config-router"),
    Mode("eigrp-af", "config-router-af", leave="exit-address-family", bang="before"),
    Mode("eigrp-if", "config-router-af-interface", leave="exit-af-interface", bang="before"),
    Mode("eigrp-topology", "config-router-af-topology", leave="exit-af-topology", bang="before"),
)
_REDISTRIBUTE = (
    "redistribute {connected | static | bgp ASN | ospf <1-65535>} = "
    "[metric <1-4294967295> <0-4294967295> <0-255> <1-255> <1-65535>] [route-map WORD]"
)
_A, _I, _T, _C = "eigrp-af", "eigrp-if", "eigrp-topology", "eigrp-classic"
RULES = (
    Rule("global", "router eigrp process:<1-65535>", enters=_C, order=70),
    Rule("global", "router eigrp name:NAME", enters="eigrp", order=70),
    Rule(
        "eigrp",
        "address-family ipv4 [unicast] [vrf vrf:WORD] autonomous-system asn:<1-65535>",
        enters=_A,
        effects=(checks.new_eigrp_family,),
    ),
    Rule("eigrp", "shutdown"),
    Rule(_A, "af-interface {default | INTERFACE}", enters=_I),
    Rule(_I, "summary-address {A.B.C.D MASK | ANYPREFIX} = [leak-map WORD]"),
    Rule(_I, "authentication mode = {md5 | hmac-sha-256 [0 | 7] secret:WORD}", secret=("secret",)),
    Rule(_I, "authentication key-chain = WORD"),
    Rule(_I, "bandwidth-percent = <1-999999>", default="50"),
    Rule(_I, "hello-interval = <1-65535>"),
    Rule(_I, "hold-time = <1-65535>"),
    Rule(_I, "bfd"),
    Rule(_I, "passive-interface"),
    Rule(_I, "next-hop-self = [no-ecmp-mode]", on=True),
    Rule(_I, "split-horizon", on=True),
    Rule(_I, "shutdown"),
    Rule(_I, "dampening-change = [<1-100>]"),
    Rule(_A, "topology base", enters=_T),
    Rule(_T, "distance eigrp = <1-255> <1-255>", default="90 170"),
    Rule(_T, "maximum-paths = <1-32>", default="4"),
    Rule(_T, "variance = <1-128>", default="1"),
    Rule(
        _T,
        _REDISTRIBUTE,
    ),
    Rule(_T, "distribute-list {prefix WORD | route-map WORD | WORD} {in | out} [INTERFACE]"),
    Rule(_T, "summary-metric ANYPREFIX distance = <1-255>"),
    Rule(_T, "auto-summary"),
    Rule(_T, "fast-reroute per-prefix {all | route-map WORD} ="),
    Rule(_A, "neighbor A.B.C.D INTERFACE"),
    Rule(_A, "network A.B.C.D [WILDCARD]"),
    Rule(_A, "eigrp router-id = A.B.C.D"),
    Rule(
        _A, "eigrp stub = {receive-only | {connected | summary | static | redistributed | leak-map WORD}+ | }"
    ),
    Rule(_A, "eigrp stub-site = WORD"),
    Rule(_A, "eigrp log-neighbor-changes", on=True),
    Rule(_A, "metric rib-scale = <1-255>", default="128"),
    Rule(_A, "timers graceful-restart purge-time = <20-300>"),
    Rule(_A, "shutdown"),
    Rule(_C, "network A.B.C.D [WILDCARD]"),
    Rule(_C, "passive-interface {default | INTERFACE}"),
    Rule(
        _C,
        _REDISTRIBUTE,
    ),
    Rule(_C, "eigrp router-id = A.B.C.D"),
    Rule(_C, "eigrp stub = {receive-only | {connected | summary | static | redistributed}+ | }"),
    Rule(_C, "auto-summary"),
    Rule(_C, "variance = <1-128>", default="1"),
)
