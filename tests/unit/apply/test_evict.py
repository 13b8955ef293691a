# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A revoked peer is put out, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.evict import Evicted, evict
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import Host, Result

CACHE = {
    "table": [
        {"interface": "dmvpn10", "type": "dynamic", "protocol": "10.255.0.13", "nbma": "203.0.113.18"},
        {"interface": "dmvpn10", "type": "dynamic", "protocol": "10.255.0.11", "nbma": "198.51.100.10"},
        {"interface": "dmvpn10", "type": "local", "protocol": "10.255.0.1", "nbma": "198.51.100.2"},
    ]
}
SAS = [
    {"mgre-internet": {"uniqueid": "4", "remote-id": "O=mgre-dmvpn, OU=10.255.0.13, CN=spoke3"}},
    {"mgre-internet-roll-4": {"uniqueid": "5", "remote-id": "O=mgre-dmvpn, OU=10.255.0.13, CN=spoke3"}},
    {"mgre-internet": {"uniqueid": "6", "remote-id": "O=mgre-dmvpn, OU=10.255.0.11, CN=spoke1"}},
    {"mgre-internet": {"uniqueid": "7", "remote-id": "O=mgre-dmvpn, OU=10.255.0.30, CN=spoke30"}},
]


def put_out(root: Path, name: str, *, check: bool = False) -> tuple[Evicted, list[str], list[str]]:
    """The outcome, the SAs that were ended, and the commands that FRR got."""
    commands: list[str] = []
    ended: list[str] = []

    def run(argv: Sequence[str], **_unused: Any) -> Result:
        told = " ".join(argv)
        if "show" in told:
            return Result(0, json.dumps(CACHE))
        commands.append(told)
        return Result(0)

    def request(command: str, message: Mapping[str, Any]) -> dict[str, Any]:
        assert command == "terminate"
        ended.append(message["ike-id"])
        return {"success": "yes"}

    return evict(Host(root, run), request, lambda: SAS, name, check=check), ended, commands


def test_only_the_peer_is_put_out(tmp_path: Path) -> None:
    done, ended, commands = put_out(tmp_path, "spoke3")
    assert done == Evicted(2, ["10.255.0.13"]) and ended == ["4", "5"]
    binding = "ip nhrp map 10.255.0.13 203.0.113.18"
    assert commands == [f"vtysh -c configure terminal -c interface dmvpn10 -c {binding} -c no {binding}"]


def test_check_only_counts(tmp_path: Path) -> None:
    done, ended, commands = put_out(tmp_path, "spoke3", check=True)
    assert done == Evicted(2, ["10.255.0.13"]) and ended == commands == []


def test_a_stranger_is_nobody(tmp_path: Path) -> None:
    assert put_out(tmp_path, "spoke9") == (Evicted(0, []), [], [])
