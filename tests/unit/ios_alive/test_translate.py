# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IOS lines become what FRR, strongSwan and nftables are told; ``UPDATE_GOLDEN=1`` writes that anew."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive import frr, nft, swanctl
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.plan import Facts, Plan
from ansible_collections.mgre.dmvpn.tests.lab.ios.alive.read import read
from ansible_collections.mgre.dmvpn.tests.unit.ios_alive.node import DATA, FACTS, PORTS, SUBJECT

CASES = sorted(path.stem for path in DATA.glob("*.ios"))
SPOKE = (DATA / "spoke.ios").read_text()


def made(plan: Plan) -> dict[str, str]:
    return {
        "frr.conf": frr.configuration(plan),
        "swanctl.conf": swanctl.connections(plan),
        "rules.nft": nft.ruleset(plan),
        "unmet.txt": "".join(f"{line}\n" for line in plan.unmet),
    }


@pytest.mark.parametrize("name", CASES)
def test_a_configuration_becomes_the_committed_files(name: str) -> None:
    for file, text in made(read((DATA / f"{name}.ios").read_text(), FACTS)).items():
        golden = DATA / name / file
        if os.environ.get("UPDATE_GOLDEN") == "1":
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(text)
        assert text == golden.read_text(), f"{name}/{file}"


def plan(text: str) -> Plan:
    return read(text, FACTS)


def test_the_spoke_is_up() -> None:
    (tunnel,) = plan(SPOKE).tunnels
    assert tunnel.down == ""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("interface Tunnel10", "interface Tunnel10\n shutdown", "administratively down"),
        ("tunnel source GigabitEthernet1", "tunnel source Loopback0", "Loopback0 is no interface"),
        ("tunnel source GigabitEthernet1", "tunnel source GigabitEthernet3", "3 has no address"),
        ("tunnel mode gre multipoint", "tunnel mode ipsec ipv4", "has no counterpart"),
        (" tunnel mode gre multipoint", "", "no tunnel destination"),
        ("tunnel key 10", "tunnel key 10\n tunnel vrf WAN", "VRFs have no counterpart"),
        ("crypto ipsec profile LAB", "crypto ipsec profile OTHER", "ipsec profile LAB is not"),
        ("set ikev2-profile LAB", "", "has no ikev2-profile"),
        ("set transform-set LAB", "set transform-set X", "transform-set X is not there"),
        ("set transform-set LAB", "", "has no transform-set"),
        ("esp-gcm 256", "esp-aes 256", "transform-set LAB protects nothing"),
        ("crypto ikev2 profile LAB", "crypto ikev2 profile X", "ikev2 profile LAB is not"),
        (" match fvrf any\n match identity", " match identity", ""),
        (" match fvrf any\n match identity", " match fvrf WAN\n match identity", "front-door VRF"),
        (" match identity remote fqdn domain blue.mgre-dmvpn\n", "", "matches no peer"),
        (" authentication remote pre-share\n", "", "no `authentication remote`"),
        (" authentication local pre-share\n", "", "no `authentication local`"),
        ("authentication local pre-share", "authentication local rsa-sig", "is not enrolled"),
        (" keyring local LAB\n", "", "has no keyring"),
        ("keyring local LAB", "keyring local X", "ikev2 keyring X is not there"),
        ("  pre-shared-key a-secret-of-twenty-letters\n", "", "keyring LAB has no key"),
        ("crypto ikev2 proposal LAB", "crypto ikev2 proposal X", "proposal LAB is not there"),
        (" group 20\n", "", "no complete proposal"),
        (" prf sha384\n", "", "no complete proposal"),
        ("aes-gcm-256", "aes-cbc-256", "no complete proposal"),
    ],
)  # fmt: skip
def test_what_is_missing_keeps_a_tunnel_down_and_guarded(old: str, new: str, reason: str) -> None:
    assert old in SPOKE
    found = plan(SPOKE.replace(old, new))
    (tunnel,) = found.tunnels
    assert reason in tunnel.down
    assert bool(tunnel.down) == bool(reason)
    if reason:
        assert found.connections == ()
        assert "interface Tunnel10" not in frr.configuration(found)
        assert tunnel.source is None or "rt ipsec missing" in nft.ruleset(found)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("tunnel key 10", "tunnel key 11", "rules.nft"),
        ("nhrp authentication nhrpkey", "nhrp authentication other", "frr.conf"),
        ("group 20", "group 19", "swanctl.conf"),
        ("esp-gcm 256", "esp-gcm 128", "swanctl.conf"),
        ("mode transport", "mode tunnel", "swanctl.conf"),
        ("pre-shared-key a-secret", "pre-shared-key b-secret", "swanctl.conf"),
        ("remote fqdn domain blue", "remote fqdn domain red", "swanctl.conf"),
        ("neighbor 10.255.0.2 peer-group", "neighbor 10.255.0.3 peer-group", "frr.conf"),
        ("network 10.11.0.0", "network 10.12.0.0", "frr.conf"),
    ],
)
def test_what_differs_reaches_the_daemons(old: str, new: str, where: str) -> None:
    assert made(plan(SPOKE))[where] != made(plan(SPOKE.replace(old, new)))[where]


