# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the files of a Linux router say, one design decision a test."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Bfd, Device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.linux import render_linux, unit_escape
from ansible_collections.mgre.dmvpn.tests.unit.render.devices import (
    make_cloud,
    make_device,
    make_peer,
    make_transport,
)

FRR = "/etc/mgre-dmvpn/frr.conf"
SWANCTL = "/etc/swanctl/conf.d/mgre-dmvpn.conf"
SECRETS = "/etc/swanctl/conf.d/mgre-dmvpn-secrets.conf"
STRONGSWAN = "/etc/strongswan.d/mgre-dmvpn.conf"
NFT = "/etc/mgre-dmvpn/guard.nft"
EVENTS = "/etc/mgre-dmvpn/nhrp-events.json"
TUNNEL = "/etc/systemd/system/mgre-dmvpn-blue.service"


def text(device: Device, path: str) -> str:
    return {file.path: file.text for file in render_linux(device).files}[path]


def lines(device: Device, path: str = FRR) -> list[str]:
    return [line.strip() for line in text(device, path).splitlines()]


def spoke(**changed: object) -> Device:
    return make_device((make_cloud(**changed), "spoke"))


def hub(**changed: object) -> Device:
    return make_device((make_cloud(**changed), "hub"), site=1)


def test_every_site_prefix_has_a_blackhole_behind_all_protocols() -> None:
    held = lines(spoke())
    for prefix in ("10.0.0.0/9", "10.255.0.0/22", "10.11.0.0/24"):
        assert f"ip route {prefix} blackhole 250" in held


@pytest.mark.parametrize(("version", "said"), [((8, 4), False), ((8, 5), True), ((10, 3), True)])
def test_next_hops_by_the_default_route_are_forbidden_where_frr_allows_them(
    version: tuple[int, int], said: bool
) -> None:
    device = make_device((make_cloud(), "spoke"), frr_version=version)
    assert ("no ip nht resolve-via-default" in lines(device)) is said


def test_spoke_prefers_its_first_hub_and_takes_only_overlay_and_summaries() -> None:
    held = text(spoke(), FRR)
    first, second = held.index("route-map MGRE-blue-hub1-in"), held.index("route-map MGRE-blue-hub2-in")
    assert "set local-preference 1000" in held[first:second]
    assert "set local-preference 999" in held[second:]
    assert "ip prefix-list MGRE-blue-summaries seq 5 permit 10.255.0.0/22\n" in held
    assert "ip prefix-list MGRE-blue-summaries seq 10 permit 10.0.0.0/9\n" in held


def test_spoke_announces_its_lans_only() -> None:
    held = lines(spoke())
    assert "ip prefix-list MGRE-blue-local seq 5 permit 10.11.0.0/24" in held
    assert "neighbor MGRE-blue-hubs route-map MGRE-blue-hubs-out out" in held
    assert [line for line in held if line.startswith("network ")] == ["network 10.11.0.0/24"]


def test_spoke_without_lans_announces_nothing() -> None:
    device = make_device((make_cloud(), "spoke"), lans=())
    assert "ip prefix-list MGRE-blue-local seq 5 deny any" in lines(device)


def test_hub_refuses_overlay_prefixes_and_what_is_outside_of_the_summaries() -> None:
    held = [line for line in lines(hub()) if line.startswith("ip prefix-list MGRE-blue-sites")]
    assert held == [
        "ip prefix-list MGRE-blue-sites seq 5 deny 10.255.0.0/22 le 32",
        "ip prefix-list MGRE-blue-sites seq 10 permit 10.0.0.0/9 le 32",
    ]


def test_hub_prefers_its_own_spoke_to_the_way_by_another_hub() -> None:
    held = text(hub(), FRR)
    by_hub = held[held.index("route-map MGRE-blue-hubs-in") : held.index("route-map MGRE-blue-hubs-out")]
    by_spoke = held[
        held.index("route-map MGRE-blue-spokes-in") : held.index("route-map MGRE-blue-spokes-out")
    ]
    assert "local-preference 500" in by_hub
    assert "local-preference 1000" in by_spoke


