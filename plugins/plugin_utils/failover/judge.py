# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what the probes saw to a verdict on each flow."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .clock import Clock
from .faults import FAULTS
from .flows import Experience, Outage, experience, packets
from .plan import Flow, Plan

Verdict = Literal["met", "MISSED", "NOT MEASURED", "not judged"]


@dataclass(frozen=True, slots=True)
class Window:
    """When the fault was there, in the controller's seconds: the flows' clocks are turned to it."""

    begin: float
    end: float
    error: float


@dataclass(slots=True)
class FlowReport:
    """One flow: where it went, what it lost, and whether that is within the objective."""

    flow: Flow
    verdict: Verdict
    says: str
    got: str = ""
    expected: str = ""
    seen: Experience | None = None
    rate: float = 0.0
    before: list[str] = field(default_factory=list)
    during: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)} ms"


def judge_flow(
    plan: Plan, flow: Flow, seen: Mapping[str, Any] | None, clock: Clock | None, window: Window
) -> FlowReport:
    """``seen`` and ``clock`` are None where the probes of the flow's router could not be had."""
    if seen is None or clock is None or not seen["sent"]:
        return FlowReport(flow, "NOT MEASURED", "not measured", f"no packets of {flow.source} are known")
    sent = [clock.here(moment) for moment in seen["sent"]]
    answered = [None if moment is None else clock.here(moment) for moment in seen["answered"]]
    went = experience(packets(sent, answered), window.begin, window.end, clock.error + window.error)
    rate = len(sent) / max(sent[-1] - sent[0], 1e-3)
    verdict, got, expected = verdict_on(plan, flow, went)
    before, during, after = ways(plan, flow, seen["paths"], clock, window)
    return FlowReport(
        flow, verdict, in_words(went, plan), got, expected, went, round(rate, 1), before, during, after
    )


def in_words(went: Experience, plan: Plan) -> str:
    """What happened to a flow, as one would tell it."""
    if went.outcome == "not measured":
        return "not measured"
    if went.outcome == "cut off":
        back = "did not come back" if went.back is None else f"back {milliseconds(went.back)} after"
        return f"cut off, {back}"
    if FAULTS[plan.fault].measure == "silence" and went.lost[1]:
        told = f"lossy, silent for {milliseconds(went.silence)} at most"
    elif went.during is None:
        told = "unaffected"
    else:
        again = f", the longest of {went.times} gaps" if went.times > 1 else ""
        told = f"failed over in {milliseconds(went.during.seconds)}{again}"
    return f"{told}; hit on restore for {milliseconds(went.after.seconds)}" if went.after else told


def verdict_on(plan: Plan, flow: Flow, went: Experience) -> tuple[Verdict, str, str]:
    """Verdict, what was got and what was expected, in words."""
    limit = f"{plan.objective} at most {plan.limit} ms"
    if went.outcome == "not measured":
        return "NOT MEASURED", "not half of the packets before the fault were answered", "a flow that works"
    if flow.exempt:
        return "not judged", flow.exempt, ""
    held_up = went.spacing * 1000 > plan.limit
    if FAULTS[plan.fault].measure == "silence":
        if went.silence * 1000 > plan.limit and not held_up:
            return "MISSED", f"no answer for {milliseconds(went.silence)}", limit
    elif went.outcome == "cut off":
        after = "" if went.back is not None else ", and after it"
        return "MISSED", f"cut off for as long as the fault lasted{after}", limit
    elif went.during and went.during.seconds * 1000 > plan.limit:
        return "MISSED", f"an outage of {milliseconds(went.during.seconds)}", limit
    if went.after and went.after.seconds * 1000 > plan.restore:
        got = f"an outage of {milliseconds(went.after.seconds)} when it came back"
        return "MISSED", got, f"restore at most {plan.restore} ms"
    if went.during and went.during.at_most * 1000 > plan.limit:
        most = f"{milliseconds(went.during.seconds)} to {milliseconds(went.during.at_most)}"
        return "NOT MEASURED", f"an outage of {most}: too few packets could be sent", limit
    if held_up:
        return "NOT MEASURED", f"no packet could be sent for {milliseconds(went.spacing)}", limit
    return "met", "", ""


def ways(
    plan: Plan, flow: Flow, paths: Sequence[Sequence[Any]], clock: Clock, window: Window
) -> tuple[list[str], list[str], list[str]]:
    """The paths before, during and after: what held when each part began is left to the part before it."""
    marks = [clock.here(when) for when, _interface, _hop in paths]
    words = [way(plan, flow, interface, hop) for _when, interface, hop in paths]
    begin, end = bisect_right(marks, window.begin), bisect_right(marks, window.end)
    before = words[max(0, begin - 1) : begin]
    return before, distinct([*before, *words[begin:end]]), distinct(words[max(0, end - 1) :])


def distinct(words: Sequence[str]) -> list[str]:
    """Without repetitions of the last one."""
    return [word for place, word in enumerate(words) if place == 0 or word != words[place - 1]]


def way(plan: Plan, flow: Flow, interface: str, hop: str) -> str:
    """A path in words; without a next hop a tunnel leads straight to the far end."""
    if not interface:
        return "no route"
    cloud = plan.clouds.get(flow.source, {}).get(interface)
    if cloud is None:
        return f"{interface}, NO TUNNEL"
    name = plan.names.get(hop, hop) if hop else flow.target
    kind = (
        "by"
        if name in plan.hubs and name != flow.target
        else "straight to"
        if name in plan.hubs
        else "shortcut to"
    )
    return f"{kind} {name} ({cloud})"


def lasting(outage: Outage | None) -> int | None:
    """Milliseconds, for programs."""
    return round(outage.seconds * 1000) if outage else None
