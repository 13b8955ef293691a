# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan in the words of a colleague, for the console; the page uses the same words."""

from __future__ import annotations

from collections.abc import Sequence

from ..judge.present import table
from ..rollout.present import counted, named
from .impact import Flap
from .plan import Plan
from .risk import Risk


def console(plan: Plan) -> str:
    """What would happen, in a screen; the lines are on the page."""
    if not plan.changes:
        left = f"; could not be looked at: {named(plan.left_out)}" if plan.left_out else ""
        return f"Nothing would change: {counted(len(plan.unchanged), 'router')} as they should be{left}"
    lines = [summary(plan), ""]
    lines += [f"  {text}" for text in table(rows(plan), ("wave", "router", "what is done", "interrupts"))]
    lines += ["", *(f"  {text}" for text in at_risk(plan))]
    lines += ["", f"fingerprint {plan.fingerprint} of inventory and routers"]
    return "\n".join(lines)


def summary(plan: Plan) -> str:
    """One or two sentences."""
    flapping = [change for change in plan.changes.values() if change.flaps]
    said = f"{counted(len(plan.changes), 'router')} would change in {counted(len(plan.stages), 'wave')}"
    said += f", {len(plan.unchanged)} need nothing. "
    if not flapping:
        said += "No session would be interrupted."
    else:
        said += f"Sessions would be interrupted on {named([change.host for change in flapping])}."
    if plan.left_out:
        said += f" Could not be looked at, and not part of the plan: {named(plan.left_out)}."
    return said


def rows(plan: Plan) -> list[tuple[str, ...]]:
    """Router by router, in the order of the waves; those that do the same share a line."""
    found: list[tuple[str, ...]] = []
    for number, stage in enumerate(plan.stages, start=1):
        alike: dict[tuple[str, str], list[str]] = {}
        for host in stage.hosts:
            change = plan.changes[host]
            done = "everything, it is new" if change.new else "; ".join(change.acts) or "files only"
            breaks = "; ".join(dict.fromkeys(interrupts(flap) for flap in change.flaps)) or "nothing"
            alike.setdefault((done, breaks), []).append(host)
        wave = f"{number} canary" if stage.kind == "canary" else str(number)
        found += [(wave, named(hosts), done, breaks) for (done, breaks), hosts in alike.items()]
    return found


def interrupts(flap: Flap) -> str:
    """``BGP with hub1 in blue for 1 to 15 s (expected: ...)``."""
    whom = f" with {named(flap.peers)}" if flap.peers else ""
    where = f" in {flap.cloud}" if flap.cloud else ""
    return f"{flap.sessions}{whom}{where} {how_long(flap)} ({flap.sure}: {flap.why})"


def how_long(flap: Flap) -> str:
    if flap.seconds is None:
        return "for good"
    low, high = flap.seconds
    return f"for {low:g} to {high:g} s"


def at_risk(plan: Plan) -> list[str]:
    """Which sites, sure ones first."""
    if not plan.risks:
        return ["No site is at risk: each keeps a hub that does not change with it."]
    return ["Sites at risk:", *(f"  {risk_line(risk)}" for risk in plan.risks)]


def risk_line(risk: Risk) -> str:
    how = "interrupted" if risk.down else "if it goes wrong"
    return f"wave {risk.wave}, {how}: {named(risk.sites)}: {risk.why}"


def order(plan: Plan) -> Sequence[str]:
    """The waves as lines."""
    kinds = {"hubs": "hubs of clouds that are new", "canary": "canary", "wave": "wave"}
    return [f"{kinds[stage.kind]}: {named(stage.hosts)}" for stage in plan.stages]
