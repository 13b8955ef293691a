# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What verify's checks see of a router's settings, as differences: those that need no packets."""

from __future__ import annotations

from collections.abc import Iterator

from ...module_utils.difference import DEFAULT, DRIFT, OURS, THEIRS, UNKNOWN, Difference
from ...module_utils.state import State
from ..fleet.intent import Device
from ..judge.crypto import SaSuite
from ..judge.kernel import Clock
from ..judge.result import Check, Result
from ..judge.services import Certificates, Guard
from ..judge.settings import NhrpSettings, Rules
from ..judge.sight import Sight
from ..judge.tunnel import Tunnel

# Area in the report by check. What is told by a file or line already is not told again.
AREAS: dict[str, str] = {
    "clock": "clock",
    "certificates": "certificates",
    "guard": "firewall",
    "rules": "firewall",
    "nhrp_settings": "frr",
    "tunnel": "tunnels",
    "sa_suite": "suites",
}
CHECKS: tuple[Check, ...] = (Clock(), Certificates(), Guard(), Rules(), NhrpSettings(), Tunnel(), SaSuite())


def judged(device: Device, state: State, told: set[str]) -> Iterator[Difference]:
    """``told`` are areas of which the comparison of files and lines has said something."""
    sight = Sight(device, state)
    for check in CHECKS:
        area = AREAS[check.name]
        # A file that differs says nothing of a certificate's end, but of rules and lines all that there is.
        if area in told and area in ("firewall", "frr", "tunnels"):
            continue
        for result in check.judge(sight):
            if result.outcome != "pass":
                yield _difference(area, result)


def _difference(area: str, result: Result) -> Difference:
    owner, by, remedy = OURS, "somebody on the router: the files are right", "run site.yml for this router"
    if result.check == "clock":
        owner, by = DEFAULT, "nobody: a clock that no time server keeps goes its own way"
        remedy = "give the router a time server (timedatectl)"
    elif result.check == "certificates":
        by = "time, or somebody on the router" if "days" in result.got else "somebody on the router"
        remedy = "run pki.yml"
    elif result.check == "sa_suite":
        owner, by, remedy = THEIRS, "an end that was changed by hand", "run site.yml for both ends"
    severity = DRIFT if result.outcome == "fail" else UNKNOWN
    what = result.got if severity == UNKNOWN else f"{result.got}; expected: {result.expected}"
    return Difference(area, result.subject, owner, what, by, remedy, severity=severity)
