# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds the likely cause of a failed result in the table."""

from __future__ import annotations

import re
from dataclasses import replace

from ..fleet.intent import Platform
from .causes.row import Cause
from .causes.table import rows_of
from .evidence import Case
from .result import Result

SYSTEMS = {"linux": "Linux", "ios": "IOS"}


def explain(case: Case) -> Result:
    """The failed result as a root, with the likely cause and the remedy."""
    for cause in rows_of(case.result.check):
        if not re.match(cause.subject, case.result.subject):
            continue
        evidence = cause.evidence(case)
        if evidence is not None:
            words = _words(case) | {"evidence": evidence}
            said = f"{cause.name}: {cause.says.format(**words)}"
            return replace(
                case.result, root=True, cause=said, remedy=_remedy(case, cause, words), at=cause.at
            )
    said = f"unknown: {case.result.got}"
    return replace(case.result, root=True, cause=said, remedy="read the state in the report")


def _remedy(case: Case, cause: Cause, words: dict[str, str]) -> str:
    """The remedy for the system of the router that it is about; two, where both ends run different ones."""
    here = case.sight.device.platform
    there = case.peer.platform if case.peer else here

    def text(platform: Platform) -> str:
        own = {"interface": case.member.cloud.interface_on(platform)} if case.member else {}
        remedy = cause.ios if platform == "ios" and cause.ios else cause.remedy
        return remedy.format(**words | own)

    if cause.at == "both" and here != there and cause.ios:
        return f"{text(here)}. On {words['peer']}, which runs {SYSTEMS[there]}: {text(there)}"
    return text(there if cause.at == "peer" else here)


def _words(case: Case) -> dict[str, str]:
    member, peer, result = case.member, case.peer, case.result
    return {
        "subject": result.subject,
        "got": result.got,
        "wanted": result.expected,
        "overlay": str(peer.overlay) if peer else "",
        "cloud": result.cloud or "",
        "peer": peer.name if peer else ", ".join(result.peers[:3]) or "the peer",
        "nbma": (case.sight.nbma(peer) if peer else None) or "the peer",
        "interface": member.interface if member else "the tunnel",
        "wan": member.transport.interface if member else "the WAN",
        "mtu": str(member.cloud.mtu) if member else "",
    }
