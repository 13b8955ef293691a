# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A confirmed configuration into the startup configuration."""

from __future__ import annotations

from collections.abc import Callable

from .abilities import modules
from .client import Client, session


def save(opened: Callable[[], Client]) -> tuple[bool, list[str]]:
    """Whether it was saved, and warnings: a failure is one, because the change runs and is confirmed."""
    try:
        with session(opened) as client:
            if "cisco-ia" not in modules(client):
                return False, [
                    "the router offers no request to save (cisco-ia:save-config); write: write memory"
                ]
            client.agent("save-config")
            return True, []
    except Exception as error:  # the change is confirmed, whatever happens to its saving
        return False, [
            f"the configuration runs and is not saved ({error}); write on the router: write memory"
        ]
