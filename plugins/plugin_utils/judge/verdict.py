# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All checks on one router, and for everything that fails the one thing to repair."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from ...module_utils.linux.observe_path import Probe
from ...module_utils.state import State
from ..fleet.intent import Device
from .crypto import Sa, SaSuite, SaTraffic
from .ends import Binding, EndToEnd, ShortcutSa, SiteRoute, Symmetry
from .evidence import Case
from .explain import explain
from .kernel import Clock, Kernel
from .overlay import Bfd, Neighbour, OwnAddress, Registration
from .paths import PathMtu, Routes
from .result import Check, Result
from .services import Certificates, Guard, Services
from .settings import NhrpSettings, Rules
from .sight import Sight
from .tunnel import Tunnel

CHECKS: tuple[Check, ...] = (
    Services(),
    Clock(),
    Kernel(),
    Guard(),
    Tunnel(),
    Rules(),
    NhrpSettings(),
    Certificates(),
    Sa(),
    SaSuite(),
    OwnAddress(),
    Registration(),
    Binding(),
    Neighbour(),
    Bfd(),
    ShortcutSa(),
    Routes(),
    SiteRoute(),
    Symmetry(),
    PathMtu(),
    EndToEnd(),
    SaTraffic(),
)
_states = TypeAdapter(State)
_probes = TypeAdapter(list[Probe])


@dataclass(slots=True)
class Judgement:
    """All results of one router, roots marked. ``green`` means that everything was proven."""

    host: str
    results: list[Result]

    @property
    def roots(self) -> list[Result]:
        return [result for result in self.results if result.root]

    @property
    def green(self) -> bool:
        return all(result.outcome == "pass" for result in self.results)

    def to_list(self) -> list[dict[str, Any]]:
        return [asdict(result) for result in self.results]


def parse_state(value: dict[str, Any]) -> State:
    """What the observer returned. Raises pydantic's ValidationError (a ValueError) for another shape."""
    return _states.validate_python(value)


def parse_probes(value: list[dict[str, Any]]) -> list[Probe]:
    """What path_mtu returned. Raises ValueError for another shape."""
    return _probes.validate_python(value)


def judge(device: Device, state: State, probes: list[Probe], earlier: State | None = None) -> Judgement:
    """Compares a router with its intent. ``earlier`` is an older state, to see which counters move."""
    return judge_sight(Sight(device, state, probes, earlier))


def judge_sight(sight: Sight) -> Judgement:
    """As :func:`judge`; a sight may know of other routers."""
    results = [result for check in CHECKS for result in check.judge(sight)]
    return Judgement(sight.device.name, [_caused(sight, result, results) for result in results])


def _caused(sight: Sight, result: Result, results: list[Result]) -> Result:
    """The result with its cause: a lower failure that makes it impossible, or else its own."""
    if result.outcome == "pass":
        return result
    for lower in results:
        if lower.outcome == "fail" and explains(lower, result):
            return replace(result, cause=f"follows from: {lower.check} {lower.subject}")
    if result.outcome == "unknown":
        return replace(result, root=True, cause="not_known", remedy=f"find out why: {result.got}")
    return explain(_case(sight, result))


def explains(lower: Result, upper: Result) -> bool:
    """Whether ``upper`` cannot work while ``lower`` fails."""
    if lower.blocks is None or upper.layer < lower.blocks or lower is upper:
        return False
    if lower.cloud is not None and upper.cloud not in (None, lower.cloud):
        return False
    if not lower.peers or not upper.peers:
        return True
    return set(upper.peers) <= set(lower.peers)


def _case(sight: Sight, result: Result) -> Case:
    member = next((m for m in sight.device.memberships if m.cloud.name == result.cloud), None)
    peers = (*member.hubs, *member.spokes) if member else ()
    about = next((peer for peer in peers if result.peers and peer.name == result.peers[0]), None)
    return Case(sight, result, member, about)