def test_ibgp_hub_reflects_and_ebgp_hub_does_not() -> None:
    assert "neighbor MGRE-blue-spokes route-reflector-client" in lines(hub())
    ebgp = lines(hub(routing_spoke_asn=65001))
    assert "neighbor MGRE-blue-spokes route-reflector-client" not in ebgp
    assert "neighbor MGRE-blue-spokes remote-as 65001" in ebgp
    assert "neighbor MGRE-blue-hubs remote-as 65000" in ebgp
    assert "neighbor MGRE-blue-spokes disable-connected-check" in ebgp


def test_nothing_of_the_whole_bgp_instance_is_changed() -> None:
    """Other neighbours of the router share the instance."""
    for device in (hub(), spoke(), hub(routing_spoke_asn=65001)):
        instance = [line for line in lines(device) if line.startswith(("bgp ", "no bgp "))]
        allowed = ("bgp router-id ", "bgp listen ", "bgp community-list standard MGRE-")
        assert [line for line in instance if not line.startswith(allowed)] == []
        neighbors = [line for line in lines(device) if line.startswith("neighbor ")]
        assert [line for line in neighbors if "MGRE-" not in line and "description" not in line] == []


def test_regional_hub_announces_its_region_upwards() -> None:
    region = make_cloud("east", 20, routing_summaries=(IPv4Network("10.16.0.0/12"),))
    held = lines(make_device((make_cloud(), "spoke"), (region, "hub"), site=17))
    assert "ip prefix-list MGRE-blue-local seq 5 permit 10.17.0.0/24" in held
    assert "ip prefix-list MGRE-blue-local seq 10 permit 10.16.0.0/12" in held
    assert "network 10.16.0.0/12" in held


def test_regional_hub_passes_the_upper_summary_on_and_does_not_originate_it() -> None:
    wide = (IPv4Network("10.16.0.0/12"), IPv4Network("10.0.0.0/9"))
    region = make_cloud("east", 20, routing_summaries=wide)
    held = lines(make_device((make_cloud(), "spoke"), (region, "hub"), site=17))
    assert "network 10.0.0.0/9" not in held
    assert "network 10.16.0.0/12" in held
    assert "ip prefix-list MGRE-east-summaries seq 15 permit 10.0.0.0/9" in held
    assert "ip route 10.0.0.0/9 blackhole 250" in held


def test_first_cloud_is_preferred_to_the_second() -> None:
    held = text(make_device((make_cloud(), "spoke"), (make_cloud("green", 20), "spoke")), FRR)
    green = held[held.index("route-map MGRE-green-hub1-in permit 10") :]
    assert green.splitlines()[2].strip() == "set local-preference 980"


def test_nhs_is_explicit_and_registration_may_move() -> None:
    held = lines(spoke())
    assert "ip nhrp nhs 10.255.0.1 nbma 198.51.100.1" in held
    assert not any(line.startswith("ip nhrp map 10.") for line in held)  # nhrpd asks nobody about those
    assert "ip nhrp registration no-unique" in held
    assert "ip nhrp redirect" not in held


@pytest.mark.parametrize(("phase", "expected"), [(1, False), (3, True)])
def test_hub_redirects_in_phase_3_only(phase: int, expected: bool) -> None:
    device = hub(phase=phase)
    assert ("ip nhrp redirect" in lines(device)) is expected
    assert ("nhrp nflog-group 1" in lines(device)) is expected
    assert ("log group 1" in text(device, NFT)) is expected


def test_only_an_ospf_hub_announces_summaries_and_keeps_its_own_before_those_of_other_hubs() -> None:
    announced = "ip prefix-list MGRE-ospf-local seq 10 permit 10.0.0.0/9"
    at_hub, at_spoke = lines(hub(routing_protocol="ospf")), lines(spoke(routing_protocol="ospf"))
    assert announced in at_hub and "ip route 10.0.0.0/9 blackhole 100" in at_hub
    assert "ip route 10.255.0.0/22 blackhole 250" in at_hub
    assert announced not in at_spoke and "ip route 10.0.0.0/9 blackhole 250" in at_spoke


