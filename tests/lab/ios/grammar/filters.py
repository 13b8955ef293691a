# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access lists, prefix lists, community lists, route maps."""

from __future__ import annotations

from .. import checks
from ..rules import Mode, Rule

MODES = (
    Mode("route-map", "config-route-map"),
    Mode("acl-extended", "config-ext-nacl"),
    Mode("acl-standard", "config-std-nacl"),
)
_R = "route-map"
_HOST = "{any | host A.B.C.D | A.B.C.D WILDCARD}"
_PORTS = "[{eq | neq | gt | lt} {<0-65535> | NAME} | range {<0-65535> | NAME} {<0-65535> | NAME}]"
_ACTION = "{permit | deny}"
_COMMUNITIES = "COMMUNITY | <1-4294967295> | internet | no-export | no-advertise"
_EXTENDED = (
    f"{_ACTION} {{{{ip | ahp | esp | gre | igmp | ospf | eigrp | pim | <0-255>}} {_HOST} {_HOST} | "
    f"icmp {_HOST} {_HOST} [echo | echo-reply | packet-too-big | port-unreachable | time-exceeded | "
    "ttl-exceeded | unreachable | <0-255> [<0-255>]] | "
    f"{{udp | tcp}} {_HOST} {_PORTS} {_HOST} {_PORTS} [established]}} "
    "[dscp WORD] [fragments] [log | log-input]"
)
RULES = (
    Rule(
        "global",
        f"ip community-list standard name:WORD {_ACTION} {{{_COMMUNITIES}}}+",
        order=77,
    ),
    Rule("global", "ip community-list expanded name:WORD {permit | deny} LINE", order=77),
    Rule("global", "ip as-path access-list <1-500> {permit | deny} LINE", order=77),
    Rule("global", "ip access-list extended name:WORD", enters="acl-extended", order=80),
    Rule("global", "ip access-list standard name:WORD", enters="acl-standard", order=80),
    Rule(
        "acl-extended",
        f"seq:<1-2147483647> = {_EXTENDED}",
        no=("seq:<1-2147483647>",),
        sort=True,
    ),
    Rule("acl-extended", _EXTENDED, effects=(checks.number_line,)),
    Rule("acl-extended", "remark LINE"),
    Rule(
        "acl-standard",
        f"seq:<1-2147483647> = {_ACTION} {{any | host A.B.C.D | A.B.C.D [WILDCARD]}} [log]",
        no=("seq:<1-2147483647>",),
        sort=True,
    ),
    Rule(
        "acl-standard",
        f"{_ACTION} {{any | host A.B.C.D | A.B.C.D [WILDCARD]}} [log]",
        effects=(checks.number_line,),
    ),
    Rule("acl-standard", "remark LINE"),
    Rule("global", "ip prefix-list name:WORD description = LINE", order=82),
    Rule(
        "global",
        f"ip prefix-list name:WORD seq seq:<1-4294967294> = {_ACTION} ANYPREFIX [ge <1-32>] [le <1-32>]",
        no=("ip prefix-list name:WORD",),
        order=82,
        sort=True,
        checks=(checks.prefix_fits,),
    ),
    Rule(
        "global",
        f"ip prefix-list name:WORD {_ACTION} ANYPREFIX [ge <1-32>] [le <1-32>]",
        order=82,
        checks=(checks.prefix_fits,),
        effects=(checks.number_line,),
    ),
    Rule(
        "global",
        f"access-list <1-99> {_ACTION} {{any | host A.B.C.D | A.B.C.D [WILDCARD]}} [log]",
        no=("access-list <1-99>",),
        order=83,
    ),
    Rule("global", f"access-list <100-199> {_EXTENDED}", no=("access-list <100-199>",), order=83),
    Rule(
        "global",
        "route-map name:WORD",
        effects=(checks.complete_route_map,),
        no=("route-map name:WORD",),
        order=84,
        enters=_R,
    ),
    Rule(
        "global", f"route-map name:WORD {_ACTION}", effects=(checks.complete_route_map,), order=84, enters=_R
    ),
    Rule("global", f"route-map name:WORD {_ACTION} seq:<0-65535>", enters=_R, order=84, sort=True),
    Rule(_R, "description = LINE"),
    Rule(_R, "match ip address prefix-list {WORD}+"),
    Rule(_R, "match ip address {WORD}+"),
    Rule(_R, "match ip next-hop prefix-list {WORD}+"),
    Rule(_R, "match community = {WORD}+ [exact-match]"),
    Rule(_R, "match as-path = {<1-500>}+"),
    Rule(_R, "match interface = INTERFACE"),
    Rule(_R, "match tag = {<0-4294967295>}+"),
    Rule(_R, "match metric = <0-4294967295>"),
    Rule(_R, "match source-protocol = {bgp ASN | connected | static | ospf <1-65535> | eigrp <1-65535>}"),
    Rule(_R, "match route-type = {internal | external [type-1 | type-2] | local}"),
    Rule(_R, "set ip next-hop = {A.B.C.D | self | peer-address}"),
    Rule(_R, "set local-preference = <0-4294967295>"),
    Rule(_R, "set metric = <0-4294967295>"),
    Rule(_R, "set weight = <0-65535>"),
    Rule(_R, "set tag = <0-4294967295>"),
    Rule(_R, "set as-path prepend = {ASN}+"),
    Rule(_R, "set origin = {igp | incomplete}"),
    Rule(
        _R,
        f"set community = {{none | {{{_COMMUNITIES} | local-as}}+ [additive]}}",
    ),
    Rule(_R, "continue = [<1-65535>]"),
)
