# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pki role as ansible-playbook runs it, against this machine with a directory of its own as swanctl's."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pki import authority

PLAY = """
- hosts: spoke1
  gather_facts: false
  tasks:
    - mgre.dmvpn.certificate: {arguments}
      register: result
      ignore_errors: true
    - ansible.builtin.copy:
        content: "{{ result | to_json }}"
        dest: "{{ playbook_dir }}/result.json"
        mode: "0600"
      check_mode: false
      diff: false
"""
# Where this collection is imported from, so that ansible-playbook finds the same one.
COLLECTIONS = next(
    path.parent for path in Path(authority.__file__).absolute().parents if path.name == "ansible_collections"
)


@dataclass
class Router:
    """A directory with a bundle, a CA and a router's swanctl directory."""

    home: Path

    @property
    def swanctl(self) -> Path:
        return self.home / "swanctl"

    def render(self, overlay: str) -> None:
        member = {"overlay": overlay, "cloud": {"ipsec": {"auth": "certificate"}}}
        (self.home / "bundle/spoke1").mkdir(parents=True, exist_ok=True)
        (self.home / "bundle/spoke1/intent.json").write_text(
            json.dumps({"name": "spoke1", "memberships": [member]})
        )

    def run(self, *options: str, **arguments: object) -> dict[str, Any]:
        """What the action returned."""
        given = {
            "bundle": str(self.home / "bundle"),
            "authority_dir": str(self.home / "pki"),
            "directory": str(self.swanctl),
            **arguments,
        }
        play = self.home / "play.yml"
        play.write_text(PLAY.replace("{arguments}", json.dumps(given)))
        environment = os.environ | {
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }
        command = [
            *(str(Path(sys.executable).parent / "ansible-playbook"), "-c", "local", "-i", "spoke1,"),
            *("-e", f"ansible_python_interpreter={sys.executable}", *options, str(play)),
        ]
        done = subprocess.run(
            command, env=environment, check=False, capture_output=True, text=True, timeout=120
        )
        self.output = done.stdout + done.stderr
        assert "PRIVATE KEY" not in self.output
        assert done.returncode == 0, self.output
        result: dict[str, Any] = json.loads((self.home / "result.json").read_bytes())
        return result


@pytest.fixture
def router(tmp_path: Path) -> Router:
    made = Router(tmp_path)
    made.render("10.255.0.11")
    return made


def openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout


def test_makes_key_and_certificate_once_and_again_when_the_address_changes(router: Router) -> None:
    planned = router.run("--check", "--diff")
    assert planned["changed"] and not (router.home / "pki").exists() and not router.swanctl.exists()

    first = router.run()
    assert first["changed"] and first["reasons"] == ["there is none"]
    key, certificate = router.swanctl / "private/mgre-dmvpn.key", router.swanctl / "x509/mgre-dmvpn.crt"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(certificate.stat().st_mode) == 0o644
    assert "ASN1 OID: secp384r1" in openssl("pkey", "-in", str(key), "-noout", "-text")
    openssl("verify", "-CAfile", str(router.swanctl / "x509ca/mgre-dmvpn-ca.crt"), str(certificate))
    subject = openssl("x509", "-in", str(certificate), "-noout", "-subject", "-nameopt", "RFC2253")
    assert subject.strip() == "subject=CN=spoke1,OU=10.255.0.11,O=mgre-dmvpn"

    secret, issued = key.read_bytes(), certificate.read_bytes()
    second = router.run()
    assert not second["changed"] and second["reasons"] == []
    assert not router.run("--check")["changed"]

    router.render("10.255.0.99")
    moved = router.run("--diff")
    assert moved["changed"] and "OU=10.255.0.11" in moved["reasons"][0]
    assert key.read_bytes() == secret and certificate.read_bytes() != issued
    assert "OU=10.255.0.99" in moved["diff"]["after"]


def test_a_key_that_is_none_of_ours_is_not_overwritten(router: Router) -> None:
    key = router.swanctl / "private/mgre-dmvpn.key"
    key.parent.mkdir(parents=True)
    key.write_text("something else\n")
    result = router.run()
    assert "it was not touched" in result["msg"] and "spoke1: certificate: " in result["msg"]
    assert key.read_text() == "something else\n"


def test_existing_certificates_are_checked_and_left_as_they_are(router: Router) -> None:
    missing = router.run(mode="existing")
    assert "CA: there is none" in missing["msg"] and "there is no private key" in missing["msg"]
    assert not (router.swanctl / "private").exists()

    router.run()
    before = {path: path.read_bytes() for path in router.swanctl.rglob("*.*") if path.is_file()}
    assert not router.run(mode="existing")["changed"]
    router.render("10.255.0.99")
    wrong = router.run(mode="existing")
    assert "it is for 'O=mgre-dmvpn, OU=10.255.0.11, CN=spoke1' instead of" in wrong["msg"]
    assert before == {path: path.read_bytes() for path in before}


def test_given_files_are_copied_once_and_another_key_is_refused(router: Router) -> None:
    router.run()
    given = router.home / "given"
    router.swanctl.rename(given)
    files = {
        "certificate_file": str(given / "x509/mgre-dmvpn.crt"),
        "key_file": str(given / "private/mgre-dmvpn.key"),
        "authority_file": str(given / "x509ca/mgre-dmvpn-ca.crt"),
    }
    assert router.run("--check", mode="existing", **files)["changed"]
    assert not router.swanctl.exists()
    assert router.run("-vvv", mode="existing", **files)["changed"]
    assert not router.run(mode="existing", **files)["changed"]
    key = router.swanctl / "private/mgre-dmvpn.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600

    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", str(key))
    other = key.read_bytes()
    assert "it belongs to another private key" in router.run(mode="existing", **files)["msg"]
    assert key.read_bytes() == other


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"authority_dir": None}, "dmvpn_pki_dir: write"),
        ({"valid_days": 0}, "pki_valid_days: write"),
        ({"renew_days": 397}, "pki_renew_days: write"),
        ({"bundle": "/nonexistent"}, "run playbooks/render.yml first"),
        ({"mode": "existing", "certificate_file": "/nonexistent"}, "No such file"),
    ],
)
def test_wrong_settings_get_one_sentence(router: Router, arguments: dict[str, object], message: str) -> None:
    result = router.run(**arguments)
    assert result["failed"] and message in result["msg"] and "Traceback" not in router.output
