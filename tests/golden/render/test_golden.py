# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole bundles, compared byte for byte with the ones beside. ``UPDATE_GOLDEN=1`` writes them anew."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import yaml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.generate import sample_inventory
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.fleet import render_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.writer import write_bundles

HERE = Path(__file__).parent
INVENTORIES = sorted(path.stem for path in (HERE / "inventories").glob("*.yml"))


def fleet_of(name: str) -> Fleet:
    raw = yaml.safe_load((HERE / "inventories" / f"{name}.yml").read_text(encoding="utf-8"))
    hostvars = {host: raw["vars"] | own for host, own in raw["hosts"].items()}
    return load_fleet(hostvars, raw["groups"] | {"all": list(hostvars)})


def tree(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", INVENTORIES)
def test_bundle_is_the_committed_one(name: str, tmp_path: Path) -> None:
    write_bundles(render_fleet(fleet_of(name)), tmp_path / "bundle")
    golden = HERE / "bundles" / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        shutil.rmtree(golden, ignore_errors=True)
        shutil.copytree(tmp_path / "bundle", golden)
        for path in golden.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
    made, expected = tree(tmp_path / "bundle"), tree(golden)
    assert sorted(made) == sorted(expected)
    for path, content in made.items():
        assert content.decode() == expected[path].decode(), f"{name}/{path}"


@pytest.mark.parametrize("name", INVENTORIES)
def test_no_secret_of_the_inventory_is_in_the_bundle(name: str) -> None:
    for bundle in render_fleet(fleet_of(name)):
        for path, text in bundle.contents().items():
            assert "not-to-be-seen-anywhere" not in text, path
            assert "hidden" not in text, path


@pytest.mark.parametrize("half_cisco", [False, True])
def test_rendering_twice_gives_the_same_bytes(half_cisco: bool) -> None:
    first, second = (
        {b.host: b.contents() for b in render_fleet(load_fleet(*sample_inventory(40, half_cisco=half_cisco)))}
        for run in range(2)
    )
    assert first == second


@pytest.mark.parametrize("sites", [1, 7, 40])
def test_a_new_site_changes_no_other_router(sites: int) -> None:
    """The exception is the list of peers that the judge reads on a hub: it is no file of the router."""
    before = {b.host: b.contents() for b in render_fleet(load_fleet(*sample_inventory(sites)))}
    after = {b.host: b.contents() for b in render_fleet(load_fleet(*sample_inventory(sites + 1)))}
    added = set(after) - set(before)
    assert len(added) == 1
    for host, contents in before.items():
        differing = {path for path, text in contents.items() if after[host].get(path) != text}
        assert set(after[host]) == set(contents)
        assert differing <= {"intent.json"}, host
        if "hub" not in host:
            assert differing == set(), host
