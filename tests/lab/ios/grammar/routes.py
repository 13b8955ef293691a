# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VRFs, static routes."""

from __future__ import annotations

from .. import checks
from ..rules import Mode, Rule

MODES = (
    Mode("vrf", "config-vrf"),
    Mode("vrf-af", "config-vrf-af", leave="exit-address-family", bang="before"),
)
_GATEWAY = "{via:A.B.C.D | out:INTERFACE [via:A.B.C.D] | dhcp}"
_TAIL = "[<1-255>] [tag <1-4294967295>] [name NAME] [permanent | track <1-1000>]"
RULES = (
    Rule("global", "vrf definition vrf:WORD", enters="vrf", order=20, effects=(checks.vrf_gone,)),
    Rule("vrf", "description = LINE"),
    Rule("vrf", "rd = RD"),
    Rule("vrf", "address-family {ipv4 | ipv6}", enters="vrf-af"),
    Rule("vrf-af", "route-target {export | import} RD"),
    Rule(
        "global",
        f"ip route [vrf vrf:WORD] prefix:A.B.C.D mask:MASK {_GATEWAY} = {_TAIL}",
        order=78,
        sort=True,
        checks=(checks.route_fits, checks.interface_known),
    ),
    Rule("global", "ip routing", on=True, order=24),
    Rule("global", "ip cef", on=True, order=24),
    Rule("global", "ipv6 unicast-routing", order=24),
)