def test_ospf_multicast_goes_to_nhrp_and_nowhere_else() -> None:
    device = hub(routing_protocol="ospf")
    assert "nhrp multicast-nflog-group 2" in lines(device)
    assert "ip nhrp map multicast dynamic" in lines(device)
    assert 'oifname "dmvpn10" ip daddr 224.0.0.0/24 log group 2 queue-threshold 1 drop' in text(device, NFT)


@pytest.mark.parametrize(
    ("version", "hubs", "network"),
    [
        ((10, 3), (1,), "point-to-point dmvpn"),
        ((8, 4), (1,), "point-to-multipoint"),
        ((10, 3), (1, 2), "point-to-multipoint"),  # point-to-point would talk to one of them only
    ],
)
def test_ospf_network_of_a_spoke(version: tuple[int, int], hubs: tuple[int, ...], network: str) -> None:
    cloud = make_cloud(routing_protocol="ospf")
    device = make_device((cloud, "spoke"), hubs=hubs, frr_version=version)
    assert f"ip ospf network {network}" in lines(device)


def test_static_hub_routes_each_lan_to_its_site() -> None:
    cloud = make_cloud(routing_protocol="static")
    device = make_device((cloud, "hub"), site=1, spokes=(make_peer(cloud, "spoke", 11, None),))
    held = lines(device)
    assert "ip route 10.11.0.0/24 10.255.0.11 dmvpn10 20 onlink" in held
    assert render_linux(device).daemons == ("nhrpd",)


@pytest.mark.parametrize(
    ("bfd", "said"),
    [
        (Bfd(300, 3), []),
        (Bfd(1000, 4), ["detect-multiplier 4", "transmit-interval 1000", "receive-interval 1000"]),
    ],
)
def test_bfd_profile_leaves_out_what_frr_leaves_out(bfd: Bfd, said: list[str]) -> None:
    held = lines(make_device((make_cloud(routing_bfd=bfd), "spoke"), frr_version=(10, 4)))
    start = held.index("profile MGRE-blue")
    assert held[start + 1 : held.index("exit", start)] == said


@pytest.mark.parametrize(("hub", "spoke"), [((8, 4), (8, 4)), ((8, 4), (10, 3)), ((10, 3), (8, 4))])
@pytest.mark.parametrize("asn", [65000, 65001])
def test_bgp_of_frr_8_would_not_come_back_with_bfd(
    hub: tuple[int, int], spoke: tuple[int, int], asn: int
) -> None:
    cloud = make_cloud(routing_spoke_asn=asn)
    device = make_device((cloud, "spoke"), frr_version=spoke)
    (member,) = device.memberships
    member = replace(member, hubs=tuple(replace(peer, frr_version=hub) for peer in member.hubs))
    assert "neighbor MGRE-blue-hubs bfd" not in lines(replace(device, memberships=(member,)))
    assert not any(member.expects_bfd(peer, device) for peer in member.hubs)
    held = lines(make_device((cloud, "hub"), site=1, frr_version=hub))
    # With other hubs it stays: those are named, so that bgpd joins their sessions only once.
    assert "neighbor MGRE-blue-hubs bfd" in held
    assert ("neighbor MGRE-blue-spokes bfd" in held) == (hub >= (10, 3))


@pytest.mark.parametrize("frr", [(10, 3), (10, 4)])
def test_hubs_and_spokes_have_bfd_with_each_other_on_newer_frr(frr: tuple[int, int]) -> None:
    device = make_device((make_cloud(), "spoke"), frr_version=frr)
    assert "neighbor MGRE-blue-hubs bfd" in lines(device)
    assert "bfdd" in render_linux(device).daemons
    held = lines(make_device((make_cloud(), "hub"), site=1, frr_version=frr))
    assert "neighbor MGRE-blue-hubs bfd" in held
    assert "neighbor MGRE-blue-spokes bfd" in held


def test_a_hub_s_event_daemon_begins_the_sessions_that_its_bgp_will_ask_for() -> None:
    def bfd(device: Device) -> object:
        return json.loads(text(device, EVENTS))["interfaces"]["dmvpn10"].get("bfd")

    expected = {"local": "10.255.0.1", "multihop": True, "profile": "MGRE-blue"}
    assert bfd(make_device((make_cloud(), "hub"), site=1)) == expected
    ebgp = make_cloud(routing_spoke_asn=65100)
    assert bfd(make_device((ebgp, "hub"), site=1)) == {**expected, "multihop": False}
    for silent in (make_cloud(routing_bfd=None), make_cloud(routing_protocol="ospf")):
        assert bfd(make_device((silent, "hub"), site=1)) is None
    assert bfd(make_device((make_cloud(), "spoke"))) is None


