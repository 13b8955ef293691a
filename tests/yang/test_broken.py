# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Payloads that are wrong in one place are refused by the models: the checks beside can fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.paths import parse
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.payload import (
    Contradiction,
    Unmapped,
    netconf_payload,
    payload_facts,
)
from ansible_collections.mgre.dmvpn.tests.yang.checks import invalid, misfit, misfits
from ansible_collections.mgre.dmvpn.tests.yang.corpus import OURS, text_of, with_foreign
from ansible_collections.mgre.dmvpn.tests.yang.schema import DataModel, NoModels, folder

HUB = text_of(next(file for file in OURS if file.stem == "hub_bgp_psk"))

# what to write instead of what, and what the models say to it
BROKEN = {
    "out of range: MTU": ("ip mtu 1400", "ip mtu 60", "ip/mtu"),
    "out of range: holdtime": ("ip nhrp holdtime 60", "ip nhrp holdtime 70000", "holdtime"),
    "out of range: IKE lifetime": ("lifetime 14400", "lifetime 60", "lifetime/seconds"),
    "out of range: tunnel key": ("tunnel key 10", "tunnel key 4294967296", "tunnel/key"),
    "not a number: network-id": ("network-id 10", "network-id ten", "network-id"),
    "not an address": ("ip address 10.255.0.1", "ip address 10.255.0.256", "primary/address"),
    "bad enum: cipher of the transform set": ("esp-gcm 256", "esp-gcm 512", "key-bit"),
    "no such group": ("group 20", "group thirteen", "group/thirteen"),
    "no such cipher": ("encryption aes-gcm-256", "encryption aes-gcm-257", "aes-gcm-257"),
    "no such hash": ("prf sha384", "prf sha3", "prf/sha3"),
    "out of range: dpd": ("dpd 10 2", "dpd 5 2", "dpd/interval"),
    "out of range: listen limit": ("listen limit 4999", "listen limit 10001", "listen/limit"),
    "out of range: distance": ("Null0 250", "Null0 256", "metric"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_value_is_seen(model: DataModel, name: str) -> None:
    right, wrong, where = BROKEN[name]
    assert right in HUB
    broken = HUB.replace(right, wrong)
    problems = misfits(model, payload_facts(broken))
    assert len(problems) == 1 and where in problems[0], problems
    assert invalid(model, netconf_payload(broken)) is not None


def test_the_unbroken_hub_is_right(model: DataModel) -> None:
    assert misfits(model, payload_facts(HUB)) == []
    assert invalid(model, with_foreign(HUB)) is None


def test_an_unknown_node_is_seen(model: DataModel) -> None:
    payload = netconf_payload(HUB).replace("<holdtime>60</holdtime>", "<hold>60</hold>")
    assert "hold" in str(invalid(model, payload))


def test_a_keyring_that_is_not_there_is_seen(model: DataModel) -> None:
    payload = netconf_payload(HUB.replace("keyring local MGRE-internet", "keyring local MGRE-mpls"))
    assert "keyring/local/name" in str(invalid(model, payload))


def test_a_vrf_that_is_not_there_is_seen(model: DataModel) -> None:
    profile = "crypto ikev2 profile MGRE-internet\n match fvrf "
    assert f"{profile}any" in HUB
    broken = HUB.replace(f"{profile}any", f"{profile}INET")
    assert "vrf" in str(invalid(model, netconf_payload(broken)))
    assert invalid(model, with_foreign(broken)) is None


def test_two_modes_of_one_choice_are_seen(model: DataModel) -> None:
    payload = netconf_payload(HUB).replace("<multipoint/>", "<multipoint/><ip>true</ip>")
    assert invalid(model, payload) is not None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("native/interface/Tunnel[name=10]/tunnel:tunnel/mode/gre/multipoint", "obsolete"),
        ("native/interface/Tunnel[name=10]/bfd/bfd:interval/msecs=300", "obsolete"),
        ("native/interface/Tunnel[number=10]/description=x", "keys are ['name']"),
        ("native/interface/Tunnel[name=ten]/description=x", "do not take 'ten'"),
        ("native/interface/Tunnel[name=10]/descriptions=x", "have no native:descriptions"),
        ("native/interface/Tunnel[name=10]/ip", "says nothing"),
    ],
)
def test_a_wrong_place_is_seen(model: DataModel, text: str, problem: str) -> None:
    assert problem in str(misfit(model, *parse(text)))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("interface Tunnel10\n ip nhrp maximum 3\n", "interface Tunnel10 / ip nhrp maximum 3"),
        ("crypto map OLD 10 ipsec-isakmp\n", "crypto map OLD 10 ipsec-isakmp"),
        ("interface Tunnel10\n ip mtu 1400\n  ip mtu 1400\n", "ip mtu 1400 / ip mtu 1400"),
    ],
)
def test_a_line_without_a_place_is_named(line: str, said: str) -> None:
    with pytest.raises(Unmapped, match=said):
        payload_facts(line)


def test_two_lines_that_contradict_each_other_are_named() -> None:
    with pytest.raises(Contradiction, match="ip/mtu"):
        payload_facts("interface Tunnel10\n ip mtu 1400\n ip mtu 1300\n")


def test_missing_models_are_a_clear_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DMVPN_YANG_DIR", str(tmp_path))
    with pytest.raises(NoModels, match="set DMVPN_YANG_DIR"):
        folder()
