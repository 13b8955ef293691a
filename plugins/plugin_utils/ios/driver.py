# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What hier_config has to know of IOS to compare what we configure: modes, values, what takes a line back.

Written for our lines only. hier_config's own IOS driver knows neither tunnels nor IPsec: it takes protection
away to put it on again, and has two MTUs where IOS has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hier_config import HConfig, HConfigChild, get_hconfig_fast_load
from hier_config.exceptions import DuplicateChildError
from hier_config.models import PerLineSubRule
from hier_config.platforms.driver_base import HConfigDriverBase, HConfigDriverRules

from .secret_lines import stem

GLOBAL = "global"
# (mode, line that leads out of it, mode that it leads to, the word that leads back)
MODES: tuple[tuple[str, str, str, str], ...] = (
    (GLOBAL, "crypto ikev2 proposal ", "proposal", "exit"),
    (GLOBAL, "crypto ikev2 policy ", "policy", "exit"),
    (GLOBAL, "crypto ikev2 keyring ", "keyring", "exit"),
    ("keyring", "peer ", "peer", "exit"),
    (GLOBAL, "crypto ikev2 profile ", "profile", "exit"),
    (GLOBAL, "crypto pki certificate map ", "map", "exit"),
    (GLOBAL, "crypto ipsec transform-set ", "transform", "exit"),
    (GLOBAL, "crypto ipsec profile ", "ipsec", "exit"),
    (GLOBAL, "interface ", "interface", "exit"),
    (GLOBAL, "router bgp ", "bgp", "exit"),
    ("bgp", "address-family ", "bgp-family", "exit-address-family"),
    (GLOBAL, "router eigrp ", "eigrp", "exit"),
    ("eigrp", "address-family ", "eigrp-family", "exit-address-family"),
    ("eigrp-family", "af-interface ", "eigrp-interface", "exit-af-interface"),
    ("eigrp-family", "topology ", "eigrp-topology", "exit-af-topology"),
    (GLOBAL, "router ospf ", "ospf", "exit"),
    (GLOBAL, "route-map ", "route-map", "exit"),
    (GLOBAL, "ip access-list ", "access-list", "exit"),
    (GLOBAL, "class-map ", "class-map", "exit"),
    (GLOBAL, "policy-map ", "policy-map", "exit"),
    ("policy-map", "class ", "class", "exit"),
)
_LEAVES = tuple(sorted({leave for *_unused, leave in MODES if leave != "exit"}))
_IPV4 = r"\d+\.\d+\.\d+\.\d+"
# Lines that exist once: a second one with the same matched part takes the place of the first. Whatever
# is in no pattern stands beside others of its kind.
_ONCE: dict[str, tuple[str, ...]] = {
    GLOBAL: (
        r"crypto ipsec transform-set \S+",
        r"ip prefix-list \S+ seq \d+",
        rf"ip route (?:vrf \S+ )?{_IPV4} {_IPV4}(?: [A-Z]\S*)?(?: {_IPV4})?",
        r"route-map \S+ (?:permit |deny )?(?=\d)",
    ),
    "proposal": (r"encryption", r"integrity", r"prf", r"group"),
    "policy": (r"match fvrf",),
    "peer": (r"address", r"pre-shared-key(?: local| remote)?", r"description"),
    "profile": (
        r"match fvrf",
        r"identity local",
        r"authentication local",
        r"keyring local",
        r"lifetime",
        r"dpd",
        r"ivrf",
    ),
    "transform": (r"mode",),
    "ipsec": (
        r"set transform-set",
        r"set ikev2-profile",
        r"set pfs",
        r"set security-association lifetime (?:seconds|kilobytes)",
        r"set security-association replay",
    ),
    "interface": (
        r"description",
        r"bandwidth",
        r"delay",
        r"vrf forwarding",
        r"ip address(?!.* secondary$)",
        r"ip mtu",
        r"ip redirects",
        r"ip tcp adjust-mss",
        r"ip nhrp (?:authentication|network-id|holdtime|redirect|shortcut|server-only|registration timeout)",
        r"ip nhrp map multicast dynamic",
        r"ip nhrp registration no-unique",
        rf"ip nhrp nhs {_IPV4} nbma \S+",
        rf"ip nhrp nhs {_IPV4}(?! nbma)",
        r"ip ospf (?:network|priority|cost|hello-interval|dead-interval|bfd|mtu-ignore)",
        r"bfd (?:interval|echo)",
        r"if-state nhrp",
        r"nhrp group",
        r"tunnel (?:source|destination|mode|key|vrf|protection|path-mtu-discovery)",
        r"shutdown",
    ),
    "bgp": (
        r"bgp (?:router-id|listen limit)",
        r"bgp listen range \S+",
        r"neighbor \S+ "
        r"(?:remote-as|timers|update-source|description|fall-over|peer-group|password|ebgp-multihop)",
    ),
    "bgp-family": (
        r"neighbor \S+ (?:next-hop-self|allowas-in|activate|route-reflector-client|send-community)",
        r"neighbor \S+ (?:route-map|prefix-list) (?=\S+ in$)",
        r"neighbor \S+ (?:route-map|prefix-list) (?=\S+ out$)",
    ),
    "eigrp-family": (r"eigrp (?:router-id|stub)",),
    "eigrp-interface": (r"hello-interval", r"hold-time", r"bfd", r"next-hop-self", r"split-horizon"),
    "eigrp-topology": (r"redistribute \S+",),
    "ospf": (r"router-id", r"redistribute \S+"),
    "route-map": (r"set (?:local-preference|metric|weight|tag)",),
}
_PATTERNS = {
    mode: tuple(
        re.compile(f"{pattern}(?= |$)" if pattern[-1] not in ") " else pattern) for pattern in patterns
    )
    for mode, patterns in _ONCE.items()
}
# Where `no` wants less than the whole line.
_SHORT_NO = re.compile(
    r"(crypto ipsec transform-set \S+|description|neighbor \S+ description|bgp listen limit) "
)