def test_what_a_drained_hub_announces_is_taken_last() -> None:
    for device in (spoke(), hub()):
        held = text(device, FRR)
        assert "bgp community-list standard MGRE-drained seq 5 permit graceful-shutdown\n" in held
        assert held.count(" match community MGRE-drained\n") == held.count(" set local-preference 0\n") == 2
    assert "MGRE-drained" not in text(spoke(routing_protocol="ospf"), FRR)


def test_without_bfd_there_is_no_daemon_for_it() -> None:
    device = spoke(routing_bfd=None)
    assert "bfd" not in text(device, FRR)
    assert render_linux(device).daemons == ("bgpd", "nhrpd")


def test_two_clouds_on_one_transport_share_one_connection() -> None:
    device = make_device((make_cloud(), "spoke"), (make_cloud("green", 20), "spoke"))
    held = text(device, SWANCTL)
    assert held.count("start_action = trap") == 1
    assert "# clouds blue, green" in held


def test_dynamic_address_is_any() -> None:
    held = text(
        make_device((make_cloud(), "spoke"), by_cloud={"blue": make_transport(address=None)}), SWANCTL
    )
    assert "local_addrs = %any" in held


@pytest.mark.parametrize("address", ["192.0.2.11", None])
def test_of_two_wans_each_has_its_own_trap_and_sends_its_own_ike(address: str | None) -> None:
    clouds = {"blue": make_transport(), "green": make_transport("mpls", "wan2", address)}
    two = make_device((make_cloud(), "spoke"), (make_cloud("green", 20), "spoke"), by_cloud=clouds)
    assert "interface = wan1" in text(two, SWANCTL) and "interface = wan2" in text(two, SWANCTL)
    assert "set_sourceif = yes" in text(two, STRONGSWAN)
    assert "interface =" not in text(spoke(), SWANCTL)
    assert "set_sourceif" not in text(spoke(), STRONGSWAN)


def test_a_wan_in_a_vrf_is_guarded_as_both_and_charon_serves_every_vrf() -> None:
    device = make_device((make_cloud(), "hub"), by_cloud={"blue": make_transport(vrf="inet")})
    assert 'elements = { "wan1", "inet" }' in text(device, "/etc/mgre-dmvpn/guard.nft")
    assert "net.ipv4.udp_l3mdev_accept = 1" in text(device, "/etc/sysctl.d/90-mgre-dmvpn.conf")
    charon = text(device, "/etc/strongswan.d/mgre-dmvpn.conf")
    assert "set_sourceif = yes" in charon and "roam_events = no" in charon
    unit = text(device, "/etc/systemd/system/mgre-dmvpn-blue.service")
    assert "sys-subsystem-net-devices-inet.device" in unit
    assert "proto gre dev wan1 dir out" in unit and "proto gre dev inet dir in" in unit
    assert "dev wan1 dir in" not in unit
    # The tunnel itself stays in the default table.
    assert " vrf " not in unit and unit.count("type gre key 10 ttl 64 local 198.51.100.1 dev wan1") == 2


def test_without_a_vrf_there_is_nothing_of_vrfs() -> None:
    device = make_device((make_cloud(), "hub"), by_cloud={"blue": make_transport()})
    for file in render_linux(device).files:
        assert not re.search(r"l3mdev|set_sourceif|roam_events", file.text), file.path


def test_multicast_of_users_goes_by_nhrpd_only() -> None:
    groups = (IPv4Network("239.10.0.0/16"),)
    cloud = make_cloud(multicast_groups=groups, rendezvous=IPv4Address("10.255.0.1"))
    device = make_device((cloud, "spoke"), multicast_interfaces=("lan1",))
    held = text(device, FRR)
    assert "ip nhrp map multicast 198.51.100.1" in held and "nhrp multicast-nflog-group 2" in held
    assert "interface lan1\n ip igmp\n ip pim\nexit" in held
    assert "router pim\n rp 10.255.0.1 239.10.0.0/16\n" in held
    assert 'oifname "dmvpn10" ip daddr { 239.10.0.0/16 } log group 2 queue-threshold 1 drop' in text(
        device, NFT
    )
    assert "pimd" in render_linux(device).daemons
    old = text(replace(device, frr_version=(8, 4)), FRR)
    assert "\nip pim rp 10.255.0.1 239.10.0.0/16\n" in old and "router pim" not in old


