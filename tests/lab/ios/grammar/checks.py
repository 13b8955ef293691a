# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What IOS refuses and what it does on the side, where the grammar of a line alone cannot say."""

from __future__ import annotations

from ..rules import Change
from ..tree import Node


def _nothing(_: Change) -> str | None:
    return None


def __getattr__(name: str) -> object:
    return _nothing
