# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is sent to a router that holds this, to make it hold that. No router, no models."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.delta import difference
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.owned import NotOurs
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.paths import BadPath, parse
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.payload import payload_facts

TUNNEL = "interface Tunnel10\n description mgre.dmvpn blue\n"
NHS = "ip nhrp nhs 10.0.0."
KEY = "crypto/ikev2/keyring[name=MGRE-internet]/peer[name=ANY]/pre-shared-key/key"
KEYRING = "crypto ikev2 keyring MGRE-internet\n peer ANY\n  pre-shared-key {}\n"


def lines(have: str, wanted: str) -> list[str]:
    return difference(payload_facts(have), payload_facts(wanted)).lines()


@pytest.mark.parametrize(
    ("have", "wanted", "said"),
    [
        pytest.param(f"{TUNNEL} ip mtu 1400", f"{TUNNEL} ip mtu 1400", [], id="equal"),
        pytest.param(
            f"{TUNNEL} ip mtu 1400",
            TUNNEL,
            ["- interface/Tunnel[name=10]/ip/mtu = 1400"],
            id="a leaf goes",
        ),
        pytest.param(TUNNEL, f"{TUNNEL} ip nhrp map multicast dynamic", [], id="a hidden default is there"),
        pytest.param(
            f"{TUNNEL} ip nhrp map multicast dynamic", TUNNEL, [], id="a shown default is not in excess"
        ),
        pytest.param(
            f"{TUNNEL} {NHS}1 nbma 192.0.2.1 multicast\n {NHS}2 nbma 192.0.2.2 multicast",
            f"{TUNNEL} {NHS}2 nbma 192.0.2.2 multicast",
            [
                "- interface/Tunnel[name=10]/ip/nhrp-v4/nhrp/nhs/ipv4[ipv4=10.0.0.1]/nbma/"
                "ipv4[ipv4=192.0.2.1]/multicast"
            ],
            id="one hub goes",
        ),
        pytest.param(
            "crypto ikev2 proposal BANK\n group 14\nroute-map BANK permit 10",
            "",
            [],
            id="others' things stay",
        ),
        pytest.param(
            "ip route 10.0.0.0 255.0.0.0 Null0 250 name MGRE-blue\nip route 10.0.0.0 255.0.0.0 192.0.2.1",
            "",
            [
                "- ip/route/ip-route-interface-forwarding-list[prefix=10.0.0.0][mask=255.0.0.0]/"
                f"fwd-list[fwd=Null0]/{leaf}"
                for leaf in ("metric = 250", "name = MGRE-blue")
            ],
            id="a second route for the prefix stays",
        ),
        pytest.param(
            KEYRING.format("old"),
            KEYRING.format("new"),
            [f"{sign} {KEY} = (a secret)" for sign in "-+"],
            id="a secret changes and is not shown",
        ),
    ],
)
def test_lines(have: str, wanted: str, said: list[str]) -> None:
    assert lines(have, wanted) == said


def test_an_encrypted_key_counts_as_equal_unless_it_shall_be_sent() -> None:
    have = payload_facts(KEYRING.format("AbCdEf"))
    (key,) = (path for path in have if path[-1].name == "key")
    form = (*key[:-1], key[-1]._replace(name="encryption"))
    wanted = payload_facts(KEYRING.format("plain"))
    assert not difference({**have, form: "6"}, wanted)
    assert difference({**have, form: "6"}, wanted, send_secrets=True)
    # Form 0 is the key as it was entered.
    assert difference({**have, form: "0"}, wanted)
    assert not difference({**wanted, form: "0"}, wanted)


def test_a_whole_entry_is_removed_at_its_top() -> None:
    edit = difference(payload_facts(f"{TUNNEL} ip mtu 1400\n tunnel key 10"), {}).edit()
    assert edit.count("operation=") == 1 and "<name>10</name>" in edit and "mtu" not in edit


def test_a_bgp_process_of_ours_alone_goes_and_a_shared_one_stays() -> None:
    ours = "router bgp 65000\n bgp listen limit 10\n neighbor MGRE-blue-hubs peer-group\n"
    alone = difference(payload_facts(ours), {})
    assert [path[-1].name for path in alone.drop] == ["bgp"]
    shared = difference(payload_facts(f"{ours} neighbor 192.0.2.9 remote-as 64999\n"), {})
    assert [path[-1].name for path in shared.drop] == ["neighbor"]


def test_networks_are_ours_inside_of_our_prefixes_only() -> None:
    bgp = "router bgp 65000\n neighbor 192.0.2.9 remote-as 1\n address-family ipv4\n"
    route = "ip route 10.0.0.0 255.0.0.0 Null0 250 name MGRE-blue\n"
    networks = ("10.1.0.0 mask 255.255.255.0", "198.18.0.0 mask 255.254.0.0", "10.0.0.0")
    have = bgp + "".join(f"  network {network}\n" for network in networks)
    gone = difference(payload_facts(have + route), payload_facts(route)).drop
    assert [path[-1].keys[0][1] for path in gone] == ["10.0.0.0", "10.1.0.0"]


@pytest.mark.parametrize(
    ("have", "wanted", "said"),
    [
        ("interface Tunnel10\n ip mtu 1400", TUNNEL, "Tunnel10 is on the router and is not ours"),
        ("router bgp 1", "router bgp 2\n neighbor MGRE-a peer-group", "write asn: 1"),
        (
            "router ospf 10\n router-id 192.0.2.1",
            f"{TUNNEL} ip ospf 10 area 0\nrouter ospf 10",
            "router ospf 10",
        ),
    ],
)
def test_what_others_have_is_refused(have: str, wanted: str, said: str) -> None:
    with pytest.raises(NotOurs, match=said):
        lines(have, wanted)


def test_a_tunnel_that_nobody_configured_is_taken() -> None:
    assert lines("interface Tunnel10\n shutdown", TUNNEL)


@pytest.mark.parametrize("text", ["ip//mtu", "ip/[name=1]", "IP nhrp", ""])
def test_a_path_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadPath):
        parse(text)
