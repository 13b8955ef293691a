# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A state as metrics: each thing that breaks moves its metric, and what is not known gives none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.health_measure import Look, Ping, measure, watched
from ansible_collections.mgre.dmvpn.plugins.module_utils.health_memory import advance
from ansible_collections.mgre.dmvpn.plugins.module_utils.health_metrics import exposition, sample
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import Certificate, Nhs, State
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Peer
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.health.plan import health_plan
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.health.reference import page
from ansible_collections.mgre.dmvpn.tests.unit.judge import world
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import HUB1, SPOKE1

HUB = 'site="spoke1",cloud="blue",peer="hub1"'


def values(change: Callable[[State], object] = lambda state: None, own: Peer = SPOKE1) -> dict[str, float]:
    device = world.device(own)
    state = world.state(device)
    for sa in state.sas or []:
        sa.established = 700
        sa.children[0].installed, sa.children[0].spi_in = 90, "c1"
    change(state)
    plan = health_plan(device)
    pings = [Ping(server.overlay, 0.25, 0.012) for cloud in plan.clouds for server in cloud.servers]
    look = Look(plan, state, pings, {"InNoStates": 3}, world.NOW, 2.5)
    text = exposition(measure(look, advance({}, watched(look), look.time)))
    lines = [line.removeprefix("mgre_dmvpn_").rpartition(" ") for line in text.splitlines() if line[0] != "#"]
    return {series: float(value) for series, _blank, value in lines}


def test_a_router_in_perfect_health() -> None:
    told = values()
    assert told[f"nhs_registered{{{HUB}}}"] == told[f"sa_installed{{{HUB}}}"] == told[f"bfd_up{{{HUB}}}"] == 1
    assert told[f'neighbour_up{{{HUB},protocol="bgp"}}'] == 1
    assert told[f"nhs_loss_ratio{{{HUB}}}"] == 0.25
    assert told[f"nhs_rtt_seconds{{{HUB}}}"] == 0.012
    assert told[f"ike_sa_age_seconds{{{HUB}}}"] == 700
    assert told[f"esp_sa_age_seconds{{{HUB}}}"] == 90
    assert told[f"sa_change_timestamp_seconds{{{HUB}}}"] == world.NOW - 700
    assert told['xfrm_errors_total{site="spoke1",reason="InNoStates"}'] == 3
    assert told['daemon_running{site="spoke1",daemon="nhrpd"}'] == 1
    assert not [series for series in told if series.startswith(("section_unreadable", "spokes_registered"))]


def test_a_hub_counts_its_spokes_and_has_no_series_for_each() -> None:
    told = values(own=HUB1)
    assert told['spokes_registered{site="hub1",cloud="blue"}'] == 2
    assert told['neighbours_up{site="hub1",cloud="blue",protocol="bgp"}'] == 3
    assert not [series for series in told if "spoke" in series.partition("{")[2]]


def nhrpd_dead(state: State) -> None:
    state.nhrp = None
    state.daemons = {**(state.daemons or {}), "nhrpd": "dead"}


def unregistered(state: State) -> None:
    assert state.nhrp and state.nhrp.cache
    state.nhrp.cache = [entry for entry in state.nhrp.cache if entry.overlay != str(HUB1.overlay)]


def no_child(state: State) -> None:
    for sa in state.sas or []:
        sa.children = []


def bgp_idle(state: State) -> None:
    for peer in state.bgp or []:
        peer.state = "Active"


def guard_gone(state: State) -> None:
    assert state.guard
    state.guard.present = False


def unit_failed(state: State) -> None:
    assert state.services
    state.services["strongswan.service"].active = "failed"


@pytest.mark.parametrize(
    ("change", "series"),
    [
        (nhrpd_dead, f"nhs_registered{{{HUB}}}"),
        (nhrpd_dead, 'daemon_running{site="spoke1",daemon="nhrpd"}'),
        (unregistered, f"nhs_registered{{{HUB}}}"),
        (no_child, f"sa_installed{{{HUB}}}"),
        (bgp_idle, f'neighbour_up{{{HUB},protocol="bgp"}}'),
        (guard_gone, 'guard_present{site="spoke1"}'),
        (unit_failed, 'service_active{site="spoke1",unit="strongswan.service"}'),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_what_breaks_moves_its_metric(change: Callable[[State], object], series: str) -> None:
    assert values()[series] == 1
    assert values(change)[series] == 0


def test_what_is_not_known_is_no_zero() -> None:
    def hung(state: State) -> None:
        state.sas = None
        state.unreadable["sas"] = "charon did not answer in 15 s"

    told = values(hung)
    assert told['section_unreadable{site="spoke1",section="sas"}'] == 1
    assert f"sa_installed{{{HUB}}}" not in told and 'sas{site="spoke1",kind="ike"}' not in told


def test_an_ios_router_tells_itself_whether_a_server_responds() -> None:
    """There are no units and no daemons to ask, and a CA's certificate has its trustpoint's name."""
    device = world.device(SPOKE1)
    member = replace(device.memberships[0], platform="ios")
    state = world.state(device)
    device = replace(device, platform="ios", memberships=(member,))
    assert state.nhrp and state.nhrp.cache
    for entry in state.nhrp.cache:
        entry.interface = "Tunnel10"
    state.nhrp.nhs = [Nhs("Tunnel10", str(HUB1.overlay), None, responding=False)]
    state.certificates = [
        Certificate("mgre-dmvpn", None, world.NOW, authority) for authority in (False, True)
    ]
    state.services = state.daemons = None
    plan = health_plan(device)
    look = Look(plan, state, [], None, world.NOW, 2.5)
    told = {
        (s.name, *s.labels.values()): s.value for s in measure(look, advance({}, watched(look), look.time))
    }
    assert (plan.units, plan.daemons, plan.clouds[0].interface) == ((), (), "Tunnel10")
    assert told["nhs_registered", "spoke1", "blue", "hub1"] == 0
    assert told["nhs_registered", "spoke1", "blue", "hub2"] == 1
    name = "certificate_not_after_timestamp_seconds"
    assert {key[2] for key in told if key[0] == name} == {"mgre-dmvpn", "mgre-dmvpn (CA)"}


def test_a_label_may_hold_anything() -> None:
    text = exposition([sample("section_unreadable", 1, site="a", section='b"\\c\nd')])
    assert text.splitlines()[2] == r'mgre_dmvpn_section_unreadable{site="a",section="b\"\\c\nd"} 1.0'
    with pytest.raises(ValueError, match="has the labels section, site"):
        sample("section_unreadable", 1, site="a")


def test_the_reference_page_is_up_to_date() -> None:
    committed = Path(__file__).resolve().parents[3] / "docs" / "reference" / "metrics.md"
    assert committed.read_text(encoding="utf-8") == page(), "run tools/metrics_reference.py"