def test_without_groups_no_lan_runs_pim() -> None:
    device = make_device((make_cloud(), "spoke"), multicast_interfaces=("lan1",))
    assert "pim" not in text(device, FRR) and "pimd" not in render_linux(device).daemons


def test_secrets_are_references_in_files_that_the_manifest_names() -> None:
    device = spoke(auth="psk", nhrp_authenticated=True)
    bundle = render_linux(device)
    assert {file.path: file.secrets for file in bundle.files if file.secrets} == {
        FRR: ("nhrp/blue",),
        SECRETS: ("psk/blue",),
    }
    assert 'secret = "@@secret:psk/blue@@"' in text(device, SECRETS)
    assert "ip nhrp authentication @@secret:nhrp/blue@@" in lines(device)
    assert {file.path: file.mode for file in bundle.files}[SECRETS] == "0600"


def test_certificate_device_has_no_secrets_file_and_names_its_identity() -> None:
    device = spoke()
    assert SECRETS not in {file.path for file in render_linux(device).files}
    assert 'id = "O=mgre-dmvpn, OU=10.255.0.11, CN=site11"' in text(device, SWANCTL)


def test_foreign_gre_passes_the_guard_and_ipsec_by_address() -> None:
    transport = make_transport(address="198.51.100.11", allow_gre=(IPv4Address("203.0.113.9"),))
    device = make_device((make_cloud(), "spoke"), by_cloud={"blue": transport})
    assert "remote_ts = 203.0.113.9/32[gre]" in text(device, SWANCTL)
    assert "elements = { 203.0.113.9 }" in text(device, NFT)


def test_tunnel_is_built_with_key_and_device_and_local_only_when_static() -> None:
    held = text(spoke(), TUNNEL)
    assert "link set dev dmvpn10 type gre key 10 ttl 64 local 198.51.100.11 dev wan1\n" in held
    assert "Requires=mgre-dmvpn-guard.service\n" in held
    dynamic = make_device((make_cloud(), "spoke"), by_cloud={"blue": make_transport(address=None)})
    assert "type gre key 10 ttl 64 dev wan1\n" in text(dynamic, TUNNEL)


def test_guard_comes_before_the_network_and_never_stops() -> None:
    held = text(spoke(), "/etc/systemd/system/mgre-dmvpn-guard.service")
    assert "Before=network-pre.target" in held
    assert "ExecStop=" not in held
    assert "RemainAfterExit=yes" in held


@pytest.mark.parametrize(
    ("name", "escaped"), [("wan1", "wan1"), ("eth0.100", "eth0.100"), ("br-lan", r"br\x2dlan")]
)
def test_interface_names_in_unit_names_are_escaped(name: str, escaped: str) -> None:
    assert unit_escape(name) == escaped


def test_event_daemon_gets_what_the_architecture_promises_it() -> None:
    held = json.loads(text(spoke(auth="psk"), "/etc/mgre-dmvpn/nhrp-events.json"))
    assert held == {
        "socket": "/run/mgre-dmvpn/nhrp-events.sock",
        "interfaces": {
            "dmvpn10": {
                "cloud": "blue",
                "role": "spoke",
                "key": 10,
                "prefix": "10.255.0.0/22",
                "dev": "wan1",
                "source": "198.51.100.11",
                "check_identity": False,
                "nhs": {"10.255.0.1": "198.51.100.1", "10.255.0.2": "198.51.100.2"},
            }
        },
    }


@pytest.mark.parametrize("make", [hub, spoke])
def test_no_file_says_a_placeholder_or_a_missing_value(make: Callable[[], Device]) -> None:
    for path, held in render_linux(make()).contents().items():
        assert "None" not in held, path
        assert "{{" not in held and "{%" not in held, path
