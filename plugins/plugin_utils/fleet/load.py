# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way in: inventory variables to the resolved fleet, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..findings import FindingsError
from .checks.registry import CHECKS
from .declared import declare
from .derive import derive
from .intent import Fleet
from .members import resolve_members


def load_fleet(hostvars: Mapping[str, Mapping[str, object]], groups: Mapping[str, Sequence[str]]) -> Fleet:
    """Checks the whole inventory and derives the fleet.

    ``hostvars`` holds each host's ``dmvpn_`` variables as plain values; a secret that was not read is any
    object but a plain value, such as ``secret_values.UNREAD``. ``groups`` is Ansible's, with ``all``. A
    host that no cloud names and that has no ``dmvpn_site`` is no part of the fleet. Raises
    :class:`FindingsError`.
    """
    declared, findings = declare(hostvars, groups)
    findings += resolve_members(declared)
    for check in CHECKS:
        findings += check(declared)
    if findings:
        raise FindingsError(findings)
    return derive(declared)
