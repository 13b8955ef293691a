# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why nothing is broken: everything that speaks against it, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..findings import Finding
from ..fleet.intent import Device
from ..fleet.nearest import nearest, or_one_of
from ..judge.report import HostReport, fold
from .faults import FAULTS
from .look import Look
from .plan import Plan

LONGEST = 600  # seconds, as module_utils.linux.fault has it


def about_request(
    devices: Mapping[str, Device], given: Mapping[str, Any], check: bool = False
) -> Iterator[Finding]:
    """What is wrong with what was asked for, without asking a router. ``check``: nothing is to be broken."""
    if not check and not str(given["window"] or "").strip():
        yield Finding(
            "fleet",
            "failover_window",
            "is missing: something is going to be broken on purpose",
            "name the change window that this happens in, -e failover_window=CHG1234",
        )
    fault = FAULTS.get(given["fault"] or "")
    if fault is None:
        problem = f"{given['fault']!r} is no fault" if given["fault"] else "is missing"
        remedy = or_one_of(nearest(given["fault"], list(FAULTS)), list(FAULTS))
        yield Finding("fleet", "failover_fault", problem, remedy)
    for name in given["sites"]:
        if name not in devices:
            yield Finding(
                "fleet",
                "failover_sites",
                f"{name!r} is no router",
                or_one_of(nearest(name, devices), devices),
            )
    for variable, low, high in (
        ("duration", 0, LONGEST),
        ("warmup", 2, 120),
        ("settle", 3, LONGEST),
        ("loss", 1, 100),
        ("mtu", 0, 9216),
    ):
        if not low <= given[variable] <= high:
            yield Finding(
                "fleet",
                f"failover_{variable}",
                f"{given[variable]} is out of range",
                f"write a number from {low} to {high}",
            )
    target = devices.get(given["target"] or "")
    if target is None:
        problem = f"{given['target']!r} is no router of the fleet" if given["target"] else "is missing"
        remedy = or_one_of(nearest(given["target"], list(devices)), list(devices))
        yield Finding("fleet", "failover_target", problem, remedy)
    elif fault is not None and not fault.says_on(target.platform):
        possible = ", ".join(each.name for each in FAULTS.values() if each.ios)
        yield Finding(
            target.name,
            "failover_target",
            f"is an IOS router, where {fault.name} cannot be made: {fault.no_ios}",
            f"choose one of {possible}, or a Linux router",
        )
    elif fault is not None and not fault.carried(target):
        yield Finding(
            target.name,
            "failover_target",
            f"is no {fault.role} in any cloud, and {fault.name} breaks a {fault.role}",
            f"name a {fault.role}",
        )
    elif fault is not None and given["transport"] and not fault.wans(target, given["transport"]):
        known = [member.transport.name for member in fault.carried(target)]
        yield Finding(
            target.name,
            "failover_transport",
            f"{given['transport']!r} carries no cloud here" if fault.lines else f"{fault.name} breaks no WAN",
            or_one_of(nearest(given["transport"], known), known) if fault.lines else "leave it out",
        )


def about_fleet(plan: Plan, reports: Sequence[HostReport], looks: Mapping[str, Look]) -> Iterator[Finding]:
    """What speaks against it on the routers: health, other faults, the way that we reach the target by."""
    for what, why in not_green(reports):
        host, _colon, subject = what.partition(": ")
        yield Finding(
            host, subject, f"is not green to begin with: {why}", "repair that first, see verify.yml"
        )
    for look in looks.values():
        yield from look.against
    yield from _about_target(plan, looks.get(plan.target))
    if not plan.flows:
        remedy = "name two sites at least, one of them a Linux router: IOS routers cannot send probes"
        yield Finding("fleet", "failover_sites", "leaves no flow to measure", remedy)
    elif all(flow.exempt for flow in plan.flows):
        yield Finding(
            plan.target,
            "failover_target",
            f"takes every flow with it ({plan.flows[0].exempt}): nothing could be judged",
            "name a router with a second WAN, or sites that can do without it in failover_sites",
        )


def not_green(reports: Sequence[HostReport]) -> list[tuple[str, str]]:
    """What verify found: "host: check (subject)", and why. Empty only if every router is green."""
    found = []
    for root in fold(list(reports)):
        cause = (root.cause or "").partition(": ")[2] or root.got
        found.append((f"{root.host}: {root.check} ({root.subject})", cause))
    for report in reports:
        if report.error:
            found.append((f"{report.host}: verify", report.error))
    if not found and any(report.verdict != "green" for report in reports):
        bad = [report.host for report in reports if report.verdict != "green"]
        found.append((f"{bad[0]}: verify", f"{', '.join(bad)} not green"))
    return found


def _about_target(plan: Plan, look: Look | None) -> Iterator[Finding]:
    if look is None:
        yield Finding(plan.target, "failover_target", "could not be looked at", "see its error above")
        return
    yield from look.unable
    if down := [wan for wan in plan.wans if wan in look.down]:
        yield Finding(
            plan.target,
            "failover_fault",
            f"{', '.join(down)} is shut down already",
            "start it (`no shutdown`), or break something else",
        )
    if broken := sorted({*plan.wans, *plan.tunnels} & set(look.management)):
        yield Finding(
            plan.target,
            "management",
            f"Ansible reaches this router by {', '.join(broken)}, which {plan.fault} would break",
            "reach it by another interface (ansible_host), such as an out-of-band one",
        )
