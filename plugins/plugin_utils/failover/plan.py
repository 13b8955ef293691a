# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a failover check: what is broken where, and along which flows packets go meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from ..fleet.intent import Device
from .faults import FAULTS, Fault

SPOKES = 4  # that take part unless others are named
SMALL = 84  # bytes of an IP packet, as of a usual ping


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets from one LAN address to another. ``exempt`` says why no objective applies, or is empty."""

    name: str
    source: str
    target: str
    source_address: str
    target_address: str
    size: int = SMALL
    exempt: str = ""


@dataclass(slots=True)
class Plan:
    """What is going to happen. Times are in seconds, objectives in milliseconds.

    ``paths`` turns what a router's kernel says into words: by router, interface and next hop.
    """

    fault: str
    target: str
    window: str
    says: str
    wans: list[str]
    tunnels: list[str]
    warmup: int
    duration: int
    settle: int
    loss: int
    mtu: int
    objective: str
    limit: int
    restore: int
    flows: list[Flow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    clouds: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    hubs: list[str] = field(default_factory=list)

    @property
    def limit_of_probes(self) -> int:
        """Seconds after which probes end by themselves: nobody came for them."""
        return self.warmup + self.duration + self.settle + 300

    def sources(self) -> set[str]:
        return {flow.source for flow in self.flows}


def participants(
    devices: Mapping[str, Device], target: Device, fault: Fault, named: Sequence[str]
) -> list[str]:
    """The routers at the ends of flows: those named, or hubs and some spokes of the target's clouds."""
    clouds = {member.cloud.name for member in fault.carried(target)}
    concerned = {
        name: {m.role for m in device.memberships if m.cloud.name in clouds}
        for name, device in devices.items()
    }
    if named:
        chosen = {*named, target.name}
    else:
        hubs = [name for name, roles in concerned.items() if "hub" in roles]
        spokes = [name for name, roles in concerned.items() if roles == {"spoke"} and name != target.name]
        chosen = {*hubs, *spokes[:SPOKES], target.name}
    return [name for name, roles in concerned.items() if name in chosen and roles]


def flows(
    devices: Mapping[str, Device],
    chosen: Sequence[str],
    addresses: Mapping[str, str | None],
    target: Device,
    fault: Fault,
    wans: Sequence[str],
) -> tuple[list[Flow], list[str]]:
    """The flows between the chosen routers, and notes on what was left out. Hubs are asked, spokes ask."""
    found: list[Flow] = []
    notes = [
        f"{name} is at no end of a flow: it has no LAN address that is up"
        for name in chosen
        if addresses.get(name) is None
    ]
    ends = sorted((name for name in chosen if addresses.get(name)), key=lambda name: _rank(devices[name]))
    for one, other in combinations(ends, 2):
        if _rank(devices[one]) == _rank(devices[other]) == 1 and len(ends) > 2:
            continue  # what crosses between hubs is no user's
        source, sink = (one, other) if devices[one].platform == "linux" else (other, one)
        if devices[source].platform != "linux":
            notes.append(f"{one} and {other} are both IOS routers: nothing can be sent between them")
            continue
        exempt = isolated(devices, target, fault, wans, one, other)
        ways = [(SMALL, exempt)]
        if fault.name == "mtu":
            full = min(m.cloud.mtu for name in (source, sink) for m in devices[name].memberships)
            ways.append((full, exempt or "packets of full size: nothing tells routers of a smaller MTU"))
        for size, why in ways:
            name = f"{source} > {sink}" + (f", {size} bytes" if size != SMALL else "")
            found.append(Flow(name, source, sink, str(addresses[source]), str(addresses[sink]), size, why))
    return found, notes


def _rank(device: Device) -> int:
    """Spokes before hubs; a router that is both counts as a hub."""
    return int(any(member.role == "hub" for member in device.memberships))


def isolated(
    devices: Mapping[str, Device], target: Device, fault: Fault, wans: Sequence[str], one: str, other: str
) -> str:
    """Why a flow cannot survive in any design: its end is what is broken. Empty if it can."""
    if target.name not in (one, other) or fault.objective not in ("hub_loss", "spoke_wan_loss"):
        return ""
    if fault.all_lines:
        return f"{target.name} is what is broken"
    far = devices[other if one == target.name else one]
    left = {m.cloud.name for m in target.memberships if m.transport.interface not in wans}
    shared = left & {m.cloud.name for m in far.memberships}
    return "" if shared else f"{target.name} has no other WAN to {far.name}"


def make_plan(
    devices: Mapping[str, Device],
    target: Device,
    settings: Mapping[str, object],
    objectives: Mapping[str, int],
) -> Plan:
    """The plan without its flows. ``settings`` are those of the action, already known to be right."""
    fault = FAULTS[str(settings["fault"])]
    transport = settings.get("transport")
    wans = list(fault.wans(target, str(transport) if transport else None))
    loss = _number(settings["loss"])
    mtu = _number(settings["mtu"]) or min(m.cloud.path_mtu for m in target.memberships) - 200
    limit = objectives[fault.objective]
    return Plan(
        fault=fault.name,
        target=target.name,
        window=str(settings["window"]),
        says=fault.says_on(target.platform).format(wans=", ".join(wans), loss=loss, mtu=mtu),
        wans=wans,
        tunnels=[m.interface for m in target.memberships if not wans or m.transport.interface in wans],
        warmup=_number(settings["warmup"]),
        duration=_number(settings["duration"]) or max(15, -(-limit // 1000) + 10),
        settle=_number(settings["settle"]),
        loss=loss,
        mtu=mtu,
        objective=fault.objective,
        limit=limit,
        restore=objectives["restore"],
        clouds={
            name: {member.interface: member.cloud.name for member in device.memberships}
            for name, device in devices.items()
        },
        names={str(m.overlay): name for name, device in devices.items() for m in device.memberships},
        hubs=[name for name, device in devices.items() if _rank(device)],
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
