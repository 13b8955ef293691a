# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router's first boot: patient, with nothing left behind, and no key of its own replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import first_boot as module
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import Host
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.transaction import Failed, Outcome, Refused

FOLDER = "/var/lib/mgre-dmvpn-bootstrap"
ARGUMENTS = {
    "manifest": {"files": [], "units": [], "interfaces": [], "firewall": "nftables"},
    "texts": {},
    "programs": {},
    "secrets": {},
    "intent": {},
    "credentials": {"key": "the key\n", "certificate": "the certificate\n", "authority": "the CA\n"},
}
Booted = Callable[..., tuple[int, str]]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(root=tmp_path, sleep=lambda _seconds: None)
    host.directory(FOLDER, 0o700)
    host.write(f"{FOLDER}/arguments.json", json.dumps(ARGUMENTS), 0o600)
    return host


@pytest.fixture
def boot(host: Host, monkeypatch: pytest.MonkeyPatch) -> Booted:
    """Boots with what ``apply`` does, one after the other; the last again and again."""

    def booted(*outcomes: Exception | Outcome) -> tuple[int, str]:
        left = list(outcomes)

        def apply(*_arguments: Any, **_words: Any) -> Outcome:
            outcome = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(module, "apply", apply)
        said: list[str] = []
        return module.first_boot(host, FOLDER, said.append), "\n".join(said)

    return booted


def test_it_tries_again_until_its_wan_and_its_packages_are_there(host: Host, boot: Booted) -> None:
    status, said = boot(
        Refused(["no address on wan1"]), Failed("ipsec", "charon is not up", []), Outcome(True, ["new"])
    )
    assert status == 0
    assert said.splitlines()[0] == "no address on wan1" and "charon is not up" in said and "new" in said
    assert not host.exists(FOLDER), "what it was given is gone"
    assert host.read("/etc/swanctl/private/mgre-dmvpn.key") == "the key\n"
    assert host.mode("/etc/swanctl/private/mgre-dmvpn.key") == 0o600
    assert host.read("/etc/swanctl/x509/mgre-dmvpn.crt") == "the certificate\n"
    assert host.read("/etc/swanctl/x509ca/mgre-dmvpn-ca.crt") == "the CA\n"


def test_what_never_works_ends_and_can_be_tried_again(host: Host, boot: Booted) -> None:
    status, said = boot(Refused(["not installed: frr"]))
    assert status == 1 and said.count("not installed: frr") == module.TRIES
    assert host.exists(f"{FOLDER}/arguments.json")


def test_a_key_that_is_there_stays(host: Host, boot: Booted) -> None:
    host.write("/etc/swanctl/private/mgre-dmvpn.key", "its own\n", 0o600)
    assert boot(Outcome(True))[0] == 0
    assert host.read("/etc/swanctl/private/mgre-dmvpn.key") == "its own\n"
    assert not host.exists("/etc/swanctl/x509/mgre-dmvpn.crt")


def test_a_second_boot_does_nothing(host: Host, boot: Booted) -> None:
    boot(Outcome(True))
    assert boot(Outcome(True)) == (0, f"there is nothing to do: {FOLDER}/arguments.json is gone")
