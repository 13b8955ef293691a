# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ``render`` wrote is wanted of each router, read back. A host without it is not in the fleet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from ..findings import FindingsError
from .dump import parse_device
from .intent import Device


class NotRendered(Exception):
    """What is wanted is not there or cannot be read; the text is the whole message."""


def intent_path(bundle: Path, host: str) -> Path:
    return bundle / host / "intent.json"


def rendered(bundle: Path, play: Iterable[object]) -> list[str]:
    """Those hosts of a play that are in the fleet. Raises :class:`NotRendered` if none is."""
    hosts = [str(host) for host in play if intent_path(bundle, str(host)).exists()]
    if not hosts:
        raise NotRendered(f"no router of this play has an intent.json in {bundle}; run playbooks/render.yml")
    return hosts


def read_intent(bundle: Path, host: str) -> Device:
    """Raises :class:`NotRendered`."""
    path = intent_path(bundle, host)
    try:
        return parse_device(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise NotRendered(
            f"there is no {path}: the router is not in the fleet or not rendered; "
            "run playbooks/render.yml with the same dmvpn_bundle_dir"
        ) from None
    except FindingsError as error:
        raise NotRendered(f"{path} is of another release; run playbooks/render.yml\n{error}") from None
    except (OSError, ValueError) as error:
        raise NotRendered(f"{path} cannot be read: {error}; run playbooks/render.yml") from None


def read_intents(bundle: Path, hosts: Iterable[str]) -> dict[str, Device]:
    """Those of the hosts that are in the fleet. Raises :class:`NotRendered`."""
    return {host: read_intent(bundle, host) for host in hosts if intent_path(bundle, host).exists()}
