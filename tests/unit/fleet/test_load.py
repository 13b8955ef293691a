# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an inventory means, once it is found to be right."""

from __future__ import annotations

import json
import pickle
import time
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.findings import FindingsError
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.dump import (
    ADAPTER,
    Dumper,
    dump_device,
    parse_device,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.generate import sample_inventory
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Bfd, Fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.secret_values import UNREAD


def fleet_of(sites: int = 5, hubs: int = 2, **cloud: Any) -> Fleet:
    """A generated fleet whose cloud has these values changed."""
    hostvars, groups = sample_inventory(sites, hubs)
    hostvars["hub1"]["dmvpn_clouds"][0].update(cloud)
    return load_fleet(hostvars, groups)


def test_overlay_address_is_host_number_site_and_can_be_overridden() -> None:
    hostvars, groups = sample_inventory(5)
    hostvars["spoke2"]["dmvpn_overlay"] = {"blue": "100.64.9.9"}
    fleet = load_fleet(hostvars, groups)
    assert fleet.devices["spoke1"].memberships[0].overlay == IPv4Address("100.64.0.3")
    assert fleet.devices["spoke2"].memberships[0].overlay == IPv4Address("100.64.9.9")
    assert fleet.devices["hub1"].memberships[0].spokes[1].overlay == IPv4Address("100.64.9.9")
    assert fleet.devices["spoke2"].identity == "O=mgre-dmvpn, OU=100.64.9.9, CN=spoke2"


def test_nbma_is_known_only_where_the_inventory_knows_it() -> None:
    hostvars, groups = sample_inventory(5)
    hostvars["hub2"]["dmvpn_transports"]["internet"] = {
        "interface": "wan1",
        "address": "dhcp",
        "public_address": "198.51.100.2",
    }
    devices = load_fleet(hostvars, groups).devices
    static, dhcp, nat, hub = (devices[name].transports[0] for name in ("spoke1", "spoke3", "spoke4", "hub2"))
    assert static.nbma == static.address and not static.nat
    assert (dhcp.address, dhcp.nbma, dhcp.nat) == (None, None, False)
    assert (nat.address, nat.nbma, nat.nat) == (IPv4Address("192.168.1.2"), None, True)
    assert (hub.address, hub.nbma, hub.nat) == (None, IPv4Address("198.51.100.2"), True)


def test_hubs_know_each_other_and_all_spokes_and_spokes_know_hubs_only() -> None:
    devices = fleet_of(sites=3).devices
    hub, spoke = devices["hub2"].memberships[0], devices["spoke1"].memberships[0]
    assert [peer.name for peer in hub.hubs] == ["hub1"]
    assert [peer.name for peer in hub.spokes] == ["spoke1", "spoke2", "spoke3"]
    assert {peer.name for peer in spoke.hubs} == {"hub1", "hub2"}
    assert spoke.spokes == ()


def test_peers_are_known_with_their_frr_version() -> None:
    hostvars, groups = sample_inventory(2)
    hostvars["spoke2"]["dmvpn_frr_version"] = "8.4"
    hub = load_fleet(hostvars, groups).devices["hub1"].memberships[0]
    assert [peer.frr_version for peer in hub.spokes] == [(10, 3), (8, 4)]


def test_balance_rotates_hubs_by_site_number_and_a_new_site_moves_nobody() -> None:
    few, many = fleet_of(sites=6, hubs=3, balance=True), fleet_of(sites=7, hubs=3, balance=True)
    order = {name: [hub.name for hub in d.memberships[0].hubs] for name, d in few.devices.items()}
    assert order["spoke1"] == ["hub2", "hub3", "hub1"]  # site 4
    assert order["spoke2"] == ["hub3", "hub1", "hub2"]
    assert order["spoke3"] == ["hub1", "hub2", "hub3"]
    assert order["hub2"] == ["hub1", "hub3"]
    later = {name: [hub.name for hub in d.memberships[0].hubs] for name, d in many.devices.items()}
    assert {name: later[name] for name in order} == order


def test_a_new_spoke_changes_no_other_spoke() -> None:
    before, after = fleet_of(sites=4), fleet_of(sites=5)
    for name in ("spoke1", "spoke2", "spoke3", "spoke4"):
        assert before.devices[name] == after.devices[name]


@pytest.mark.parametrize(
    ("values", "mtu", "mss"),
    [
        ({}, 1400, 1360),
        ({"path_mtu": 1492}, 1400, 1360),
        ({"path_mtu": 1450}, 1378, 1338),
        ({"path_mtu": 1492, "ipsec": {"suite": "aes-cbc-256"}}, 1400, 1360),
        ({"path_mtu": 1480, "ipsec": {"suite": "aes-cbc-256"}}, 1398, 1358),
        ({"path_mtu": 9000}, 1400, 1360),
        ({"path_mtu": 9000, "mtu": 8900}, 8900, 8860),
        ({"mtu": 1380, "mss": 1300}, 1380, 1300),
    ],
)
def test_mtu_and_mss_follow_from_path_and_suite(values: dict[str, Any], mtu: int, mss: int) -> None:
    cloud = fleet_of(**values).clouds["blue"]
    assert (cloud.mtu, cloud.mss) == (mtu, mss)


def test_defaults_of_a_cloud() -> None:
    hostvars, groups = sample_inventory(1)
    cloud = hostvars["hub1"]["dmvpn_clouds"][0]
    cloud["routing"] = {"summaries": ["10.0.0.0/8"]}
    del cloud["ipsec"]
    blue = load_fleet(hostvars, groups).clouds["blue"]
    assert (blue.key, blue.network_id, blue.phase, blue.nhrp_holdtime) == (10, 10, 3, 60)
    assert (blue.routing.protocol, blue.routing.asn, blue.routing.spoke_asn) == ("bgp", 65000, 65000)
    assert (blue.routing.keepalive, blue.routing.holdtime, blue.routing.bfd) == (3, 10, Bfd(300, 3))
    assert (blue.ipsec.auth, blue.ipsec.suite.name, blue.ipsec.check_identity) == (
        "certificate",
        "aes-gcm-256",
        True,
    )
    assert blue.interface == "dmvpn10"


def test_shortcuts_are_phase_3_also_behind_nat() -> None:
    assert all(d.memberships[0].shortcut for d in fleet_of(phase=3).devices.values())
    assert not any(d.memberships[0].shortcut for d in fleet_of(phase=1).devices.values())


def test_ospf_area_may_be_a_number_and_bfd_may_be_off() -> None:
    rules = (
        fleet_of(routing={"protocol": "ospf", "area": 1, "bfd": False, "summaries": ["10.0.0.0/8"]})
        .clouds["blue"]
        .routing
    )
    assert (rules.area, rules.bfd, rules.summaries) == ("0.0.0.1", None, (IPv4Network("10.0.0.0/8"),))


def test_a_router_may_be_hub_in_one_cloud_and_spoke_in_another() -> None:
    hostvars, groups = sample_inventory(4)
    region = {"name": "west", "number": 20, "prefix": "100.65.0.0/24", "hubs": ["spoke1"], "spokes": "west"}
    shared = ("transport", "routing", "ipsec")
    blue = hostvars["hub1"]["dmvpn_clouds"][0]
    hostvars["hub1"]["dmvpn_clouds"].append(region | {key: blue[key] for key in shared})
    fleet = load_fleet(hostvars, groups | {"west": ["spoke2", "spoke3"]})
    roles = [(m.cloud.name, m.role) for m in fleet.devices["spoke1"].memberships]
    assert roles == [("blue", "spoke"), ("west", "hub")]
    assert fleet.devices["spoke1"].identity == "O=mgre-dmvpn, OU=100.64.0.3 100.65.0.3, CN=spoke1"
    assert list(fleet.clouds) == ["blue", "west"]


def test_hosts_outside_of_all_clouds_are_no_part_of_the_fleet() -> None:
    hostvars, groups = sample_inventory(2)
    hostvars["localhost"] = {"dmvpn_clouds": hostvars["hub1"]["dmvpn_clouds"], "dmvpn_bundle_dir": "out"}
    groups["all"].append("localhost")
    assert list(load_fleet(hostvars, groups).devices) == ["hub1", "hub2", "spoke1", "spoke2"]


def test_secrets_may_be_unread_and_never_reach_the_fleet() -> None:
    hostvars, groups = sample_inventory(2)
    blue = hostvars["hub1"]["dmvpn_clouds"][0]
    blue["ipsec"] = {"auth": "psk"}
    for host, psk in zip(hostvars, (UNREAD, object(), "a-secret-of-enough-length", UNREAD), strict=True):
        hostvars[host] |= {"dmvpn_psks": {"blue": psk}, "dmvpn_nhrp_secrets": {"blue": "nhrpkey1"}}
    fleet = load_fleet(hostvars, groups)
    assert fleet.clouds["blue"].nhrp_authenticated
    everything = pickle.dumps(fleet)
    assert b"a-secret" not in everything and b"nhrpkey1" not in everything


def test_clouds_that_stand_in_each_host_are_one_cloud() -> None:
    hostvars, groups = sample_inventory(3)
    copied = {host: json.loads(json.dumps(own)) for host, own in hostvars.items()}
    assert load_fleet(copied, groups) == load_fleet(hostvars, groups)


def test_five_clouds_on_one_router_are_too_many_for_its_certificate() -> None:
    hostvars, groups = sample_inventory(2)
    first = hostvars["hub1"]["dmvpn_clouds"][0]
    for number in range(11, 15):
        prefix = f"100.{100 + number}.192.0/18"
        more = {"name": f"c{number}", "number": number, "prefix": prefix}
        hostvars["hub1"]["dmvpn_clouds"].append(first | more)
    for host in hostvars:
        hostvars[host]["dmvpn_site"] += 100
    with pytest.raises(FindingsError, match=r"the addresses of 5 clouds have 7[0-9] characters"):
        load_fleet(hostvars, groups)


@pytest.mark.parametrize("name", ["hub1", "spoke3", "spoke4"])
def test_a_device_survives_the_way_through_json(name: str) -> None:
    device = fleet_of(routing={"summaries": ["10.0.0.0/8"], "bfd": False}).devices[name]
    assert parse_device(json.loads(json.dumps(dump_device(device)))) == device


def test_json_that_is_no_device_is_refused_by_host() -> None:
    data = dump_device(fleet_of().devices["spoke1"])
    del data["transports"]
    with pytest.raises(
        FindingsError, match=r"^1 finding:\nspoke1: intent.json.transports: .*render the bundle"
    ):
        parse_device(data)


def test_five_thousand_sites_take_seconds_at_most() -> None:
    hostvars, groups = sample_inventory(5000)
    started = time.process_time()
    fleet = load_fleet(hostvars, groups)
    assert len(fleet.devices) == 5002
    assert time.process_time() - started < 3


def test_five_thousand_sites_that_are_all_wrong_take_seconds_at_most() -> None:
    hostvars, groups = sample_inventory(5000)
    for own in hostvars.values():
        own |= {"dmvpn_lans": ["10.0.0.0/9"], "dmvpn_colour": 1, "dmvpn_overlay": {"bleu": "100.64.0.77"}}
    started = time.process_time()
    with pytest.raises(FindingsError) as caught:
        load_fleet(hostvars, groups)
    assert len(caught.value.findings) == 3 * 5002 - 1
    assert str(caught.value)
    assert time.process_time() - started < 6


def test_what_devices_share_is_dumped_once_and_nothing_is_lost() -> None:
    """The dumper takes clouds and peers apart from the rest: a field that it forgot would be missing here."""
    dumper = Dumper()
    for device in load_fleet(*sample_inventory(9, half_cisco=True)).devices.values():
        dumped = dumper.dump(device)
        plain = ADAPTER.dump_python(device, mode="json")
        assert dumped == plain
        assert [list(entry) for entry in dumped["memberships"]] == [list(e) for e in plain["memberships"]]
        assert parse_device(dumped) == device
