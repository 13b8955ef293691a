# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How often a router is asked: a Linux router is read and measured in one module, if there is sense in it."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.action import adjacency, prove
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import hub_paths
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import Probe, Target
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import State
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.dump import parse_device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.plan import path_arguments, probe_targets
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.store import load
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import judge, parse_state
from ansible_collections.mgre.dmvpn.tests.unit.judge import world

Spoil = Callable[[State], object]
RECORDED = sorted((Path(__file__).parent / "data").glob("*.json"))


def no_sas(found: State) -> None:
    found.sas = []


def rekeying(found: State) -> None:
    for sa in found.sas or []:
        sa.children[0].state = "REKEYING"


def bgp_down(found: State) -> None:
    assert found.bgp
    found.bgp[0].state = "Active"


def not_registered(found: State) -> None:
    assert found.nhrp
    found.nhrp.cache = []
    for neighbour in found.bgp or []:
        neighbour.state = "Connect"


def no_guard(found: State) -> None:
    assert found.guard
    found.guard.present = False


def nhrp_unreadable(found: State) -> None:
    found.nhrp, found.unreadable["nhrp"] = None, "vtysh did not answer"


class Router:
    """Answers to our modules as a router does, and remembers which were run on it."""

    def __init__(self, device: Device, *spoils: Spoil) -> None:
        self.device = device
        self.state = world.state(device)
        for spoil in spoils:
            spoil(self.state)
        self.ran: list[str] = []
        self.asked: list[dict[str, Any]] = []

    def run(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.ran.append(name)
        self.asked.append(arguments)
        if name == "path_mtu":
            return {"probes": [self.answered(Target(**t)).to_dict() for t in arguments["targets"]]}
        if self.device.platform == "ios":
            return {"state": self.state.to_dict()}
        paths = hub_paths.measure(
            self.state,
            [Target(**path) for path in arguments.get("paths", [])],
            self.device.lans,
            if_up=arguments.get("paths_if_up", False),
        )
        told = None if paths is None else [probe.to_dict() for probe in paths]
        return {"state": self.state.to_dict(), "probes": [], "paths": told, "spent": 0.0}

    @staticmethod
    def answered(target: Target) -> Probe:
        return Probe(target.address, target.source, target.size, target.size, 4.2, 0.0)


@pytest.fixture(autouse=True)
def _packets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packets that are all answered, the time of the router, and no waiting."""
    monkeypatch.setattr(adjacency, "time", clock(lambda: world.NOW))
    monkeypatch.setattr(hub_paths, "probe_all", lambda targets, *limits: [*map(Router.answered, targets)])
    monkeypatch.setattr(prove, "PAUSE", 0.0)


def clock(now: Callable[[], float]) -> Any:
    return SimpleNamespace(time=now, monotonic=time.monotonic, sleep=lambda seconds: None)


def action(kind: Any, router: Router, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = object.__new__(kind)
    made.host, made.variables, made.ios = router.device.name, {}, False
    monkeypatch.setattr(made, "router_side", router.run, raising=False)
    return made


def judged(router: Router, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Any:
    return action(adjacency.ActionModule, router, monkeypatch).judged(router.device, 0, folder)[1]


@pytest.mark.parametrize("peer", [world.SPOKE1, world.HUB1], ids=lambda peer: peer.name)
def test_a_green_router_is_asked_once(peer: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    router = Router(world.device(peer))
    assert judged(router, monkeypatch, tmp_path).green
    assert router.ran == ["state_info"]
    document = json.loads((tmp_path / f"{peer.name}.json").read_text())
    assert document["probes"] == [probe.to_dict() for probe in world.probes(router.device)]
    assert load(tmp_path, peer.name).verdict == "green"


def test_an_sa_that_is_being_rekeyed_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    router = Router(world.device(world.SPOKE1), rekeying)
    assert judged(router, monkeypatch, tmp_path).green and router.ran == ["state_info"]


@pytest.mark.parametrize("spoil", [no_sas, bgp_down, not_registered])
def test_packets_wait_for_the_last_look_while_no_way_is_up(
    spoil: Spoil, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    router = Router(world.device(world.SPOKE1), spoil)
    answers = []
    run = router.run
    monkeypatch.setattr(router, "run", lambda *asked: answers.append(run(*asked)) or answers[-1])
    found = judged(router, monkeypatch, tmp_path)
    assert router.ran == ["state_info", "state_info"] and not found.green
    assert answers[0]["paths"] is None and len(answers[1]["paths"]) == 4
    # As if it had been asked twice.
    router.state.host.ahead = 0.0
    earlier = router.state
    assert (
        found.to_list() == judge(router.device, router.state, world.probes(router.device), earlier).to_list()
    )


def test_packets_beside_another_fault_do_not_count_before_the_last_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    router = Router(world.device(world.SPOKE1), no_guard)
    made = action(adjacency.ActionModule, router, monkeypatch)
    assert made.look(router.device, None, last=False)[0].probes == []
    assert len(made.look(router.device, None, last=True)[0].probes) == 4
    assert router.ran == ["state_info", "state_info"]


def test_a_router_of_which_too_little_is_known_is_measured_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    router = Router(world.device(world.SPOKE1), nhrp_unreadable)
    sight, judgement = action(adjacency.ActionModule, router, monkeypatch).look(
        router.device, None, last=False
    )
    assert router.ran == ["state_info", "path_mtu"] and len(sight.probes) == 4
    assert not judgement.green and all(r.outcome != "fail" for r in judgement.results)


def test_an_ios_router_tells_its_lan_address_first(monkeypatch: pytest.MonkeyPatch) -> None:
    router = Router(world.device(world.SPOKE1))
    router.device = replace(router.device, platform="ios")
    made = action(adjacency.ActionModule, router, monkeypatch)
    monkeypatch.setattr(made, "controller_side", router.run)
    made.look(router.device, None, last=True)
    assert router.ran == ["state_info", "path_mtu"]
    assert not {"paths", "lans", "paths_if_up"} & router.asked[0].keys()


def test_a_proof_takes_one_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    router = Router(world.device(world.SPOKE1))
    made = action(prove.ActionModule, router, monkeypatch)
    made.given = {"reached": [["blue", "hub1"]], "wait": 60, "seconds": 300}
    assert made.proven(router.device) == prove.Proof()
    assert router.ran == ["state_info"]


def test_a_proof_that_fails_sends_its_packets_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    router = Router(world.device(world.SPOKE1), no_sas)
    made = action(prove.ActionModule, router, monkeypatch)
    made.given = {"reached": [["blue", "hub1"]], "wait": 0, "seconds": 300}
    ticks = itertools.count()
    passing = SimpleNamespace(monotonic=lambda: float(next(ticks)), sleep=lambda seconds: None)
    monkeypatch.setattr(prove, "time", passing)
    assert made.proven(router.device).missing
    assert set(router.ran) == {"state_info"}
    assert [asked["paths_if_up"] for asked in router.asked][-1] is False


def test_the_clock_is_judged_without_the_time_that_packets_took(monkeypatch: pytest.MonkeyPatch) -> None:
    router = Router(world.device(world.SPOKE1))
    made = action(adjacency.ActionModule, router, monkeypatch)
    times = iter((world.NOW - 300.0, world.NOW - 260.0))
    monkeypatch.setattr(adjacency, "time", clock(lambda: next(times)))
    monkeypatch.setattr(made, "router_side", lambda *asked: router.run(*asked) | {"spent": 35.0})
    assert made.asked({})["state"]["host"]["ahead"] == 295.0


@pytest.mark.parametrize("peer", [world.SPOKE1, world.HUB1, world.HUB2], ids=lambda peer: peer.name)
def test_the_router_measures_what_the_controller_would(peer: Any) -> None:
    device = world.device(peer)
    sent = path_arguments(device, if_up=True)
    found = hub_paths.measure(
        world.state(device), [Target(**path) for path in sent["paths"]], device.lans, if_up=True
    )
    assert found is not None and sent["lans"] == [str(lan) for lan in device.lans]
    wanted = probe_targets(device, world.state(device))
    assert [{"address": p.address, "size": p.size, "source": p.source} for p in found] == wanted


def test_without_an_address_in_its_lan_only_the_overlay_is_measured() -> None:
    device, state = world.device(world.SPOKE1), world.state(world.device(world.SPOKE1))
    for interface in state.interfaces or []:
        interface.up = interface.name != "lan1"
    sent = [Target("10.255.0.1", 1400, "10.255.0.11")]
    assert hub_paths.measure(state, sent, device.lans, if_up=True) == [Router.answered(sent[0])]
    assert hub_paths.lan_address(state, device.lans) is None


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_no_packet_is_sent_to_a_hub_whose_sa_registration_or_neighbour_fails(path: Path) -> None:
    """By what real routers told."""
    for told in json.loads(path.read_text(encoding="utf-8")).values():
        device = parse_device(told["device"])
        for seen in (told["earlier"], told["state"]):
            state = parse_state(seen)
            failed = {
                peer
                for result in judge(device, state, []).results
                if result.outcome == "fail" and result.check in ("sa", "registration", "neighbour")
                for peer in result.peers
            }
            hubs = {hub.name: str(hub.overlay) for member in device.memberships for hub in member.hubs}
            assert not [
                name for name, overlay in hubs.items() if hub_paths.is_up(state, overlay) and name in failed
            ]
