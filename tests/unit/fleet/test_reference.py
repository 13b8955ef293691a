# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The committed reference page and schema are what the models say, and the schema is usable."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.models import Inventory

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_reference_is_up_to_date(reference: ModuleType) -> None:
    for path, text in reference.contents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run tools/reference.py"


def test_every_variable_key_and_check_is_explained(reference: ModuleType) -> None:
    page = reference.page()
    assert "|  |\n" not in page
    for name in Inventory.model_fields:
        assert f"| `{name}` |" in page


def matches(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    """JSON Schema, as much of it as ours uses."""
    if "$ref" in schema:
        return matches(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root)
    if "anyOf" in schema:
        return any(matches(choice, value, root) for choice in schema["anyOf"])
    if "const" in schema:
        return bool(value == schema["const"])
    if "enum" in schema and value not in schema["enum"]:
        return False
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    if not isinstance(value, kinds[schema["type"]]) or (schema["type"] == "integer" and value is True):
        return False
    if isinstance(value, list):
        return all(matches(schema["items"], entry, root) for entry in value)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        patterns = schema.get("patternProperties", {})
        for key, entry in value.items():
            allowed = [known[key]] if key in known else []
            allowed += [sub for pattern, sub in patterns.items() if re.search(pattern, key)]
            if not allowed and schema.get("additionalProperties", True) is False:
                return False
            if not all(sub is not False and matches(sub, entry, root) for sub in allowed):
                return False
        return all(key in value for key in schema.get("required", ()))
    if isinstance(value, str):
        return bool(re.search(schema.get("pattern", ""), value))
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    return bool(low <= value <= high)


@pytest.mark.parametrize(
    ("variables", "good"),
    [
        ({"dmvpn_site": 11, "ansible_host": "192.0.2.1"}, True),
        ({"dmvpn_site": "{{ number }}"}, True),
        ({"dmvpn_site": "11"}, False),
        ({"dmvpn_sites": 11}, False),
        ({"dmvpn_transports": {"internet": {"interface": "wan1", "address": "dhcp"}}}, True),
        ({"dmvpn_transports": {"internet": {"interface": "wan1", "adress": "dhcp"}}}, False),
        ({"dmvpn_frr_version": 10.3}, False),
    ],
)
def test_schema_tells_good_variables_from_bad_ones(variables: dict[str, Any], good: bool) -> None:
    schema = json.loads((ROOT / "docs/reference/inventory.schema.json").read_text(encoding="utf-8"))
    assert matches(schema, variables, schema) is good


def test_schema_takes_the_variables_of_a_whole_fleet() -> None:
    schema = json.loads((ROOT / "docs/reference/inventory.schema.json").read_text(encoding="utf-8"))
    base = yaml.safe_load((ROOT / "tests/golden/bad_inventories/base.yml").read_text(encoding="utf-8"))
    for variables in (base["fleet"], *base["hosts"].values()):
        assert matches(schema, variables, schema)
