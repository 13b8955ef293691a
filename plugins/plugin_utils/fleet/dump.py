# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A resolved device as JSON and back: what ``render`` writes to intent.json and ``judge`` reads."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..findings import Finding, FindingsError
from .intent import Device

ADAPTER: TypeAdapter[Device] = TypeAdapter(Device)


def dump_device(device: Device) -> dict[str, Any]:
    """Builtin types only, ready for ``json.dumps``; addresses and prefixes become text."""
    dumped: dict[str, Any] = ADAPTER.dump_python(device, mode="json")
    return dumped


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
