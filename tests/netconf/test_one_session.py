# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router whose commits end with their session: ``confirmed-commit:1.0`` only."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.apply import apply
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.delta import difference
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pending.errors import Failed
from ansible_collections.mgre.dmvpn.tests.netconf.conftest import Candidate, facts, hold, hub


def test_a_commit_that_ends_with_its_session_is_confirmed_in_it(candidate: Candidate) -> None:
    fake, router = candidate("one_session")
    outcome = hold(router)
    assert outcome.changed and not outcome.held and outcome.saved
    assert "could not wait" in outcome.warnings[0]
    assert not fake.commit_waits() and not difference(router.holds(), facts(hub()))
    assert not apply(router.order(hub())).changed


def test_its_end_takes_back_what_does_not_read_as_it_should(candidate: Candidate) -> None:
    fake, router = candidate("one_session", "forget_mtu")
    with pytest.raises(Failed, match="does not hold what was committed") as failed:
        apply(router.order(hub()))
    assert failed.value.restored and router.holds() == {} and fake.startup is None


def test_its_end_takes_back_what_the_router_does_not_confirm(candidate: Candidate) -> None:
    fake, router = candidate("one_session", "no_confirm")
    with pytest.raises(Failed, match="did not take the confirmation") as failed:
        apply(router.order(hub()))
    assert failed.value.restored and not fake.commit_waits()
