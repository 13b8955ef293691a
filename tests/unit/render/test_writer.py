# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bundles on disk: nothing is written twice, nothing foreign is removed, nobody else can read them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.findings import FindingsError
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render import writer
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.bundle import Bundle, File
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.writer import write_bundles


def bundle(host: str = "branch11", **files: str) -> Bundle:
    """A bundle with these file names in /etc/mgre-dmvpn."""
    return Bundle(
        host=host,
        platform="linux",
        files=tuple(File(f"/etc/mgre-dmvpn/{name}", "0644", "tunnel", text) for name, text in files.items()),
        intent="{}\n",
        interfaces=("dmvpn10",),
        units=(),
        daemons=(),
        firewall="nftables",
    )


def tree(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_second_run_writes_nothing(tmp_path: Path) -> None:
    assert write_bundles([bundle(frr="a\n")], tmp_path).changed == ["branch11"]
    before = {file: file.stat().st_ino for file in tmp_path.rglob("*")}
    assert write_bundles([bundle(frr="a\n")], tmp_path).changed == []
    assert {file: file.stat().st_ino for file in tmp_path.rglob("*")} == before


def test_only_the_host_that_differs_is_told(tmp_path: Path) -> None:
    write_bundles([bundle("a", frr="1\n"), bundle("b", frr="1\n")], tmp_path)
    result = write_bundles([bundle("a", frr="1\n"), bundle("b", frr="2\n")], tmp_path, diff=True)
    assert result.changed == ["b"]
    assert "-1\n+2\n" in result.diff_text()
    assert "b/etc/mgre-dmvpn/frr" in result.diff_text()


def test_file_that_is_no_longer_rendered_is_removed_and_foreign_ones_stay(tmp_path: Path) -> None:
    write_bundles([bundle(frr="a\n", guard="b\n")], tmp_path)
    foreign = tmp_path / "branch11" / "notes.txt"
    foreign.write_text("mine")
    assert write_bundles([bundle(frr="a\n")], tmp_path).changed == ["branch11"]
    assert not (tmp_path / "branch11/etc/mgre-dmvpn/guard").exists()
    assert foreign.read_text() == "mine"


def test_host_that_left_is_removed_with_its_directories(tmp_path: Path) -> None:
    write_bundles([bundle("a", frr="1\n"), bundle("b", frr="1\n")], tmp_path)
    result = write_bundles([bundle("a", frr="1\n")], tmp_path)
    assert result.removed == ["b"]
    assert not (tmp_path / "b").exists()


def test_directory_without_our_manifest_is_left_alone(tmp_path: Path) -> None:
    for name, manifest in {"x": None, "y": "[]", "z": '{"files": [{"path": "/keep"}]}', "w": "{"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "keep").write_text("mine")
        if manifest is not None:
            (tmp_path / name / "manifest.json").write_text(manifest)
    before = tree(tmp_path)
    assert write_bundles([], tmp_path).removed == []
    assert tree(tmp_path) == before


def test_manifest_that_points_outside_removes_nothing_there(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    write_bundles([bundle("a", frr="1\n")], tmp_path / "bundle")
    manifest = tmp_path / "bundle/a/manifest.json"
    held = json.loads(manifest.read_text())
    held["files"].append({"path": "/../../victim"})
    manifest.write_text(json.dumps(held))
    write_bundles([], tmp_path / "bundle")
    assert victim.read_text() == "mine"


def test_files_are_readable_for_their_owner_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_bundles([bundle(frr="a\n")], tmp_path / "new")
    finally:
        os.umask(old)
    for path in [tmp_path / "new", *(tmp_path / "new").rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_wrong_mode_is_put_right(tmp_path: Path) -> None:
    write_bundles([bundle(frr="a\n")], tmp_path)
    file = tmp_path / "branch11/etc/mgre-dmvpn/frr"
    file.chmod(0o644)
    assert write_bundles([bundle(frr="a\n")], tmp_path).changed == ["branch11"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_check_mode_touches_the_bundle_not_at_all_and_gives_a_whole_one_elsewhere(tmp_path: Path) -> None:
    held, other = tmp_path / "bundle", tmp_path / "check"
    write_bundles([bundle("a", frr="1\n"), bundle("gone", frr="1\n")], held)
    before = tree(held)
    wanted = [bundle("a", frr="2\n"), bundle("b", frr="1\n")]
    result = write_bundles(wanted, other, compare_with=held, diff=True)
    assert (result.changed, result.removed) == (["a", "b"], ["gone"])
    assert tree(held) == before
    write_bundles(wanted, held)
    assert tree(other) == tree(held)


def test_check_mode_before_the_first_run_finds_everything_new(tmp_path: Path) -> None:
    result = write_bundles([bundle(frr="1\n")], tmp_path / "check", compare_with=tmp_path / "bundle")
    assert result.changed == ["branch11"]
    assert not (tmp_path / "bundle").exists()


def test_diff_is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "DIFF_LINES", 10)
    result = write_bundles([bundle(frr="x\n" * 100)], tmp_path, diff=True)
    assert len(result.diff) == 10
    assert result.diff_text().endswith(f"... and {result.cut} more lines\n")


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".", "..", "-x", ".hidden"])
def test_name_that_is_no_directory_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FindingsError, match="rename the host"):
        write_bundles([bundle(name, frr="x\n")], tmp_path / "bundle")
    assert tree(tmp_path) == {}


def test_interrupted_run_is_completed_by_the_next(tmp_path: Path) -> None:
    """The manifest is written first: after a crash what is missing is written, what is stale removed."""
    write_bundles([bundle(frr="a\n", guard="b\n")], tmp_path)
    (tmp_path / "branch11/etc/mgre-dmvpn/guard").unlink()
    (tmp_path / "branch11/etc/mgre-dmvpn/.frr.new").write_text("half")
    assert write_bundles([bundle(frr="a\n", guard="b\n")], tmp_path).changed == ["branch11"]
    assert (tmp_path / "branch11/etc/mgre-dmvpn/guard").read_text() == "b\n"
