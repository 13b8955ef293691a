# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What both ways of changing a router share: what they get, how they end, and a session after the change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from ..pending.errors import Failed, Lost, Refused
from .client import Client, Rejected, Target, Unreachable
from .delta import Difference, difference
from .paths import Facts
from .places import read

RETRY = 1.0  # seconds between attempts to reach the router again


@dataclass(frozen=True, slots=True)
class Order:
    """What to do on which router. ``seconds`` is the time that the router waits for the confirmation.

    ``hold``: neither confirm nor save, another session does.
    """

    target: Target
    wanted: Facts
    opened: Callable[[], Client]
    seconds: int = 120
    send_secrets: bool = False
    hold: bool = False

    def difference(self, client: Client) -> Difference:
        """What is left to do. Raises ``NotOurs``."""
        return difference(self.held(client), self.wanted, send_secrets=self.send_secrets)

    def held(self, client: Client) -> Facts:
        return read(client.get_config("running"))

    def left(self, client: Client) -> Difference:
        """What a change did not do. Keys that cannot be compared are taken for sent."""
        return difference(self.held(client), self.wanted)


@dataclass(frozen=True, slots=True)
class Held:
    """A change that waits: what it is known by, and the seconds that it waits. False if it was confirmed."""

    commit: str = ""
    seconds: int = 0

    def __bool__(self) -> bool:
        return bool(self.commit)


@dataclass(frozen=True, slots=True)
class Outcome:
    changed: bool
    lines: list[str] = field(default_factory=list)
    before: str = ""
    after: str = ""
    way: str = ""
    saved: bool = False
    warnings: list[str] = field(default_factory=list)
    held: Held = Held()


@contextmanager
def locked(client: Client, *targets: str) -> Iterator[None]:
    """Holds the locks of these datastores. Raises ``Refused`` if someone else has one."""
    with ExitStack() as held:
        for target in targets:
            try:
                client.lock(target)
            except Rejected as error:
                raise Refused(busy(target, error)) from None
            held.callback(_unlock, client, target)
        yield


def held_by_session(error: Rejected) -> bool:
    """Whether a lock was refused because a session has it, and not for what the router itself waits for."""
    return error.tag == "lock-denied" and error.holder not in ("", "0")


def busy(target: str, error: Rejected) -> str:
    if held_by_session(error):
        return (
            f"another NETCONF session, number {error.holder}, holds the lock of the {target} configuration; "
            f"wait for it to end, or end it on the router: clear netconf-yang session {error.holder}"
        )
    if error.tag == "lock-denied":
        return (
            f"the {target} configuration is locked: someone is in configuration mode, it was edited and "
            "never committed, or another change waits for its confirmation; leave configuration mode, "
            "discard those changes, or wait, and run again"
        )
    return (
        f"the {target} configuration cannot be locked ({error}): it was edited and never committed, or "
        "another change waits for its confirmation; discard the edit or wait, and run again"
    )


def _unlock(client: Client, target: str) -> None:
    """A session that is gone has no locks any more."""
    try:
        client.unlock(target)
    except (Rejected, Lost):
        return


def reached_or_failed(order: Order, until: float, why: str, then: str) -> Client:
    """``reached_again``, or ``Failed`` with why that was needed and what the router does by itself."""
    try:
        return reached_again(order, until)
    except Unreachable as error:
        raise Failed(f"{why} ({error}); {then}", restored=False) from None


def taken_back(why: str, restored: bool) -> Failed:
    """The end of a change that the router was told to undo."""
    state = "it is as it was before" if restored else "it is not as it was before: look at it"
    return Failed(f"{why}; the router took the change back, {state}", restored=restored)


def reached_again(order: Order, until: float) -> Client:
    """A new session, tried until that moment of ``time.monotonic``. Raises ``Unreachable``."""
    while True:
        try:
            return order.opened()
        except Unreachable:
            if time.monotonic() + RETRY >= until:
                raise
        time.sleep(RETRY)
