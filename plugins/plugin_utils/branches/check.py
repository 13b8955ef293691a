# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether branches can join the fleet: judged over the whole of it, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..findings import Finding, FindingsError
from ..fleet.declared import Groups, HostVars
from ..fleet.intent import Device, Fleet
from ..fleet.load import load_fleet
from ..fleet.nearest import nearest
from ..render.fleet import render_fleet
from .rows import Row

SUBJECT = "branch"


def spoke_groups(hostvars: HostVars) -> list[str]:
    """The groups that clouds take their spokes from."""
    found: dict[str, None] = {}
    for variables in hostvars.values():
        clouds = variables.get("dmvpn_clouds")
        for cloud in clouds if isinstance(clouds, list) else ():
            if isinstance(cloud, dict) and isinstance(cloud.get("spokes"), str):
                found[cloud["spokes"]] = None
    return list(found)


def grouped(rows: Sequence[Row], hostvars: HostVars, groups: Groups) -> tuple[list[Row], list[Finding]]:
    """Rows with a group each; where the fleet has only one for spokes, a row need not name it."""
    known = spoke_groups(hostvars)
    result, findings = [], []
    for row in rows:
        wrong = [group for group in row.groups if group not in groups]
        for group in wrong:
            meant = nearest(group, groups)
            remedy = f"did you mean {meant!r}?" if meant else f"write one of {', '.join(known)}"
            findings.append(Finding(row.label, "group", f"{group!r} is no group of the inventory", remedy))
        if row.name in groups:
            findings.append(Finding(row.label, "name", "is the name of a group", "write another name"))
        elif row.groups and not wrong:
            result.append(row)
        elif not row.groups and len(known) == 1:
            result.append(replace(row, groups=(known[0],)))
        elif not row.groups:
            remedy = (
                f"write one of {', '.join(known)}" if known else "give the fleet a cloud first (dmvpn_clouds)"
            )
            findings.append(Finding(row.label, "group", "is missing", remedy))
    return result, findings


def contradictions(rows: Sequence[Row], hostvars: HostVars, groups: Groups) -> Iterator[Finding]:
    """A row for a host that the inventory has otherwise: entries are added, never changed."""
    for row in rows:
        own = hostvars[row.name]
        for variable, value in row.variables.items():
            if own.get(variable) != value:
                remedy = "change the host's entry in the inventory, or take the row out"
                yield Finding(row.label, variable, "the host is in the inventory with another value", remedy)
        for group in row.groups:
            if row.name not in groups.get(group, ()):
                remedy = f"put it there in the inventory, or write its group in the row, {group!r} is another"
                yield Finding(
                    row.label, "group", "the host is in the inventory, but not in this group", remedy
                )


def joined(hostvars: HostVars, groups: Groups, names: Sequence[str], rows: Sequence[Row]) -> Fleet:
    """The whole fleet with the new branches. Raises :class:`FindingsError`, rows named by their place."""
    labels = {row.name: row.label for row in rows}
    findings: list[Finding] = []
    known = groups.get("all", ())
    for name in names:
        if name not in known and name not in labels:
            meant = nearest(name, known)
            remedy = (
                f"did you mean {meant!r}?"
                if meant
                else "write its host entry, or give rows with -e branches=FILE"
            )
            findings.append(Finding(name, SUBJECT, "is not in the inventory", remedy))
    try:
        fleet = load_fleet(hostvars, groups)
    except FindingsError as error:
        findings += [replace(one, host=labels.get(one.host, one.host)) for one in error.findings]
        raise FindingsError(findings) from None
    for name in names:
        device = fleet.devices.get(name)
        if device is None and name in known:
            remedy = f"put it into a group of spokes ({', '.join(spoke_groups(hostvars))})"
            findings.append(Finding(labels.get(name, name), SUBJECT, "is in no cloud", remedy))
        elif device is not None:
            hub_in = [member.cloud.name for member in device.memberships if member.role == "hub"]
            if hub_in:
                problem = f"is a hub of cloud {hub_in[0]!r}: spokes would have to change with it"
                findings.append(Finding(labels.get(name, name), SUBJECT, problem, "run site.yml"))
    if findings:
        raise FindingsError(findings)
    return fleet


def touched(fleet: Fleet, hostvars: HostVars, groups: Groups, names: Sequence[str]) -> list[str]:
    """Routers beside the new branches whose files would differ because of them.

    None with a dynamic routing protocol; with static routes a hub has one to every LAN.
    """
    away = set(names)
    rest = {group: [host for host in hosts if host not in away] for group, hosts in groups.items()}
    try:
        before = load_fleet({host: held for host, held in hostvars.items() if host not in away}, rest)
    except FindingsError:
        # Without them it was no fleet yet: the first spoke of a cloud. Nothing runs that could be touched.
        return []
    old = _files(before)
    return [host for host, files in _files(fleet).items() if host not in away and old.get(host) != files]


def hub_ends(devices: Sequence[Device]) -> dict[str, list[dict[str, str]]]:
    """By Linux hub, what it knows branches by: name, tunnel address, and the hub's tunnel in that cloud."""
    ends: dict[str, list[dict[str, str]]] = {}
    for device in devices:
        for member in device.memberships:
            end = {
                "name": device.name,
                "overlay": str(member.overlay),
                "interface": f"dmvpn{member.cloud.number}",
            }
            for hub in member.hubs:
                if hub.platform == "linux":
                    ends.setdefault(hub.name, []).append(end)
    return ends


def summary(device: Device) -> str:
    """A site in one line: its number, its tunnels with their hubs, its LANs."""
    tunnels = [
        f"{member.cloud.name} {member.overlay} by {', '.join(hub.name for hub in member.hubs)}"
        for member in device.memberships
    ]
    return f"site {device.site}; {'; '.join(tunnels)}; LANs {', '.join(map(str, device.lans)) or 'none'}"


def _files(fleet: Fleet) -> Mapping[str, int]:
    """A hash of each device's files; its intent names its peers, and is no file of the router."""
    return {bundle.host: hash(bundle.files) for bundle in render_fleet(fleet)}
