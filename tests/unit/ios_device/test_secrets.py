# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets are kept as IOS keeps them, and no log holds any."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.ios import secrets

if TYPE_CHECKING:
    from conftest import Make

SECRET = "Sup3r-secret-text"
LINES = [
    f"enable secret {SECRET}",
    f"username other privilege 15 secret {SECRET}",
    f"username third password {SECRET}",
    "crypto ikev2 keyring K",
    "peer ANY",
    f"pre-shared-key {SECRET}",
    f"pre-shared-key local {SECRET}",
    "interface Tunnel10",
    f"ip nhrp authentication {SECRET[:8]}",
    f"ip ospf message-digest-key 1 md5 {SECRET}",
    "router bgp 65000",
    "neighbor 10.0.0.1 remote-as 65000",
    f"neighbor 10.0.0.1 password {SECRET}",
]


def test_type_7_is_ciscos() -> None:
    # A pair that is on countless pages: "cisco" with salt 2.
    assert secrets.type7("cisco", 2) == "02050D480809"
    assert secrets.clear7("02050D480809") == "cisco"


def test_type_9_is_verified() -> None:
    hashed = secrets.type9("cisco")
    assert hashed.startswith("$9$") and len(hashed) == 3 + 14 + 1 + 43
    assert secrets.is_type9("cisco", hashed) and not secrets.is_type9("Cisco", hashed)


@pytest.mark.parametrize("text", ["a", "a long one with ümlaut", "x" * 120])
def test_types_6_and_7_can_be_read_back(text: str) -> None:
    assert secrets.clear6(secrets.type6(text, "master"), "master") == text
    assert secrets.clear7(secrets.type7(text, 9)) == text


def test_secrets_are_hashed_and_passwords_shown_as_they_are_told(make: Make) -> None:
    cli = make()
    cli.configure(*[line for line in LINES if "neighbor" not in line][:3], "router bgp 1", *LINES[-2:])
    assert "enable secret 9 $9$" in cli.running
    assert "username other privilege 15 secret 9 $9$" in cli.running
    assert f"username third password {SECRET}" in cli.running
    assert f" neighbor 10.0.0.1 password {SECRET}" in cli.running
    cli.configure("service password-encryption")
    assert f"username third password 7 {secrets.type7(SECRET)}" in cli.running
    assert f" neighbor 10.0.0.1 password 7 {secrets.type7(SECRET)}" in cli.running
    assert SECRET not in cli.running
    line = cli.device.config.children[("username", "third")]
    assert cli.device.unmasked(line) == SECRET


def test_ike_keys_are_type_6_under_a_master_key(make: Make) -> None:
    cli = make()
    cli.configure(*LINES[3:7])
    assert f"pre-shared-key {SECRET}" in cli.running
    cli.configure("key config-key password-encrypt master-key-1", "password encryption aes")
    assert SECRET not in cli.running and "pre-shared-key 6 " in cli.running
    peer = cli.device.config.get("crypto ikev2 keyring K").get("peer ANY")
    assert cli.device.unmasked(peer.get("pre-shared-key local")) == SECRET
    assert "config-key" not in cli.running


def test_no_log_holds_a_secret(make: Make, tmp_path: Path) -> None:
    cli = make(privilege=1, state=tmp_path)
    cli.run("enable", typing="wrong-try\rand-wrong\renable\r")
    assert cli.session.prompt == "R1#"
    cli.configure("router bgp 65000", *LINES)
    cli.run("configure terminal")
    # Lines that are refused hold secrets too, misspelt or in the wrong mode.
    refused = [
        f"pre-shared-key {SECRET}",
        f"enable secrt {SECRET}",
        f"usernme x password {SECRET}",
        f"username x pasword 0 {SECRET}",
        f"key-string {SECRET}",
        f"neighbor 10.0.0.9 password {SECRET}",
        f"ip nhrp authentication {SECRET}",
        f"do show {SECRET} key {SECRET}",
        f"snmp-server community {SECRET} ro",
        f"radius server x key 0 {SECRET}",
    ]
    for line in refused:
        assert "%" in cli.run(line)
    log = (tmp_path / "session.log").read_text()
    assert len(log.splitlines()) > len(LINES) + len(refused)
    for held in (SECRET, SECRET[:8], "wrong-try", "and-wrong"):
        assert held not in log
    assert "config: router bgp 65000" in log
