# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a router has to be, as rendering left it, for the proof of a change."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.errors import AnsibleActionFail  # type: ignore[import-untyped]

from ..findings import FindingsError
from ..fleet.dump import parse_device
from ..fleet.intent import Device
from .store import intent_path


def intended(bundle: Path, host: str) -> Device | None:
    """None where rendering left nothing. Raises ``AnsibleActionFail``."""
    path = intent_path(bundle, host)
    try:
        return parse_device(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, FindingsError) as error:
        raise AnsibleActionFail(f"{path} cannot be read ({error}); render it again") from None
