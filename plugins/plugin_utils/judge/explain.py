# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds the likely cause of a failed result in the table."""

from __future__ import annotations

import re

from .causes import TABLE
from .evidence import Case


def explain(case: Case) -> tuple[str, str, str]:
    """Name, text and remedy of the likely cause of a failed result."""
    for cause in TABLE:
        if cause.check != case.result.check or not re.match(cause.subject, case.result.subject):
            continue
        evidence = cause.evidence(case)
        if evidence is not None:
            words = _words(case) | {"evidence": evidence}
            return cause.name, cause.says.format(**words), cause.remedy.format(**words)
    return "unknown", case.result.got, "read the state in the report"


def _words(case: Case) -> dict[str, str]:
    member, peer, result = case.member, case.peer, case.result
    return {
        "subject": result.subject,
        "got": result.got,
        "cloud": result.cloud or "",
        "peer": peer.name if peer else ", ".join(result.peers[:3]) or "the peer",
        "nbma": (case.sight.nbma(peer) if peer else None) or "the peer",
        "interface": member.cloud.interface if member else "the tunnel",
        "wan": member.transport.interface if member else "the WAN",
        "mtu": str(member.cloud.mtu) if member else "",
    }
