# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A resolved device as JSON and back: what ``render`` writes to intent.json and ``judge`` reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..findings import Finding, FindingsError
from .intent import Cloud, Device, Membership, Peer

ADAPTER: TypeAdapter[Device] = TypeAdapter(Device)
CLOUD: TypeAdapter[Cloud] = TypeAdapter(Cloud)
PEERS: TypeAdapter[list[Peer]] = TypeAdapter(list[Peer])

RECURRING: Any = {"memberships": {"__all__": {"cloud", "hubs", "spokes"}}}
MEMBERSHIP = tuple(field.name for field in fields(Membership))


class Recurring(dict[str, Any]):
    """What many devices have: whoever writes it as text keeps that in ``text``."""

    __slots__ = ("text",)

    def __init__(self, held: dict[str, Any]) -> None:
        super().__init__(held)
        self.text: str | None = None


def dump_device(device: Device) -> dict[str, Any]:
    """Builtin types only, ready for ``json.dumps``; addresses and prefixes become text."""
    return Dumper().dump(device)


class Dumper:
    """Dumps the devices of one fleet: its clouds and peers, which are in many devices, once."""

    def __init__(self) -> None:
        # Each is kept beside what came of it: an id is only unique while its object lives.
        self._clouds: dict[int, tuple[Cloud, Recurring]] = {}
        self._peers: dict[int, tuple[Peer, Recurring]] = {}

    def dump(self, device: Device) -> dict[str, Any]:
        """As :func:`dump_device`."""
        dumped: dict[str, Any] = ADAPTER.dump_python(device, mode="json", exclude=RECURRING)
        for entry, member in zip(dumped["memberships"], device.memberships, strict=True):
            held = entry | {
                "cloud": self._cloud(member.cloud),
                "hubs": self._all(member.hubs),
                "spokes": self._all(member.spokes),
            }
            entry.clear()
            entry.update((name, held[name]) for name in MEMBERSHIP)
        return dumped

    def _cloud(self, cloud: Cloud) -> Recurring:
        known = self._clouds.get(id(cloud))
        if known is None:
            known = (cloud, Recurring(CLOUD.dump_python(cloud, mode="json")))
            self._clouds[id(cloud)] = known
        return known[1]

    def _all(self, peers: Iterable[Peer]) -> list[Recurring]:
        new = [peer for peer in peers if id(peer) not in self._peers]
        for peer, dumped in zip(new, PEERS.dump_python(new, mode="json") if new else (), strict=True):
            self._peers[id(peer)] = (peer, Recurring(dumped))
        return [self._peers[id(peer)][1] for peer in peers]


def parse_device(data: object) -> Device:
    """The device that :func:`dump_device` gave. Raises :class:`FindingsError` for anything else."""
    try:
        return ADAPTER.validate_python(data)
    except ValidationError as error:
        host = data.get("name") if isinstance(data, dict) else None
        raise FindingsError(
            Finding(
                host=str(host or "unknown"),
                subject="intent.json" + "".join(f".{part}" for part in wrong["loc"]),
                problem=f"is not what this release writes ({wrong['msg']})",
                remedy="render the bundle again",
            )
            for wrong in error.errors(include_input=False, include_url=False)
        ) from None
