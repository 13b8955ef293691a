# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No secret of the inventory is anywhere but where it belongs, wherever it comes from. Needs root.

Everything that playbooks print and write at their most talkative, the routers' journals, histories and files
that anybody may read, and all process lists are searched for the NHRP secret and the private keys.
"""

from __future__ import annotations

import re
import secrets as random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet
from ansible_collections.mgre.dmvpn.tests.lab.leaks import in_folder, on_router, private_key, watched

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

ROUTERS = ("hub1", "hub2", "spoke1", "spoke2", "spoke3")
HOME = ("lab-pki/ca.key", "a-secret-of-the-test")
# With another NHRP secret than its peers a router is not proven, so all get it at once.
TOGETHER = ("-e", '{"dmvpn_rollout": {"together": true}}')
VARIABLES = "group_vars/all/secrets.yml"


@pytest.fixture
def secret(fleet: Fleet) -> Iterator[str]:
    """An NHRP secret, of at most eight characters; afterwards the fleet is without one again."""
    yield f"Q{random.token_hex(3)}z"
    (fleet.inventory / VARIABLES).unlink(missing_ok=True)
    fleet.site(*TOGETHER)
    fleet.wait_green()


def keys(fleet: Fleet) -> dict[str, str]:
    """A line of each private key, of routers and CA."""
    path = "/etc/swanctl/private/mgre-dmvpn.key"
    found = {host: private_key(fleet.lab.ssh(host, f"cat {path}")) for host in ROUTERS}
    return found | {"CA": private_key((fleet.folder / ".build" / "lab-pki" / "ca.key").read_text())}


@pytest.mark.soak
def test_secrets_stay_where_they_belong_whatever_they_come_from(
    fleet: Fleet, secret: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    variables = fleet.inventory / VARIABLES
    password = tmp_path / "password"
    password.write_text(random.token_hex(16))
    password.chmod(0o600)
    variables.write_text(f"dmvpn_nhrp_secrets:\n  blue: {secret}\n")
    vault = ("--vault-password-file", str(password))
    program = str(Path(sys.executable).with_name("ansible-vault"))
    subprocess.run([program, "encrypt", *vault, str(variables)], check=True, capture_output=True, timeout=60)
    assert "$ANSIBLE_VAULT" in variables.read_text()
    known = keys(fleet) | {"NHRP": secret}
    logs = fleet.folder / "artifacts" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with watched(fleet.lab, ROUTERS, known) as leaks:
        for name, *arguments in (
            ("site", "--diff", "-vvv", *TOGETHER),
            ("verify", "-vvv"),
            ("audit", "-vvv", "--diff"),
        ):
            done = fleet.play(name, *vault, *arguments)
            (logs / f"{name}.txt").write_text(done.stdout + done.stderr)
            assert name == "verify" or done.returncode == 0, done.stdout[-3000:]
    # It is in use, so there was something to leak.
    assert f"ip nhrp authentication {secret}" in fleet.vtysh("hub1", "show running-config")
    for host in ROUTERS:
        leaks |= on_router(fleet.lab, host, known)
    leaks |= in_folder(fleet.folder, known, HOME)
    assert leaks == set()
    # From the environment, and from any lookup: the same value, so nothing changes.
    file = tmp_path / "a-secret-of-the-test"
    file.write_text(secret)
    monkeypatch.setenv("MGRE_TEST_SECRET", secret)
    for source in ("'ansible.builtin.env', 'MGRE_TEST_SECRET'", f"'ansible.builtin.file', '{file}'"):
        variables.write_text(f'dmvpn_nhrp_secrets:\n  blue: "{{{{ lookup({source}) }}}}"\n')
        recap = fleet.site("--limit", "spoke1").split("PLAY RECAP")[1]
        assert re.search(r"spoke1 .*changed=0 ", recap), recap


PLANTED = "planted-for-this-test"
PLANTS = {
    "journal": "logger PLANT",
    "/var/tmp/planted": "echo PLANT > /var/tmp/planted; chmod 0644 /var/tmp/planted",
    "/root/.bash_history": "echo 'vtysh -c PLANT' >> /root/.bash_history",
    "/var/lib/mgre-dmvpn/planted.jsonl": "echo PLANT >> /var/lib/mgre-dmvpn/planted.jsonl",
}


def test_a_secret_that_is_planted_is_found(fleet: Fleet) -> None:
    known = {"PSK": PLANTED}
    assert on_router(fleet.lab, "spoke1", known) == set() == in_folder(fleet.folder, known)
    artifact = fleet.folder / "artifacts" / "planted.json"
    with watched(fleet.lab, ("spoke1",), known) as leaks:
        try:
            for command in PLANTS.values():
                fleet.lab.ssh("spoke1", command.replace("PLANT", PLANTED))
            artifact.write_text(f'{{"psk": "{PLANTED}"}}')
            found = on_router(fleet.lab, "spoke1", known)
            assert found == {(f"spoke1: {place}", "PSK") for place in PLANTS}
            assert in_folder(fleet.folder, known) == {(str(artifact), "PSK")}
            fleet.lab.ssh("spoke1", f"exec -a {PLANTED} sleep 1")
        finally:
            artifact.unlink(missing_ok=True)
            fleet.lab.ssh(
                "spoke1",
                "rm -f /var/tmp/planted /root/.bash_history /var/lib/mgre-dmvpn/planted.jsonl; "
                "journalctl -q --rotate --vacuum-time=1s",
            )
    assert leaks == {("spoke1: process list", "PSK"), ("process list", "PSK")}
