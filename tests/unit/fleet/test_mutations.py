# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""However an inventory is mutilated, what comes back is a fleet or findings, and no secret."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.findings import FindingsError
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.cloud_models import (
    BfdInput,
    CloudInput,
    IpsecInput,
    RoutingInput,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.generate import sample_inventory
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.models import Inventory, TransportInput
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

SECRET = "never-shown-to-anybody"
KEYS = sorted(
    {
        key
        for model in (Inventory, CloudInput, RoutingInput, IpsecInput, BfdInput, TransportInput)
        for key in model.model_fields
    }
    | {"blue", "internet"}
)
LIKELY = [
    "10.0.0.0/8", "10.255.0.1", "10.0.3.0/24", "0.0.0.0/0", "2001:db8::/32", "100.64.0.3", "255.255.255.255",
    "dhcp", "yes", "10", "10.3", "8.4", "{{ x }}", "", "psk", "static", "ospf", "eigrp", "hub1", "spoke1",
    "branches", "all", "blue", "wan1", "1/2/3", "10.0.0.0/33", "10.0.0.0/-1", "\x00", "٣",
]  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(LIKELY)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.integers() | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


def inventory() -> dict[str, Any]:
    hostvars, groups = sample_inventory(4)
    cloud = hostvars["hub1"]["dmvpn_clouds"][0]
    cloud["ipsec"] = {"auth": "psk", "suite": "aes-gcm-128", "dpd": 5}
    cloud["routing"] |= {"bfd": {"interval": 300, "multiplier": 3}, "area": "0.0.0.0", "holdtime": 10}
    cloud |= {"path_mtu": 1500, "mtu": 1400, "mss": 1360, "key": 10, "network_id": 10, "phase": 3}
    for own in hostvars.values():
        own |= {"dmvpn_psks": {"blue": SECRET}, "dmvpn_frr_version": "10.3", "dmvpn_overlay": {}}
    # Through JSON, so that no two hosts share an object.
    plain: dict[str, Any] = json.loads(json.dumps({"hostvars": hostvars, "groups": groups}))
    return plain


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a value stands, below hosts and groups."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(tree, dict):
        inner = list(tree.items())
    elif isinstance(tree, list):
        inner = list(enumerate(tree))
    found = [path] if len(path) > 2 else []
    return found + [place for key, value in inner for place in places(value, (*path, key))]


PLACES = places(inventory())


def mutate(tree: Any, path: tuple[Any, ...], how: str, value: Any, key: Any) -> None:
    for part in path[:-1]:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return  # another mutation took it away
    last = path[-1]
    if isinstance(tree, list):
        present = isinstance(last, int) and last < len(tree)
    else:
        present = isinstance(tree, dict) and last in tree
    if not present:
        return
    if path[0] == "groups":
        value = str(value) or "x"  # names are text in Ansible, and never empty
    if how == "drop":
        del tree[last]
    elif how == "rename" and isinstance(tree, dict):
        # A secret under the name of what is no secret would rightly be shown.
        tree[f"{key}_" if last == "dmvpn_psks" else key] = tree.pop(last)
    else:
        tree[last] = value


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(PLACES),
            st.sampled_from(["drop", "rename", "replace"]),
            VALUES,
            st.sampled_from(KEYS) | st.text(max_size=8) | st.integers(),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_mutated_inventory_gives_a_fleet_or_findings(mutations: list[tuple[Any, str, Any, Any]]) -> None:
    mutated = inventory()
    for path, how, value, key in mutations:
        mutate(mutated, path, how, value, key)
    try:
        fleet = load_fleet(mutated["hostvars"], mutated["groups"])
    except FindingsError as error:
        event("findings")
        said = str(error)
        assert SECRET not in said
        assert all(f.host and f.subject and f.problem and f.remedy for f in error.findings)
    else:
        event("fleet")
        assert isinstance(fleet, Fleet)
