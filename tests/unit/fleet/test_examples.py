# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The example inventories, read as Ansible reads them, are right and show what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.helpers import get_group_vars
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.secret_values import UNREAD

EXAMPLES = Path(__file__).resolve().parents[3] / "inventories" / "examples"


def load(name: str) -> Fleet:
    inventory = InventoryManager(DataLoader(), sources=[str(EXAMPLES / f"{name}.yml")])
    hostvars: dict[str, dict[str, Any]] = {}
    for host in inventory.get_hosts():
        held = get_group_vars(host.get_groups()) | host.vars
        own = {key: plain(value) for key, value in held.items() if key.startswith("dmvpn_")}
        hostvars[str(host.name)] = own
        if "dmvpn_psks" in own:
            own["dmvpn_psks"] = dict.fromkeys(own["dmvpn_psks"], UNREAD)
    groups = {str(name): list(map(str, hosts)) for name, hosts in inventory.get_groups_dict().items()}
    return load_fleet(hostvars, groups)


def plain(value: Any) -> Any:
    """Without Ansible's tags, which are subclasses of the builtin types."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return str(value) if isinstance(value, str) else value


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yml")), ids=lambda path: path.stem)
def test_example_is_a_good_inventory(path: Path) -> None:
    assert len(load(path.stem).devices) >= 3


def test_regional_hub_is_hub_and_spoke() -> None:
    west = load("regional_hubs").devices["west"]
    assert [(m.cloud.name, m.role) for m in west.memberships] == [("backbone", "spoke"), ("west", "hub")]


def test_the_core_is_the_second_hub_of_each_region() -> None:
    devices = load("regional_hubs").devices
    assert {m.cloud.name: m.role for m in devices["central"].memberships} == {
        "backbone": "hub", "west": "hub", "east": "hub",
    }  # fmt: skip
    assert [hub.name for hub in devices["branch12"].memberships[0].hubs] == ["east", "central"]


def test_branches_share_the_hubs_by_site_number() -> None:
    devices = load("load_shared_hubs").devices
    first = {name: device.memberships[0].hubs[0].name for name, device in devices.items() if "branch" in name}
    assert first == {"branch11": "hub3", "branch12": "hub1", "branch13": "hub2"}


def test_peers_ask_for_the_public_address_of_a_hub_in_a_cloud() -> None:
    devices = load("cloud_hub").devices
    asked = {hub.name: str(hub.nbma) for hub in devices["branch11"].memberships[0].hubs}
    assert asked == {"hub1": "198.51.100.1", "hub2": "203.0.113.6"}
    assert str(devices["hub2"].memberships[0].transport.address) == "172.31.0.2"


def test_kiosks_make_no_shortcuts_and_branches_do() -> None:
    devices = load("hub_only").devices
    assert not devices["kiosk21"].memberships[0].shortcut
    assert devices["branch11"].memberships[0].shortcut
    assert [m.shortcut for m in devices["hub1"].memberships] == [False, True]


def test_dual_transport_puts_each_cloud_on_its_own_wan() -> None:
    devices = load("dual_transport").devices
    wans = [(m.cloud.name, m.transport.interface) for m in devices["branch11"].memberships]
    assert wans == [("mpls", "eth1"), ("internet", "eth0")]
    assert [m.cloud.name for m in devices["branch12"].memberships] == ["internet"]


def test_front_door_vrfs_are_those_of_the_wans_on_both_platforms() -> None:
    devices = load("front_door_vrf").devices
    vrfs = {name: [t.vrf for t in device.transports] for name, device in devices.items()}
    assert vrfs["hub1"] == ["inet", "mpls"] and vrfs["branch12"] == ["inet"]
    assert (devices["branch13"].platform, vrfs["branch13"]) == ("ios", ["INTERNET"])


def test_ebgp_spokes_have_their_own_as() -> None:
    rules = load("ebgp").clouds["blue"].routing
    assert (rules.asn, rules.spoke_asn, rules.bfd) == (65000, 65100, None)


def test_every_example_is_in_the_list() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"]({path.name})" in listed for path in EXAMPLES.glob("*.yml"))
