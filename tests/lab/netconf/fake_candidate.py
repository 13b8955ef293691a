# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stand-in of ``fake`` with a candidate and confirmed commit, as RFC 6241 (8.3 and 8.4) says.

Other than netconfd it has a command line and minutes that a test can wait for, it tells in which order things
came, and it can be one whose commits end with their session (RFC 4741: ``confirmed-commit:1.0``).
"""

from __future__ import annotations

import asyncio
import copy
from xml.etree import ElementTree as ET

from .fake import BASE, CAPABILITIES, IA, Doer, FakeRouter, Fault, local

COMMITS = "urn:ietf:params:netconf:capability:confirmed-commit:"
WAITS = "a confirmed commit waits"


class CandidateRouter(FakeRouter):
    """``second`` is the length of a second of its confirm-timeout. The fault ``one_session`` makes it one of
    confirmed-commit 1.0."""

    def __init__(
        self, *faults: str, second: float = 1.0, minute: float = 30.0, models: dict[str, str] | None = None
    ) -> None:
        super().__init__(*faults, minute=minute, models=models)
        versions = ("1.0",) if "one_session" in self.faults else ("1.0", "1.1")
        plain = tuple(each for each in CAPABILITIES if "writable-running" not in each)
        self.capabilities = (
            *plain,
            "urn:ietf:params:netconf:capability:candidate:1.0",
            *(COMMITS + version for version in versions),
        )
        self.candidate: ET.Element | None = None  # None: as running
        self.candidate_holder: int | None = None
        self.done: list[str] = []
        self._second = second
        self._token = ""
        self._committer: int | None = None  # whose session a commit without token ends with

    def commit_waits(self) -> bool:
        return bool(self.front.call(lambda: self._timer is not None))

    def _doers(self) -> dict[tuple[str, str], Doer]:
        doers = super()._doers()
        for name in ("checkpoint", "rollback", "revert"):
            del doers[IA, name]
        doers |= {
            (BASE, "commit"): self._commit,
            (BASE, "discard-changes"): self._discard,
        }
        if "one_session" not in self.faults:
            doers[BASE, "cancel-commit"] = self._cancel
        return doers

    def _done(self, request: ET.Element, number: int) -> str:
        self.done.append(" ".join([local(request), *(local(child) for child in request)]))
        return super()._done(request, number)

    def _get_config(self, request: ET.Element, number: int) -> str:
        if request.find(f"{{{BASE}}}source/{{{BASE}}}candidate") is None:
            return super()._get_config(request, number)
        tree = self.running if self.candidate is None else self.candidate
        return f"<data>{''.join(ET.tostring(child, encoding='unicode') for child in tree)}</data>"

    def _lock(self, request: ET.Element, number: int) -> str:
        if _names_candidate(request):
            if self.candidate is not None:
                raise Fault("resource-denied", "the candidate was edited")
            if self.candidate_holder not in (None, number):
                holder = f"<session-id>{self.candidate_holder}</session-id>"
                raise Fault("lock-denied", "the lock is held", holder)
            self.candidate_holder = number
            return "<ok/>"
        # RFC 6241, 7.5: not while another session has a confirmed commit under way.
        if self._timer is not None:
            raise Fault("in-use", WAITS)
        return super()._lock(request, number)

    def _unlock(self, request: ET.Element, number: int) -> str:
        if not _names_candidate(request):
            return super()._unlock(request, number)
        if self.candidate_holder != number:
            raise Fault("operation-failed", "no lock of yours")
        self.candidate_holder = None
        return "<ok/>"

    def _edit(self, request: ET.Element, number: int) -> str:
        if not _names_candidate(request):
            raise Fault("operation-not-supported", "running is not writable")
        if self.candidate_holder not in (None, number):
            raise Fault("in-use", "the candidate is locked by another session")
        self.candidate = self._edited(request, self.running if self.candidate is None else self.candidate)
        return "<ok/>"

    def _discard(self, _request: ET.Element, _number: int) -> str:
        self.candidate = None
        return "<ok/>"

    def _commit(self, request: ET.Element, number: int) -> str:
        given = {local(child): child.text or "" for child in request}
        if "one_session" in self.faults and given.keys() & {"persist", "persist-id"}:
            raise Fault("unknown-element", "persist")
        self._may_commit(given.get("persist-id"), number)
        if "confirmed" in given and "no_more_time" in self.faults and "persist-id" in given:
            raise Fault("operation-failed", "not from another session")
        if "confirmed" not in given and "no_confirm" in self.faults:
            words = " ".join(element.text or "" for element in self.running.iter())
            raise Fault("operation-failed", f"not now, with {' '.join(words.split())}")
        if self._timer is None:
            self._revert_to = copy.deepcopy(self.running)
        if self.candidate is not None:
            self.running, self.candidate = self.candidate, None
        self._stop()
        if "confirmed" in given:
            self._token = given.get("persist", "")
            self._committer = None if self._token else number
            seconds = int(given.get("confirm-timeout", "600"))
            self._timer = asyncio.get_running_loop().call_later(seconds * self._second, self._back)
        return "<ok/>"

    def _may_commit(self, token: str | None, number: int) -> None:
        if token is not None and (self._timer is None or token != self._token):
            raise Fault("invalid-value", "persist-id")
        if self._timer is not None and token is None and self._committer != number:
            raise Fault("in-use", WAITS)

    def _cancel(self, request: ET.Element, number: int) -> str:
        given = {local(child): child.text or "" for child in request}
        if self._timer is None:
            raise Fault("operation-failed", "no commit waits")
        if given.get("persist-id", "") != self._token or (not self._token and self._committer != number):
            raise Fault("invalid-value", "persist-id")
        self._stop()
        self._back()
        return "<ok/>"

    def _back(self) -> None:
        super()._back()
        self.candidate = None

    def _ended(self, number: int) -> None:
        super()._ended(number)
        if self.candidate_holder == number:
            self.candidate_holder, self.candidate = None, None
        if self._timer is not None and self._committer == number:
            self._stop()
            self._back()


def _names_candidate(request: ET.Element) -> bool:
    return request.find(f"{{{BASE}}}target/{{{BASE}}}candidate") is not None