def test_without_a_policy_ios_offers_its_defaults() -> None:
    text = SPOKE.replace("crypto ikev2 policy LAB\n match fvrf any\n proposal LAB\n", "")
    (connection,) = plan(text).connections
    assert connection.proposals == (
        "aes256-sha512-sha384-prfsha512-prfsha384-ecp256-modp2048-ecp521-modp1536",
    )


@pytest.mark.parametrize(
    ("words", "pattern"),
    [
        ("address 0.0.0.0", "0.0.0.0/0"),
        ("address 198.51.100.1", "198.51.100.1"),
        ("address 198.51.100.0 255.255.255.0", "198.51.100.0/24"),
        ("fqdn hub1.lab", "hub1.lab"),
        ("fqdn domain lab", "*.lab"),
        ("email domain lab", "*@lab"),
        ("any", "%any"),
    ],
)
def test_identities_of_peers_become_patterns(words: str, pattern: str) -> None:
    text = SPOKE.replace("remote fqdn domain blue.mgre-dmvpn", f"remote {words}")
    assert plan(text).connections[0].remote_id == pattern


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("co mgre-dmvpn", "O=mgre-dmvpn, OU=*, CN=*"),
        ("co o = mgre-dmvpn", "O=mgre-dmvpn, OU=*, CN=*"),
        ("co o = others", "O=others, OU=*, CN=*"),
        ("co others", "O=*, OU=*, CN=others"),
        ("co c = de", "O=*, OU=*, CN=*, C=de"),
    ],
)
def test_a_certificate_map_becomes_a_pattern_of_names_like_our_own(rule: str, pattern: str) -> None:
    text = (DATA / "ospf.ios").read_text().replace("subject-name co mgre-dmvpn", f"subject-name {rule}")
    assert plan(text).connections[0].remote_id == pattern


def test_a_trustpoint_that_is_not_enrolled_protects_nothing() -> None:
    text = (DATA / "ospf.ios").read_text().replace("trustpoint mgre-dmvpn", "trustpoint other")
    assert plan(text).tunnels[0].down == "ikev2 profile LAB: trustpoint other is not enrolled"


SECOND = """
interface Tunnel11
 ip address 10.254.0.11 255.255.252.0
 ip nhrp network-id 11
 tunnel source GigabitEthernet1
 tunnel mode gre multipoint
 tunnel key 11
 tunnel protection ipsec profile LAB
"""


def test_two_tunnels_on_one_source_need_shared() -> None:
    assert "shared" in plan(SPOKE + SECOND).tunnels[1].down
    both = (SPOKE + SECOND).replace("ipsec profile LAB\n", "ipsec profile LAB shared\n")
    both = both.replace("crypto ipsec profile LAB shared", "crypto ipsec profile LAB")
    found = plan(both)
    assert [tunnel.down for tunnel in found.tunnels] == ["", ""]
    assert len(found.connections) == 1


def test_an_older_release_has_no_shortcut_unless_it_is_written() -> None:
    text = SPOKE.replace(" ip nhrp shortcut\n", "")
    assert "ip nhrp shortcut" in frr.configuration(read(text, FACTS))
    old = FACTS.__class__(FACTS.ports, FACTS.trustpoints, (15, 5))
    assert "ip nhrp shortcut" not in frr.configuration(read(text, old))


def test_eigrp_is_told_to_have_no_counterpart() -> None:
    assert plan("router eigrp MGRE-DMVPN\n").unmet == ("router eigrp MGRE-DMVPN: EIGRP has no counterpart",)


BUNDLES = sorted((Path(__file__).parents[2] / "golden" / "render" / "bundles").glob("*/*/config.ios"))


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def test_what_the_collection_renders_is_understood(path: Path) -> None:
    """But for what has no counterpart here, every tunnel of every committed configuration comes up."""
    text = path.read_text()
    sources = re.findall(r"tunnel source (\S+)", text)
    trustpoints = re.findall(r"pki trustpoint (\S+)", text)
    ports = {name: replace(PORTS["GigabitEthernet1"], name=name) for name in sources}
    found = read(text, Facts(ports, dict.fromkeys(trustpoints, SUBJECT)))
    assert found.tunnels
    known = ("VRFs have no counterpart", "EIGRP has no counterpart")
    assert [line for line in found.unmet if not any(word in line for word in known)] == []
