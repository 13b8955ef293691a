# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plan, refusals, verdicts and report of a failover check, from an inventory and times that are given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.clock import Clock, Reading
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.faults import FAULTS
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.judge import FlowReport, Window, judge_flow
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.look import Look
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.plan import (
    Flow,
    Plan,
    flows,
    make_plan,
    participants,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.refuse import about_fleet, about_request
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.report import (
    Report,
    as_json,
    console,
    junit,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.findings import Finding
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.models import ObjectivesInput
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.report import HostReport
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.result import Result

ASKED = {
    "fault": "hub_wan", "target": "hub1", "transport": "", "window": "CHG1234", "sites": [], "duration": 20,
    "warmup": 5, "settle": 10, "loss": 30, "mtu": 0,
}  # fmt: skip
OBJECTIVES: dict[str, int] = ObjectivesInput().model_dump()
WINDOW = Window(5.0, 25.0, 0.0)
STILL = Clock([Reading(0.0, 0.0, 0.0)])


def cloud(name: str, number: int, hubs: list[str], spokes: str) -> dict[str, object]:
    return {
        "name": name, "number": number, "prefix": f"10.25{number // 10}.0.0/24", "transport": name,
        "hubs": hubs, "spokes": spokes, "routing": {"summaries": ["10.0.0.0/9"]},
    }  # fmt: skip


def site(number: int, *transports: str, **more: object) -> dict[str, object]:
    wans = {
        name: {"interface": f"wan{place}", "address": f"198.51.{100 + place}.{number}"}
        for place, name in enumerate(transports, 1)
    }
    return {"dmvpn_site": number, "dmvpn_lans": [f"10.{number}.0.0/24"], "dmvpn_transports": wans, **more}


def fleet() -> dict[str, Device]:
    """Two hubs on two transports, two spokes on both, six on one, one of them IOS."""
    clouds = [cloud("blue", 10, ["hub1", "hub2"], "all_spokes"), cloud("green", 20, ["hub1", "hub2"], "both")]
    hosts: dict[str, dict[str, object]] = {
        "hub1": site(1, "blue", "green"),
        "hub2": site(2, "blue", "green"),
        "spoke1": site(11, "blue", "green"),
        "spoke2": site(12, "blue", "green"),
        **{f"spoke{n}": site(10 + n, "blue") for n in range(3, 8)},
        "cisco": site(30, "blue", dmvpn_platform="ios")
        | {"dmvpn_transports": {"blue": {"interface": "GigabitEthernet1", "address": "198.51.101.30"}}},
    }
    spokes = [name for name in hosts if not name.startswith("hub")]
    groups = {"all": list(hosts), "all_spokes": spokes, "both": ["spoke1", "spoke2"]}
    held: Mapping[str, Mapping[str, object]] = {h: {"dmvpn_clouds": clouds, **v} for h, v in hosts.items()}
    return load_fleet(held, groups).devices


DEVICES = fleet()
ADDRESSES: dict[str, str | None] = {name: f"10.{device.site}.0.1" for name, device in DEVICES.items()}


def planned(**more: object) -> Plan:
    given = {**ASKED, **more}
    target, fault = DEVICES[str(given["target"])], FAULTS[str(given["fault"])]
    plan = make_plan(DEVICES, target, given, OBJECTIVES)
    chosen = participants(DEVICES, target, fault, given["sites"])  # type: ignore[arg-type]
    plan.flows, plan.notes = flows(DEVICES, chosen, ADDRESSES, target, fault, plan.wans)
    return plan


def exempt(plan: Plan) -> dict[str, str]:
    return {flow.name: flow.exempt for flow in plan.flows}


def test_hubs_and_some_spokes_take_part_unless_others_are_named() -> None:
    assert {f.source for f in planned().flows} | {f.target for f in planned().flows} == {
        "hub1", "hub2", "spoke1", "spoke2", "spoke3", "spoke4",
    }  # fmt: skip
    assert exempt(planned(sites=["spoke7"])) == {"spoke7 > hub1": "hub1 has no other WAN to spoke7"}


def test_a_flow_is_judged_only_if_some_design_could_save_it() -> None:
    cut = exempt(planned(transport="blue"))
    assert cut["spoke1 > hub1"] == ""  # green still joins them
    assert cut["spoke3 > hub1"] == "hub1 has no other WAN to spoke3"
    assert cut["spoke3 > spoke4"] == cut["spoke3 > hub2"] == ""
    dead = exempt(planned(fault="hub_router"))
    assert dead["spoke1 > hub1"] == "hub1 is what is broken"
    lost = exempt(planned(fault="spoke_wan", target="spoke1"))
    assert lost["spoke1 > hub1"] == "" and lost["spoke1 > spoke3"] == "spoke1 has no other WAN to spoke3"
    assert set(exempt(planned(fault="charon")).values()) == {""}


def test_the_fault_hits_the_wan_that_is_meant_and_its_tunnels() -> None:
    assert (planned().wans, planned().tunnels) == (["wan1"], ["dmvpn10"])
    green = planned(transport="green")
    assert (green.wans, green.tunnels) == (["wan2"], ["dmvpn20"])
    assert planned(fault="hub_router").wans == ["wan1", "wan2"]
    assert planned(fault="bgpd").wans == []


def test_an_ios_router_is_asked_and_does_not_ask() -> None:
    plan = planned(sites=["cisco", "hub2"], target="hub1")
    assert "cisco > hub2" not in exempt(plan)
    assert {(f.source, f.target) for f in plan.flows} >= {("hub2", "cisco"), ("hub1", "cisco")}


def test_an_ios_router_s_wan_is_shut_down() -> None:
    plan = planned(target="cisco", fault="spoke_wan", sites=["hub1"])
    assert (plan.wans, plan.tunnels) == (["GigabitEthernet1"], ["Tunnel10"])
    assert plan.says == "WAN GigabitEthernet1 is shut down"
    assert exempt(plan) == {"hub1 > cisco": "cisco has no other WAN to hub1"}


def test_without_a_linux_router_nothing_can_be_measured() -> None:
    target, fault = DEVICES["cisco"], FAULTS["spoke_wan"]
    other = replace(target, name="cisco2")
    devices = {"cisco": target, "cisco2": other}
    addresses: dict[str, str | None] = {"cisco": "10.30.0.1", "cisco2": "10.31.0.1"}
    plan = make_plan(devices, target, {**ASKED, "target": "cisco", "fault": "spoke_wan"}, OBJECTIVES)
    plan.flows, plan.notes = flows(devices, list(devices), addresses, target, fault, plan.wans)
    assert plan.notes == ["cisco and cisco2 are both IOS routers: nothing can be sent between them"]
    (found,) = about_fleet(plan, [], {"cisco": Look()})
    assert str(found) == (
        "fleet: failover_sites: leaves no flow to measure; name two sites at least, one of them a Linux "
        "router: IOS routers cannot send probes"
    )


def test_a_shrunk_mtu_is_probed_with_full_packets_too_which_nothing_can_save() -> None:
    plan = planned(fault="mtu", sites=["spoke3"])
    small, full = plan.flows
    assert (small.size, small.exempt) == (84, "")
    assert full.size == 1400 and full.exempt.startswith("packets of full size")
    assert plan.mtu == 1300


def test_a_router_without_lan_address_is_left_out_and_named() -> None:
    target, fault = DEVICES["hub1"], FAULTS["hub_wan"]
    found, notes = flows(DEVICES, ["hub2", "spoke3"], {**ADDRESSES, "spoke3": None}, target, fault, ["wan1"])
    assert found == [] and notes == ["spoke3 is at no end of a flow: it has no LAN address that is up"]


def test_a_fault_lasts_longer_than_its_objective_allows() -> None:
    assert planned(duration=0).duration == 25
    assert planned(duration=0, fault="brownout").duration == 15


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"window": " "}, "fleet: failover_window: is missing: something is going to be broken on purpose; "
         "name the change window that this happens in, -e failover_window=CHG1234"),
        ({"fault": "hub_lan"}, "fleet: failover_fault: 'hub_lan' is no fault; did you mean 'hub_wan'?"),
        ({"target": "hub3"}, "fleet: failover_target: 'hub3' is no router of the fleet; "
         "did you mean 'hub2'?"),
        ({"target": "spoke1"}, "spoke1: failover_target: is no hub in any cloud, and hub_wan breaks a hub; "
         "name a hub"),
        ({"target": "cisco", "fault": "charon"}, "cisco: failover_target: is an IOS router, where charon "
         "cannot be made: IOS has no daemons that could be killed one by one; choose one of hub_wan, "
         "hub_router, spoke_wan, or a Linux router"),
        ({"target": "cisco", "fault": "nhrpd"}, "cisco: failover_target: is an IOS router, where nhrpd "
         "cannot be made: IOS has no daemons that could be killed one by one; choose one of hub_wan, "
         "hub_router, spoke_wan, or a Linux router"),
        ({"target": "cisco", "fault": "brownout"}, "cisco: failover_target: is an IOS router, where brownout "
         "cannot be made: IOS has no command that loses packets at random; choose one of hub_wan, "
         "hub_router, spoke_wan, or a Linux router"),
        ({"target": "cisco", "fault": "mtu"}, "cisco: failover_target: is an IOS router, where mtu cannot be "
         "made: IOS drops packets by their size in a service-policy only, and a WAN may have its own; "
         "choose one of hub_wan, hub_router, spoke_wan, or a Linux router"),
        ({"target": "cisco"}, "cisco: failover_target: is no hub in any cloud, and hub_wan breaks a hub; "
         "name a hub"),
        ({"transport": "red"}, "hub1: failover_transport: 'red' carries no cloud here; write one of "
         "blue, green"),
        ({"fault": "bgpd", "transport": "blue"}, "hub1: failover_transport: bgpd breaks no "
         "WAN; leave it out"),
        ({"duration": 601}, "fleet: failover_duration: 601 is out of range; write a number from 0 to 600"),
        ({"sites": ["spoke33"]}, "fleet: failover_sites: 'spoke33' is no router; did you mean 'spoke3'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(given: dict[str, Any], said: str) -> None:
    assert [str(finding) for finding in about_request(DEVICES, {**ASKED, **given})] == [said]


def test_nothing_speaks_against_what_is_right() -> None:
    assert list(about_request(DEVICES, ASKED)) == []
    assert list(about_request(DEVICES, {**ASKED, "window": ""}, check=True)) == []


GREEN = Result("hub1", "sa", 3, "blue: hub2", "pass", "", "")
FOUND = Finding("hub1", "fault", "mtu is armed", "wait")
RED = Result("spoke1", "sa", 3, "blue: hub1", "fail", "an SA", "none", root=True, cause="psk: wrong PSK")


@pytest.mark.parametrize(
    ("reports", "look", "said"),
    [
        ([HostReport("hub1", results=[GREEN])], Look(management=["mgmt0"]), []),
        ([HostReport("hub1", results=[GREEN])], Look(), []),
        ([HostReport("spoke1", results=[RED])], Look(),
         ["spoke1: sa (blue: hub1): is not green to begin with: wrong PSK; "]),
        ([HostReport("spoke2", error="unreachable")], Look(),
         ["spoke2: verify: is not green to begin with: unreachable; "]),
        ([HostReport("hub1")], Look(), ["hub1: verify: is not green to begin with: "]),
        ([], Look(against=[FOUND]), ["hub1: fault: mtu is armed; wait"]),
        ([], Look(unable=[FOUND]), ["hub1: fault: mtu is armed; wait"]),
        ([], Look(management=["wan1"]), ["hub1: management: Ansible reaches this router by wan1, which "]),
        ([], Look(management=["dmvpn10", "lan1"]),
         ["hub1: management: Ansible reaches this router by dmvpn10"]),
        ([], Look(down=["wan1", "wan7"]), ["hub1: failover_fault: wan1 is shut down already; start it"]),
        ([], Look(down=["wan2"]), []),
        ([], None, ["hub1: failover_target: could not be looked at; "]),
    ],
)  # fmt: skip
def test_what_speaks_against_it_on_the_routers(
    reports: list[HostReport], look: Look | None, said: list[str]
) -> None:
    looks = {} if look is None else {"hub1": look}
    found = [str(finding) for finding in about_fleet(planned(), reports, looks)]
    assert len(found) == len(said) and all(map(str.startswith, found, said)), found


def test_what_another_router_lacks_for_a_fault_is_no_matter() -> None:
    looks = {"hub1": Look(), "spoke1": Look(unable=[FOUND], down=["wan1"], management=["wan1"])}
    assert list(about_fleet(planned(), [], looks)) == []
    looks["spoke1"].against.append(FOUND)
    assert list(about_fleet(planned(), [], looks)) == [FOUND]


def test_a_fault_that_no_flow_can_survive_is_not_made() -> None:
    plan = planned(fault="spoke_wan", target="spoke3", sites=["hub1", "hub2"])
    plan.flows = [flow for flow in plan.flows if flow.source == "spoke3"]
    (found,) = about_fleet(plan, [], {"spoke3": Look(management=["mgmt0"])})
    assert str(found).startswith(
        "spoke3: failover_target: takes every flow with it (spoke3 has no other WAN to hub1): nothing could"
    )


def seen(*dead: tuple[float, float], rate: int = 25, **paths: object) -> dict[str, Any]:
    times = [number / rate for number in range(40 * rate)]
    answered = [None if any(a <= t < b for a, b in dead) else t + 0.01 for t in times]
    return {"sent": times, "answered": answered, "paths": paths.get("paths", [(0.0, "dmvpn10", "")])}


def judged(*dead: tuple[float, float], rate: int = 25, exempt: str = "", **plan: object) -> FlowReport:
    flow = Flow("spoke3 > spoke4", "spoke3", "spoke4", "10.13.0.1", "10.14.0.1", exempt=exempt)
    return judge_flow(planned(**plan), flow, seen(*dead, rate=rate), STILL, WINDOW)


@pytest.mark.parametrize(
    ("dead", "how", "verdict", "says"),
    [
        ([], {}, "met", "unaffected"),
        ([(6.0, 8.0)], {}, "met", "failed over in 2000 ms"),
        ([(6.0, 22.0)], {}, "MISSED", "failed over in 16000 ms"),
        ([(6.0, 27.0)], {}, "MISSED", "cut off, back 2000 ms after"),
        ([(6.0, 99.0)], {"exempt": "so it is"}, "not judged", "cut off, did not come back"),
        ([(26.0, 28.0)], {}, "met", "unaffected; hit on restore for 2000 ms"),
        ([(26.0, 30.0)], {}, "MISSED", "unaffected; hit on restore for 4000 ms"),
        ([(0.0, 99.0)], {}, "NOT MEASURED", "not measured"),
        ([(6.0, 8.0), (9.5, 10.0)], {"fault": "brownout"}, "met", "lossy, silent for 2040 ms at most"),
        ([(6.0, 9.5)], {"fault": "brownout"}, "MISSED", "lossy, silent for 3560 ms at most"),
        # 15 s are allowed: an outage of 14 s may have been one of 16 s where a packet left every 2 s.
        ([(6.0, 20.0)], {"rate": 0.5}, "NOT MEASURED", "failed over in 14000 ms"),
    ],
)  # fmt: skip
def test_the_objective_decides(
    dead: list[tuple[float, float]], how: dict[str, Any], verdict: str, says: str
) -> None:
    if how.get("rate"):
        flow = Flow("spoke3 > spoke4", "spoke3", "spoke4", "10.13.0.1", "10.14.0.1")
        times = [float(2 * number) for number in range(20)]
        slow = {"sent": times, "answered": [None if 6 <= t < 20 else t for t in times], "paths": []}
        report = judge_flow(planned(), flow, slow, STILL, WINDOW)
    else:
        report = judged(*dead, **how)
    assert (report.verdict, report.says) == (verdict, says), report


def test_without_probes_nothing_is_measured() -> None:
    flow = Flow("spoke3 > spoke4", "spoke3", "spoke4", "10.13.0.1", "10.14.0.1")
    assert judge_flow(planned(), flow, None, None, WINDOW).verdict == "NOT MEASURED"


@pytest.mark.parametrize(
    ("interface", "hop", "target", "words"),
    [
        ("dmvpn10", "", "spoke4", "shortcut to spoke4 (blue)"),
        ("dmvpn10", "10.251.0.14", "spoke4", "shortcut to spoke4 (blue)"),
        ("dmvpn10", "10.251.0.1", "spoke4", "by hub1 (blue)"),
        ("dmvpn10", "10.251.0.1", "hub1", "straight to hub1 (blue)"),
        ("wan1", "198.51.101.1", "spoke4", "wan1, NO TUNNEL"),
        ("", "", "spoke4", "no route"),
    ],
)
def test_paths_are_told_in_words(interface: str, hop: str, target: str, words: str) -> None:
    flow = Flow(f"spoke3 > {target}", "spoke3", target, "10.13.0.1", "10.99.0.1")
    report = judge_flow(planned(), flow, seen(paths=[(0.0, interface, hop)]), STILL, WINDOW)
    assert (report.before, report.during, report.after) == ([words], [words], [words])


def test_paths_belong_to_the_part_in_which_they_began() -> None:
    flow = Flow("spoke3 > spoke4", "spoke3", "spoke4", "10.13.0.1", "10.14.0.1")
    moves = [(0.0, "dmvpn10", "10.251.0.1"), (8.0, "dmvpn10", "10.251.0.2"), (30.0, "dmvpn10", "10.251.0.1")]
    report = judge_flow(planned(), flow, seen(paths=moves), STILL, WINDOW)
    assert report.before == ["by hub1 (blue)"]
    assert report.during == ["by hub1 (blue)", "by hub2 (blue)"]
    assert report.after == ["by hub2 (blue)", "by hub1 (blue)"]


def whole(*reports: FlowReport) -> Report:
    plan = planned()
    return Report(plan, list(reports), 20.0, 0.05)


def test_a_report_reads_like_a_colleague_s() -> None:
    report = whole(judged((6.0, 8.0)), judged((6.0, 22.0)))
    text = console(report).splitlines()
    assert text[0] == "hub_wan on hub1, CHG1234: WAN wan1 is cut. It lasted 20.0 s."
    assert re.split(r" {2,}", text[3]) == [
        *("spoke3 > spoke4", "failed over in 2000 ms", "50/1000"),
        *("shortcut to spoke4 (blue)", "same", "same"),
        "hub_loss met",
    ]
    assert text[-1] == (
        "RED: 1 of 2 flows within the objective, the longest outage was 16000 ms, "
        "hub_loss allows 15000 ms, restore 3000 ms"
    )
    assert "  got:      an outage of 16000 ms" in text
    suite = ElementTree.fromstring(junit(report))[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [flow["outage_ms"] for flow in as_json(report)["flows"]] == [2000, 16000]


def test_only_what_was_measured_and_met_is_green() -> None:
    assert whole(judged()).verdict == "green"
    assert whole().verdict == "NOT PROVEN"
    assert whole(judged(), judged((0.0, 99.0))).verdict == "NOT PROVEN"
    assert whole(judged(exempt="so it is")).verdict == "NOT PROVEN"
    late = whole(judged())
    late.trouble.append(("spoke3: sa: not green any more", "why"))
    assert late.verdict == "RED"
