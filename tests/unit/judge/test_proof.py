# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What speaks against a change of a router, and what does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import Probe
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import IkeError, State
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.proof import Proof, prove, reach
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.sight import Sight
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import judge
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import (
    HUB1,
    HUB2,
    SPOKE1,
    SPOKE2,
    device,
    probes,
    state,
)

Spoil = Callable[[State], object]
BOTH = frozenset({("blue", "hub1"), ("blue", "hub2")})
NOBODY: frozenset[tuple[str, str]] = frozenset()


def lose(peer: object) -> Spoil:
    """A peer is gone: no SA, no registration, no neighbour."""

    def spoil(found: State) -> None:
        overlay, nbma = str(peer.overlay), str(peer.nbma)  # type: ignore[attr-defined]
        found.sas = [sa for sa in found.sas or [] if sa.remote != nbma]
        assert found.nhrp and found.nhrp.cache
        found.nhrp.cache = [entry for entry in found.nhrp.cache if entry.overlay != overlay]
        for neighbour in found.bgp or []:
            if neighbour.address == overlay:
                neighbour.state = "Active"
        found.bfd = [peer for peer in found.bfd or [] if peer.address != overlay]

    return spoil


def said(message: str) -> Spoil:
    """The IKE daemon logged this of both hubs."""

    def spoil(found: State) -> None:
        found.ike_errors = [IkeError(str(hub.nbma), message) for hub in (HUB1, HUB2)]

    return spoil


def proof(
    own: object, before: frozenset[tuple[str, str]], *spoils: Spoil, sent: list[Probe] | None = None
) -> Proof:
    of = device(own)  # type: ignore[arg-type]
    found = state(of)
    for spoil in spoils:
        spoil(found)
    packets = probes(of) if sent is None else sent
    return prove(Sight(of, found, packets), judge(of, found, packets), before)


def test_a_healthy_router_is_proven() -> None:
    assert proof(SPOKE1, BOTH) == Proof()
    assert proof(HUB1, NOBODY) == Proof()


def test_who_is_reached_has_an_sa_and_a_neighbour() -> None:
    of = device(SPOKE1)
    found = state(of)
    assert reach(Sight(of, found)) == BOTH
    for neighbour in (found.bgp or [])[:1]:
        neighbour.state = "Active"
    assert reach(Sight(of, found)) == {("blue", "hub2")}
    assert reach(Sight(of, State())) == NOBODY


def test_packets_are_sent_last() -> None:
    assert proof(SPOKE1, BOTH, sent=[]) == Proof(unsent=True)


def test_one_hub_of_two_is_enough_where_the_other_was_not_there_before() -> None:
    assert proof(SPOKE1, frozenset({("blue", "hub1")}), lose(HUB2)) == Proof()


def test_a_hub_that_was_there_must_not_be_lost() -> None:
    [missing] = proof(SPOKE1, BOTH, lose(HUB2)).missing
    assert missing.startswith("hub2 is lost in cloud blue, which was there before: spoke1: sa: blue: hub2")


def test_a_hub_must_not_lose_a_spoke() -> None:
    assert proof(HUB1, NOBODY, lose(SPOKE1)) == Proof()
    [missing] = proof(HUB1, frozenset({("blue", "spoke1")}), lose(SPOKE1)).missing
    assert missing.startswith("spoke1 is lost in cloud blue, which was there before")


def test_who_left_the_cloud_is_not_lost() -> None:
    assert proof(HUB1, frozenset({("blue", "spoke9"), ("green", "spoke2")})) == Proof()


def test_small_packets_are_no_proof() -> None:
    small = [Probe(str(hub.overlay), "10.255.0.11", 1400, 1200, 4.2, 0.0) for hub in (HUB1, HUB2)]
    [missing] = proof(SPOKE1, BOTH, sent=small).missing
    assert "no hub of cloud blue is proven (hub1, hub2)" in missing and "1200" in missing


def test_hubs_that_may_come_later_are_a_warning_and_hubs_that_refuse_are_not() -> None:
    gone = (lose(HUB1), lose(HUB2))
    later = proof(SPOKE1, NOBODY, *gone, said("giving up after 3 retransmits"))
    assert later.missing == ()
    assert later.warnings == ("no hub of cloud blue answers (hub1, hub2), and none did before",)
    refused = proof(SPOKE1, NOBODY, *gone, said("AUTHENTICATION_FAILED"))
    assert "no hub of cloud blue is proven (hub1, hub2)" in refused.missing[0]
    assert "AUTHENTICATION_FAILED" in refused.missing[0]


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (
            lambda s: s.services["mgre-dmvpn-nhrp-events.service"].__setattr__("active", "failed"),
            "nhrp-events",
        ),
        (lambda s: s.guard.__setattr__("present", False), "guard"),
        (lambda s: s.interfaces[2].__setattr__("up", False), "tunnel: dmvpn10"),
        (lambda s: s.nhrp.interfaces[0].__setattr__("network_id", 11), "nhrp_settings: dmvpn10 network-id"),
    ],
)
def test_the_router_itself_has_to_be_as_intended(spoil: Spoil, cause: str) -> None:
    assert any(cause in missing for missing in proof(HUB1, NOBODY, spoil).missing)


def test_what_the_change_cannot_help_does_not_speak_against_it() -> None:
    def expiring(found: State) -> None:
        for certificate in found.certificates or []:
            certificate.not_after = 1_800_000_000.0 + 86400

    assert proof(SPOKE2, BOTH, expiring) == Proof()
