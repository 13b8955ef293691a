# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cloud's numbers: its own where it says one, else those of its word."""

from __future__ import annotations

from pydantic import BaseModel

from .cloud_models import CloudInput
from .declared import Declared
from .pace import PACES, Pace


def pace_of(declared: Declared, cloud: CloudInput) -> Pace:
    """That of its members, which have one word; a check sees to that."""
    words = (member.site.vars.dmvpn_convergence for member in declared.members.get(cloud.name, ()))
    return PACES[next(words, "normal")]


def said(model: BaseModel, name: str, otherwise: int) -> int:
    """A number that the inventory says, else another one."""
    return int(getattr(model, name)) if name in model.model_fields_set else otherwise


def neighbour_timers(cloud: CloudInput, pace: Pace) -> tuple[int, int]:
    """Keepalive and holdtime, in seconds."""
    routing = cloud.routing
    return said(routing, "keepalive", pace.keepalive), said(routing, "holdtime", pace.holdtime)
