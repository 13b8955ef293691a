# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run in check mode says of the run to come, for the order of a rollout."""

from __future__ import annotations

from typing import Any

from .plan import Plan
from .store import Record


def forecast(changed: bool, plan: Plan | None) -> dict[str, Any]:
    """``new``: nothing of ours was ever applied here. ``plan`` is None where there is nothing to compare."""
    return {"changed": changed, "new": plan is not None and plan.before == Record()}
