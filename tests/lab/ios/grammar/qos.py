# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Quality of service: classes and policies."""

from __future__ import annotations

from .. import checks
from ..rules import Mode, Rule

MODES = (
    Mode("class-map", "config-cmap"),
    Mode("policy-map", "config-pmap"),
    Mode("class", "config-pmap-c", falls_to="parent"),
)
_DSCP = (
    "{<0-63> | af11 | af12 | af13 | af21 | af22 | af23 | af31 | af32 | af33 | af41 | af42 | af43 | "
    "cs1 | cs2 | cs3 | cs4 | cs5 | cs6 | cs7 | default | ef}"
)
RULES = (
    Rule("global", "class-map {match-all | match-any} name:WORD", enters="class-map", order=50),
    Rule("class-map", "description = LINE"),
    Rule("class-map", f"match [ip] dscp {{{_DSCP}}}+"),
    Rule("class-map", "match [ip] precedence {<0-7>}+"),
    Rule("class-map", "match access-group {<1-2699> | name WORD}"),
    Rule("class-map", "match protocol WORD"),
    Rule("class-map", "match qos-group <0-1023>"),
    Rule("class-map", "match any"),
    Rule("global", "policy-map policy:WORD", enters="policy-map", order=51, checks=(checks.policy_unused,)),
    Rule("policy-map", "description = LINE"),
    Rule("policy-map", "class name:WORD", enters="class", checks=(checks.class_there,)),
    Rule("class", "priority = [level <1-2>] [<1-10000000> | percent <1-100>]"),
    Rule(
        "class",
        "bandwidth = {<1-10000000> | percent <1-100> | remaining {percent <1-100> | ratio <1-65536>}}",
    ),
    Rule("class", "shape average = {<8000-100000000000> [<32-800000000> [<0-154400000>]] | percent <1-100>}"),
    Rule(
        "class",
        "police = {cir <8000-128000000000> | <8000-128000000000>} [<1000-512000000>] "
        "[conform-action {transmit | drop}] [exceed-action {transmit | drop}]",
    ),
    Rule("class", "fair-queue"),
    Rule("class", "random-detect = [dscp-based | precedence-based]"),
    Rule("class", "queue-limit = <1-8192000> [packets | bytes | ms | us]"),
    Rule("class", f"set [ip] dscp = {_DSCP}"),
    Rule("class", "service-policy = policy:WORD", checks=(checks.policy_there,)),
)
