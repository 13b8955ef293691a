# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The firewall's own checkers accept the guard. They need the kernel, so each runs in a namespace."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.linux import render_linux
from ansible_collections.mgre.dmvpn.tests.unit.render.devices import make_cloud, make_device

# Root in a user namespace of its own: works for any user and touches nothing.
ISOLATED = ("unshare", "--user", "--map-root-user", "--net")

DEVICES = {
    "spoke": make_device((make_cloud(), "spoke")),
    "hub": make_device((make_cloud(), "hub"), site=1),
    "ospf hub": make_device((make_cloud(routing_protocol="ospf"), "hub"), site=1),
    "hub of two clouds": make_device((make_cloud(), "hub"), (make_cloud("green", 20), "hub"), site=1),
}


def guard(device: Device, tmp_path: Path) -> Path:
    texts = [
        file.text
        for file in render_linux(device).files
        if "/guard." in file.path and "/etc/mgre" in file.path
    ]
    path = tmp_path / "guard"
    path.write_text(texts[0])
    return path


def run(*command: str | Path, given: str | None = None) -> str:
    done = subprocess.run(
        [*ISOLATED, *command], input=given, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", DEVICES)
def test_nft_accepts_the_guard(name: str, tmp_path: Path) -> None:
    run("nft", "--check", "--file", guard(DEVICES[name], tmp_path))


def test_loading_the_guard_twice_leaves_it_once_and_foreign_tables_alone(tmp_path: Path) -> None:
    path = guard(DEVICES["hub"], tmp_path)
    script = (
        f"nft add table inet theirs && nft -f {path} && nft list ruleset > {tmp_path}/once && "
        f"nft -f {path} && nft list ruleset > {tmp_path}/twice"
    )
    run("sh", "-ec", script)
    assert (tmp_path / "once").read_text() == (tmp_path / "twice").read_text()
    assert "table inet theirs" in (tmp_path / "twice").read_text()


@pytest.mark.parametrize("variant", ["iptables-nft-restore", "iptables-legacy-restore"])
@pytest.mark.parametrize("name", DEVICES)
def test_iptables_accepts_the_guard(name: str, variant: str, tmp_path: Path) -> None:
    from dataclasses import replace

    path = guard(replace(DEVICES[name], firewall="iptables"), tmp_path)
    run(variant, "--test", "--noflush", path)
