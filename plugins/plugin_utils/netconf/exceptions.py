# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IOS lines that have no place in Cisco's models, each with the reason.

``netconf_payload`` leaves them out, so ``netconf_apply`` does not set them. The tests refuse an entry that
no rendered line needs, and one whose line the table knows after all.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exempt:
    """``section`` as in the table, ``pattern`` as there."""

    section: str
    pattern: str
    reason: str


EXCEPTIONS: tuple[Exempt, ...] = ()
