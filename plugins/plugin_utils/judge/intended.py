# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a router has to be, as rendering left it, for the proof of a change."""

from __future__ import annotations

from pathlib import Path

from ansible.errors import AnsibleActionFail  # type: ignore[import-untyped]

from ..fleet.intent import Device
from ..fleet.rendered import NotRendered, read_intents


def intended(bundle: Path, host: str) -> Device | None:
    """None where rendering left nothing. Raises ``AnsibleActionFail``."""
    try:
        return read_intents(bundle, [host]).get(host)
    except NotRendered as error:
        raise AnsibleActionFail(str(error)) from None
