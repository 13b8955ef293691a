# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A confirmed commit that waits, ended over sessions of their own (RFC 6241, 8.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from ..pending.ended import (
    CONFIRMED,
    CONFIRMED_ALREADY,
    UNDONE,
    Ended,
    extended_by_nobody,
    gone,
    left_alone,
    of_another,
    still_there,
)
from ..pending.errors import Failed, Lost, Refused
from .client import Client, Rejected, Unreachable
from .order import busy, held_by_session
from .places import read
from .saving import save as saved
from .token import Named, rows

EDITED = (
    "someone has edited the candidate configuration, and a commit would bring that too; discard or commit "
    "that edit"
)


def waits(client: Client) -> Rejected | None:
    """Why the router gives nobody the lock of running, which it must not while a commit waits; None if
    nothing waits. There is no other way to ask."""
    try:
        client.lock("running")
    except Rejected as error:
        return None if held_by_session(error) else error
    client.unlock("running")
    return None


def refuse_waiting(client: Client) -> None:
    """Raises ``Refused`` if a commit waits, whoever made it."""
    if error := waits(client):
        raise Refused(busy("running", error))


def edited(client: Client) -> bool:
    """Whether the candidate holds what running does not. Its lock would keep others away, but a router may
    give none while a commit waits."""
    return client.whole("candidate") != client.whole("running")


class Commit:
    """Without a name it is whichever waits, which can be told of and not ended."""

    def __init__(self, opened: Callable[[], Client], named: Named | None) -> None:
        self._opened = opened
        self._named = named

    def confirm(self, save: bool) -> Ended:
        with self._router() as router:
            named = router.named_or_refused(self._named)
            router.refuse_edit()
            ended = Ended(True, CONFIRMED)
            try:
                router.client.confirm(named.token)
            except Rejected as error:
                router.still_waits(named, error, "confirm")
                still_there(router, named.mark)
                ended = Ended(False, CONFIRMED_ALREADY)
            except Lost as lost:
                raise Failed(
                    f"the connection broke while the change was confirmed ({lost}); run this again, which "
                    "tells whether it holds",
                    "confirm",
                    restored=False,
                ) from None
        return Ended(ended.changed, ended.told, saved(self._opened)[1] if save else [])

    def extend(self, seconds: int) -> Ended:
        with self._router() as router:
            named = router.named_or_refused(self._named)
            router.refuse_edit()
            try:
                router.client.commit_for(seconds, named.token, again=True)
            except Rejected as error:
                router.still_waits(named, error, "extend")
                extended_by_nobody(router, named.mark)
        return Ended(True, f"the change has {seconds} seconds from now")

    def undo(self) -> Ended:
        with self._router() as router:
            if self._named is None:
                return gone(router, None) if waits(router.client) is None else router.refuse_unnamed()
            mark = self._named.mark
            try:
                router.client.cancel(self._named.token)
                if not mark.is_before(router.running()):
                    router.differs("the cancelled commit")
            except Rejected as error:
                if waits(router.client) is None:
                    return gone(router, mark)
                if mark.is_before(router.running()):
                    return left_alone()
                raise Failed(
                    f"the router did not take the change back at once ({error}); it does so by itself when "
                    "its time is over. Wait for that, and run this again",
                    "undo",
                    restored=False,
                ) from None
            except Lost as lost:
                raise Failed(
                    f"the connection broke while the change was undone ({lost}); the router takes it back by "
                    "itself when its time is over. Wait for that, and run this again",
                    "undo",
                    restored=False,
                ) from None
        return Ended(True, f"{UNDONE}: the configuration is as before")

    def status(self) -> dict[str, Any] | None:
        """How long it waits yet no router tells."""
        with self._router() as router:
            if self._named and self._named.mark.is_before(router.running()):
                return None
            return {"state": "pending"} if waits(router.client) else None

    @contextmanager
    def _router(self) -> Iterator[_Router]:
        try:
            client = self._opened()
        except Unreachable as error:
            raise Lost(str(error)) from None
        try:
            yield _Router(client)
        except Rejected as error:
            raise Failed(f"the router refuses to be read: {error}", restored=False) from None
        finally:
            client.close()


class _Router:
    """What ``pending.ended`` asks of a router, over one session."""

    back = "An inventory as it was before, and site.yml, bring that back"

    def __init__(self, client: Client) -> None:
        self.client = client

    def running(self) -> Iterator[str]:
        return rows(read(self.client.get_config()))

    def differs(self, who: str) -> NoReturn:
        raise Failed(
            f"{who} left a difference: look at what site.yml --check --diff would change, and at `show "
            "running-config`, and mend it by hand",
            "undo",
            restored=False,
        )

    def refuse_unnamed(self) -> NoReturn:
        raise Refused(
            "a commit waits on the router, and only its token ends it: write the commit that netconf_apply "
            "returned (ios_result.commit), or wait until the router takes it back by itself"
        )

    def named_or_refused(self, named: Named | None) -> Named:
        if named is None:
            if waits(self.client) is None:
                still_there(self, None)
            self.refuse_unnamed()
        return named

    def refuse_edit(self) -> None:
        if edited(self.client) and waits(self.client):
            raise Failed(f"{EDITED}, and run this again", "confirm", restored=False)

    def still_waits(self, named: Named, error: Rejected, step: str) -> None:
        """A token that was not taken, where something waits all the same. Raises ``Failed``."""
        if waits(self.client) is None:
            return
        if named.mark.is_before(self.running()):
            of_another()
        raise Failed(
            f"the router did not take that ({error}); a change waits there still, and the router takes it "
            "back by itself",
            step,
            restored=False,
        )
