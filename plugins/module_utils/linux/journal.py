# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The open change of a router, and the one rule that says when it has to be undone.

The journal exists from before the first live change until the change is confirmed or undone; its removal is
the one moment in which it ends. Whoever finds one knows which generation to go back to. The file holds no
secret. A router asks the rule every few seconds, so this module imports little.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any, Literal

from .host import Host
from .store import JOURNAL, now

State = Literal["changing", "pending", "undoing"]
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def boot_id(host: Host) -> str:
    """Which boot of the router this is."""
    return (host.read(BOOT_ID) or "").strip()


@dataclass(slots=True)
class Journal:
    """Which generation to go back to, the steps that were begun, and how long there is left.

    ``seconds`` is the time that a pending change has (0: it needs no confirmation), ``deadline`` is in
    seconds of the clock of ``boot``. ``release`` tells one wanted state from another. ``absent`` is a removal
    of everything of ours. ``because`` is why it is being undone, ``undoing`` the step that goes back.
    """

    host: Host
    generation: int
    since: str = field(default_factory=now)
    steps: list[str] = field(default_factory=list)
    state: State = "changing"
    boot: str = ""
    seconds: int = 0
    deadline: float = 0.0
    release: str = ""
    absent: bool = False
    who: str = ""
    why: str = ""
    diff: str = ""
    because: str = ""
    undoing: str = ""

    @property
    def commit(self) -> str:
        """Its name, for a confirm that must not hit another change."""
        return f"{self.generation}-{self.since}"

    @property
    def left(self) -> int:
        """Seconds until the router undoes it."""
        return max(0, round(self.deadline - self.host.clock()))

    def begin(self, step: str) -> None:
        """Note a step before anything of it is done."""
        if step not in self.steps:
            self.steps.append(step)
        self.write()

    def pend(self, seconds: int) -> None:
        """From now on it waits for a confirmation, for so long."""
        self.state, self.seconds = "pending", seconds
        self.deadline = self.host.clock() + seconds
        self.write()

    def undo(self, because: str) -> None:
        """From now on it can only be undone, also if this is interrupted."""
        self.state, self.because = "undoing", because
        self.write()

    def back(self, step: str) -> None:
        """Note a step before it goes back."""
        self.undoing = step
        self.write()

    def due(self) -> str | None:
        """Why it has to be undone now; None while it is pending in time. The caller holds the lock.

        Without the lock, "changing" means nothing: the run may be at it.
        """
        if self.state == "undoing":
            return self.because
        if self.state == "changing":
            return f"its run ended in step '{self.steps[-1] if self.steps else 'begin'}'"
        if self.boot != boot_id(self.host):
            return "the router was booted before it was confirmed"
        if self.host.clock() >= self.deadline:
            return f"it was not confirmed within {self.seconds} s"
        return None

    def write(self) -> None:
        data = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "host"}
        self.host.write(JOURNAL, json.dumps({**data, "pid": os.getpid()}), 0o600)

    def close(self) -> None:
        """It is over, whatever happens from here on."""
        self.host.remove(JOURNAL, durable=True)


def read_journal(host: Host) -> Journal | None:
    """The change that is open on this router."""
    text = host.read(JOURNAL)
    if not text:
        return None
    data: dict[str, Any] = json.loads(text)
    return Journal(host, **{name: data[name] for name in data if name in Journal.__dataclass_fields__})