class BadConfiguration(ValueError):
    """Text that is no configuration."""


def mode_of(path: Iterable[str]) -> str:
    """The mode that these lines, one below the other, lead to; "" if one of them leads nowhere."""
    mode = GLOBAL
    for line in path:
        mode = next((to for at, start, to, _unused in MODES if at == mode and line.startswith(start)), "")
    return mode


def leave_word(path: tuple[str, ...]) -> str:
    """The line that leads from the mode of ``path`` back to the one above."""
    mode = mode_of(path[:-1])
    ways = (leave for at, start, _to, leave in MODES if at == mode and path[-1].startswith(start))
    return next(ways, "exit")


def once(mode: str, line: str) -> str | None:
    """What tells the only line of its kind, so that a new one takes its place; None if there may be many."""
    text = line.removeprefix("no ")
    for number, pattern in enumerate(_PATTERNS.get(mode, ())):
        if match := pattern.match(text):
            return f"{number} {match[0].rstrip()}"
    return None


def negated(line: str) -> str:
    """The line that takes this one back. It shows no secret."""
    if line.startswith("no "):
        return line[3:]
    if (start := stem(line)) is not None:
        return f"no {start}"
    if short := _SHORT_NO.match(line):
        return f"no {short[1]}"
    return f"no {line}"


class Driver(HConfigDriverBase):
    """Our lines on IOS and IOS-XE."""

    @staticmethod
    def _instantiate_rules() -> HConfigDriverRules:
        return HConfigDriverRules(
            indentation=1,
            per_line_sub=[
                PerLineSubRule(search=r"^\s*!.*", replace=""),
                PerLineSubRule(search=rf"^\s*(?:{'|'.join(_LEAVES)})\s*$", replace=""),
                PerLineSubRule(search=r"^(\s*address-family ipv4) unicast\s*$", replace=r"\1"),
            ],
        )

    def idempotent_for(
        self, config: HConfigChild, other_children: Iterable[HConfigChild]
    ) -> HConfigChild | None:
        mode = mode_of(line.text for line in config.parent.lineage())
        key = once(mode, config.text)
        if key is None:
            return None
        return next((other for other in other_children if once(mode, other.text) == key), None)

    def swap_negation(self, child: HConfigChild) -> HConfigChild:
        child.text = negated(child.text)
        return child


def parse(lines: Iterable[str]) -> HConfig:
    """The tree of these lines. Raises :class:`BadConfiguration`."""
    try:
        return get_hconfig_fast_load(Driver(), tuple(lines))
    except DuplicateChildError as error:
        raise BadConfiguration(str(error)) from None
