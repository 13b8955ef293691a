# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a change of a router that runs no code of ours may end otherwise than well, whatever carries it."""

from __future__ import annotations


class Lost(Exception):
    """The connection to the router is gone or does not come: what was asked last may or may not be done."""


class Refused(Exception):
    """Nothing was changed; ``messages`` say why, each with what to do."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = list(messages)


class Failed(Exception):
    """The change did not come to its end. ``restored``: the router was seen to be as it was before."""

    def __init__(self, message: str, step: str = "", *, restored: bool) -> None:
        super().__init__(message)
        self.step = step
        self.restored = restored
