# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said about a bad inventory, word for word.

``bad_inventories/NAME.yml`` names what differs from ``base.yml``; ``NAME.txt`` is the whole message.
``UPDATE_GOLDEN=1`` writes the messages anew.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.findings import FindingsError
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet

CASES = Path(__file__).parent / "bad_inventories"
NAMES = sorted(path.stem for path in CASES.glob("*.yml") if path.stem != "base")
SECRETS = (
    "hunter2",
    "never-to-be-shown",
    "correct-horse",
    "another-secret",
    "much-too-long",
    "a-quote",
    "12345",
)


def read(name: str) -> dict[str, Any]:
    case: dict[str, Any] = yaml.safe_load((CASES / f"{name}.yml").read_text(encoding="utf-8"))
    return case


def leaf(tree: Any, path: str) -> tuple[Any, Any]:
    """The mapping or list that holds the last part of a dotted path, and that part."""
    parts: list[Any] = [int(part) if part.isdecimal() else part for part in path.split(".")]
    for part in parts[:-1]:
        tree = tree[part]
    return tree, parts[-1]


def patched(case: dict[str, Any]) -> dict[str, Any]:
    inventory = copy.deepcopy(read("base"))
    for path in case.get("remove", []):
        holder, key = leaf(inventory, path)
        del holder[key]
    for path, value in case.get("set", {}).items():
        holder, key = leaf(inventory, path)
        holder[key] = value
    return inventory


def load(inventory: dict[str, Any]) -> str:
    hostvars = {host: inventory["fleet"] | own for host, own in inventory["hosts"].items()}
    try:
        load_fleet(hostvars, inventory["groups"])
    except FindingsError as error:
        return f"{error}\n"
    return ""


def test_the_inventory_that_all_cases_start_from_is_good() -> None:
    assert load(read("base")) == ""


def test_there_are_at_least_45_bad_inventories() -> None:
    assert len(NAMES) >= 45


@pytest.mark.parametrize("name", NAMES)
def test_bad_inventory_is_refused_with_these_words(name: str) -> None:
    said = load(patched(read(name)))
    golden = CASES / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")
    assert said, "nothing was found"
    assert not any(secret in said for secret in SECRETS)


def test_no_message_is_left_over_from_a_case_that_is_gone() -> None:
    assert sorted(path.stem for path in CASES.glob("*.txt")) == NAMES
