# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What IOS understands, one file for each area; `grammar(release)` puts them together."""

from __future__ import annotations

from functools import cache

from ..rules import Grammar, Mode, Rule
from . import bgp, crypto, eigrp, filters, interface, ospf, pki, qos, routes, system

_AREAS = (system, routes, pki, crypto, qos, interface, eigrp, ospf, bgp, filters)


@cache
def grammar(release: tuple[int, int]) -> Grammar:
    """The grammar of one release, (17, 15)."""
    modes: list[Mode] = [Mode("global", "config")]
    rules: list[Rule] = []
    for area in _AREAS:
        modes.extend(area.MODES)
        rules.extend(area.RULES)
    return Grammar(tuple(modes), tuple(rules), release)
