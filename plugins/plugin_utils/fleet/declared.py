# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory as it is written: validated variables, and who is a member of which cloud.

A variable that is wrong is reported, left out, and remembered as broken, so that everything else is
still checked and nothing is reported twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from pydantic import ValidationError

from ..findings import Finding
from .cloud_models import CloudInput
from .intent import Role
from .messages import findings_of
from .models import SiteInput, TransportInput
from .values import shown

FLEET = "fleet"  # stands for a host in findings on what all hosts share
CLOUDS = "dmvpn_clouds"

HostVars = Mapping[str, Mapping[str, object]]
Groups = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class Site:
    """A host and its variables; ``broken`` names those that were left out because they are wrong."""

    name: str
    vars: SiteInput
    broken: frozenset[str] = frozenset()


@dataclass(slots=True)
class Member:
    """A site in a cloud. What is None was reported as wrong or missing."""

    site: Site
    cloud: CloudInput
    role: Role
    overlay: IPv4Address | None
    transport: TransportInput | None


@dataclass(slots=True)
class Declared:
    """All of it. ``unsound``: keys of a cloud that are wrong; ``lost``: clouds that cannot be read."""

    sites: dict[str, Site]
    groups: Groups
    hosts: dict[str, None]
    clouds: dict[str, CloudInput] = field(default_factory=dict)
    unsound: dict[str, frozenset[str]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    members: dict[str, list[Member]] = field(default_factory=dict)

    def sound(self, cloud: CloudInput, *keys: str) -> bool:
        """Whether these keys of a cloud can be relied on."""
        return self.unsound[cloud.name].isdisjoint(keys)

    def memberships(self) -> dict[str, list[Member]]:
        """By host, clouds in the order of the inventory."""
        held: dict[str, list[Member]] = {}
        for members in self.members.values():
            for member in members:
                held.setdefault(member.site.name, []).append(member)
        return held


def declare(hostvars: HostVars, groups: Groups) -> tuple[Declared, list[Finding]]:
    """Reads every variable. Membership is not resolved yet: see ``members``."""
    findings: list[Finding] = []
    # "all" gives the inventory's order; a host may be known by its variables alone.
    hosts = dict.fromkeys([*groups.get("all", ()), *hostvars, *(h for held in groups.values() for h in held)])
    sites: dict[str, Site] = {}
    for host in hosts:
        if host in hostvars:
            sites[host], found = read_site(host, hostvars[host])
            findings += found
    declared = Declared(sites, groups, hosts)
    findings += read_clouds(declared, hostvars)
    return declared, findings


def read_site(host: str, variables: Mapping[str, object]) -> tuple[Site, list[Finding]]:
    """A host's own variables; a transport that is wrong is left out, the others stay."""
    own = {name: value for name, value in variables.items() if name != CLOUDS}
    try:
        return Site(host, SiteInput.model_validate(own)), []
    except ValidationError as error:
        findings = list(findings_of(error, host))
        places = [wrong["loc"] for wrong in error.errors(include_input=False, include_url=False)]
    transports = own.get("dmvpn_transports")
    for place in places:
        if len(place) > 1 and place[0] == "dmvpn_transports" and isinstance(transports, dict):
            transports = {name: value for name, value in transports.items() if name != place[1]}
            own["dmvpn_transports"] = transports
        elif place:
            own.pop(str(place[0]), None)
    broken = frozenset(str(place[0]) for place in places if place)
    try:
        return Site(host, SiteInput.model_validate(own), broken), findings
    except ValidationError:  # keys that are not text
        return Site(host, SiteInput(), frozenset(SiteInput.model_fields)), findings


def read_clouds(declared: Declared, hostvars: HostVars) -> Iterator[Finding]:
    """Clouds usually stand in one group's variables: every distinct value is read once."""
    distinct: list[tuple[object, list[str]]] = []
    seen: dict[int, list[str]] = {}
    for host in declared.sites:
        if CLOUDS not in hostvars[host]:
            continue
        value = hostvars[host][CLOUDS]
        holders = seen.get(id(value))
        if holders is None:
            holders = next((held for known, held in distinct if same(known, value)), None)
            if holders is None:
                holders = []
                distinct.append((value, holders))
            seen[id(value)] = holders
        holders.append(host)
    for value, holders in distinct:
        host = holders[0] if len(holders) == 1 and len(declared.sites) > 1 else FLEET
        yield from read_cloud_list(declared, host, value)
    if not distinct and declared.sites:
        yield Finding(FLEET, CLOUDS, "is missing", "write the list of clouds, for a group of all routers")


def same(one: object, other: object) -> bool:
    """Equal, and of the same types: 1, 1.0 and true are not the same to a strict model."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def read_cloud_list(declared: Declared, host: str, value: object) -> Iterator[Finding]:
    if not isinstance(value, list) or not value:
        problem = "is empty" if isinstance(value, list) else f"{shown(value)} is not a list"
        yield Finding(host, CLOUDS, problem, "write a list with one mapping for each cloud")
        return
    names: set[str] = set()
    for place, entry in enumerate(value):
        label = (
            str(entry["name"]) if isinstance(entry, dict) and isinstance(entry.get("name"), str) else place
        )
        cloud, unsound, findings = read_cloud(host, label, entry)
        yield from findings
        if cloud is None:
            declared.lost.add(str(label))
        elif cloud.name in names:
            yield Finding(host, f"{CLOUDS}[{label}]", "is there twice", "give each cloud its own name")
        elif declared.clouds.setdefault(cloud.name, cloud) != cloud:
            yield Finding(
                host,
                f"{CLOUDS}[{label}]",
                "is not the same as on other hosts",
                "write the cloud once, for a group of all routers",
            )
        if cloud is not None:
            names.add(cloud.name)
            declared.unsound.setdefault(cloud.name, unsound)


def read_cloud(
    host: str, label: object, entry: object
) -> tuple[CloudInput | None, frozenset[str], list[Finding]]:
    """A cloud without its keys that are wrong, or None if it cannot be without them."""
    try:
        return CloudInput.model_validate(entry), frozenset(), []
    except ValidationError as error:
        findings = list(findings_of(error, host, (CLOUDS, label)))
        places = [wrong["loc"] for wrong in error.errors(include_input=False, include_url=False)]
    unsound = frozenset(str(place[0]) for place in places if place)
    if not isinstance(entry, dict):
        return None, unsound, findings
    try:
        rest = {key: value for key, value in entry.items() if str(key) not in unsound}
        return CloudInput.model_validate(rest), unsound, findings
    except ValidationError:
        return None, unsound, findings
