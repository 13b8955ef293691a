# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fleet's report: one paragraph per thing to repair, and nothing is green that was not proven."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import Probe
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import State
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Peer
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge import store
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.present import as_json, console, green, junit
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.report import (
    HostReport,
    fold,
    not_reached,
    rows,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.sight import Sight
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import judge
from ansible_collections.mgre.dmvpn.tests.unit.judge import test_causes as broken
from ansible_collections.mgre.dmvpn.tests.unit.judge import world
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import HUB1, HUB2, SPOKE1, SPOKE2

FLEET = (HUB1, HUB2, SPOKE1, SPOKE2)


def sight(own: Peer, change: broken.Break | None = None) -> Sight:
    device = world.device(own)
    state, probes = world.state(device), world.probes(device)
    if change:
        change(state, probes)
    return Sight(device, state, probes)


def report(own: Peer, change: broken.Break | None = None) -> HostReport:
    seen = sight(own, change)
    judgement = judge(seen.device, seen.state, seen.probes)
    return HostReport(own.name, rows(seen, judgement), judgement.results)


def fleet(**changes: broken.Break) -> list[HostReport]:
    return [report(own, changes.get(own.name)) for own in FLEET]


def losing(*peers: Peer, layers: str) -> broken.Break:
    def change(state: State, probes: list[Probe]) -> None:
        for peer in peers:
            broken.without(peer, state, layers)
            broken.silence(peer, probes)

    return change


def told(reports: list[HostReport]) -> list[tuple[str, str]]:
    return [(root.host, (root.cause or "").partition(":")[0]) for root in fold(reports)]


def test_healthy_fleet_is_green_with_a_row_each() -> None:
    reports = fleet()
    assert green(reports) and told(reports) == []
    lines = console(reports).splitlines()
    assert lines[0].split()[:3] == ["site", "cloud", "role"]
    assert " ".join(lines[1].split()) == "hub1 blue hub 3/3 3/3 AES_GCM_16-256 3/3 3/3 1400 4.2 green"
    assert " ".join(lines[3].split()) == "spoke1 blue spoke 2/2 2/2 AES_GCM_16-256 2/2 2/2 1400 4.2 green"
    assert lines[-1] == "4 routers: 4 green"


def test_dead_nhrpd_of_a_spoke_is_told_once() -> None:
    lost = losing(SPOKE1, layers="NBR")
    reports = fleet(spoke1=broken.nhrpd_dead, hub1=lost, hub2=lost)
    assert told(reports) == [("spoke1", "daemon_dead")]
    assert not green(reports)


def test_wrong_key_at_a_hub_is_told_at_the_hub() -> None:
    def wrong(state: State, probes: list[Probe]) -> None:
        broken.own_key(state, probes)
        losing(HUB2, SPOKE1, SPOKE2, layers="NBR")(state, probes)

    reports = fleet(hub1=wrong, hub2=broken.their_key, spoke1=broken.their_key, spoke2=broken.their_key)
    assert told(reports) == [("hub1", "gre_key")]


def test_shut_neighbour_is_told_by_the_spoke_not_by_the_hub() -> None:
    reports = fleet(spoke1=broken.shut_here, hub1=losing(SPOKE1, layers="B"))
    assert told(reports) == [("spoke1", "neighbour_shut_here")]


def test_unreachable_router_is_red_and_its_peers_do_not_repeat_it() -> None:
    lost = losing(SPOKE1, layers="SNBR")
    reports = [
        report(HUB1, lost),
        report(HUB2, lost),
        not_reached("spoke1", "no route to host"),
        report(SPOKE2),
    ]
    assert told(reports) == []
    assert not green(reports)
    assert "spoke1: not judged" in console(reports) and "no route to host" in console(reports)


def test_two_faults_are_two_paragraphs() -> None:
    reports = fleet(spoke1=broken.no_guard, spoke2=broken.small_path)
    assert told(reports) == [("spoke1", "guard_missing"), ("spoke2", "path_mtu_small")]
    text = console(reports)
    for part in ("expected:", "got:", "cause:", "remedy:", "1238"):
        assert part in text


def test_no_router_is_not_green() -> None:
    assert not green([])
    assert not green([HostReport("hub1")])


def test_junit_has_a_case_per_result_and_counts_them() -> None:
    reports = [report(SPOKE1, broken.shut_here), not_reached("hub1", "unreachable & silent")]
    suites = list(ElementTree.fromstring(junit(reports)))
    assert [s.get("name") for s in suites] == ["spoke1", "hub1"]
    assert int(suites[0].get("tests", "0")) == len(list(suites[0])) == len(reports[0].results)
    assert int(suites[0].get("failures", "0")) == len(suites[0].findall("testcase/failure")) > 0
    assert suites[1].get("errors") == "1"
    assert suites[1].find("testcase/error").get("message") == "unreachable & silent"  # type: ignore[union-attr]


def test_json_names_the_causes() -> None:
    document = json.loads(json.dumps(as_json(fleet(spoke1=broken.shut_here))))
    assert document["verdict"] == "red"
    assert document["routers"]["RED"] == 1
    assert document["causes"][0]["cause"] == "neighbour_shut_here"


def test_report_survives_the_disk_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    seen = sight(SPOKE1, broken.small_path)
    written = report(SPOKE1, broken.small_path)
    store.save(tmp_path, written, seen)
    assert store.load(tmp_path, "spoke1") == written
    assert store.path_of(tmp_path, "spoke1").stat().st_mode & 0o777 == 0o600


def test_report_of_an_earlier_run_does_not_count(tmp_path: Path) -> None:
    store.save(tmp_path, report(SPOKE1), sight(SPOKE1))
    store.forget(tmp_path, ["spoke1", "never-written"])
    assert store.load(tmp_path, "spoke1").verdict == "NOT JUDGED"


def test_damaged_report_is_not_green(tmp_path: Path) -> None:
    store.path_of(tmp_path, "hub1").write_text('{"host": "hub1", "rows": 7}')
    assert "cannot be read" in (store.load(tmp_path, "hub1").error or "")


def test_hub_with_thousands_of_spokes_names_a_few_and_counts_all() -> None:
    base = IPv4Address("10.255.0.20")
    device = world.device(HUB1)
    many = tuple(
        replace(SPOKE1, name=f"s{n}", overlay=base + n, nbma=IPv4Address("203.0.113.0") + n)
        for n in range(5000)
    )
    device = replace(device, memberships=(replace(device.memberships[0], spokes=many),))
    state = world.state(device)
    assert state.sas is not None
    state.sas = state.sas[:-20]
    started = time.monotonic()
    results = judge(device, state, world.probes(device)).results
    assert time.monotonic() - started < 5, "the time must grow with the number of spokes, not with its square"
    (result,) = [r for r in results if r.check == "sa" and r.subject == "blue: spokes"]
    assert (result.ok, result.total) == (4980, 5000)
    assert result.got.startswith("not 20 of 5000: s4980") and len(result.got) < 200
