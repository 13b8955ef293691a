# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``mgre.dmvpn.netconf_apply`` by ansible-playbook itself, as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.delta import difference
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.payload import netconf_payload
from ansible_collections.mgre.dmvpn.tests.lab.netconf.fake import FakeRouter
from ansible_collections.mgre.dmvpn.tests.lab.netconf.fake_candidate import CandidateRouter
from ansible_collections.mgre.dmvpn.tests.netconf.conftest import SECRETS, Router, facts, hub

ROOT = Path(__file__).resolve().parents[2]
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Apply
      mgre.dmvpn.netconf_apply:
        bundle: "{{ bundle }}"
        confirm_timeout: 30
"""


HELD = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Apply
      mgre.dmvpn.netconf_apply:
        bundle: "{{ bundle }}"
        confirm: false
      register: it
    - name: End
      mgre.dmvpn.commit:
        state: "{{ state }}"
        commit: "{{ it.commit }}"
"""


class Playbook:
    """One router, its bundle, and what the playbook says about it."""

    def __init__(self, folder: Path, router: Router) -> None:
        self.folder = folder
        self.bundle = folder / "bundle"
        (self.bundle / "hub1").mkdir(parents=True)
        self.write(hub())
        self.known_hosts = folder / "home" / ".ssh" / "known_hosts"
        self.known_hosts.parent.mkdir(parents=True)
        router.front.known_host(self.known_hosts)
        (folder / "play.yml").write_text(PLAY, encoding="utf-8")
        port = router.front.port
        self.variables: dict[str, object] = {
            "ansible_host": "127.0.0.1",
            "ansible_user": "admin",
            "ansible_password": "admin",
            "ansible_connection": "ansible.netcommon.network_cli",
            "ansible_network_os": "cisco.ios.ios",
            "ansible_port": port,
            "dmvpn_netconf_port": port,
            "bundle": str(self.bundle),
            "dmvpn_psks": {"blue": SECRETS["psk/blue"]},
            "dmvpn_nhrp_secrets": {"blue": "{{ nhrp_word }}"},
            "nhrp_word": SECRETS["nhrp/blue"],
        }

    def write(self, text: str) -> None:
        (self.bundle / "hub1" / "config.xml").write_text(netconf_payload(text), encoding="utf-8")

    def run(self, *options: str) -> tuple[int, str]:
        inventory = {"all": {"hosts": {"hub1": self.variables}}}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
        environment = os.environ | {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
            "HOME": str(self.folder / "home"),
            "ANSIBLE_LOG_PATH": str(self.folder / "ansible.log"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.yml", "play.yml", "-vvv", *options],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout + done.stderr
        log = (self.folder / "ansible.log").read_text(encoding="utf-8")
        for secret in SECRETS.values():
            assert secret not in said and secret not in log
        assert "Traceback" not in said
        return done.returncode, said


@pytest.fixture
def playbook(netconfd: Router, tmp_path: Path) -> Playbook:
    return Playbook(tmp_path, netconfd)


def test_check_then_apply_then_nothing(playbook: Playbook, netconfd: Router) -> None:
    before = netconfd.holds()
    status, said = playbook.run("--check", "--diff")
    assert status == 0 and "changed=1" in said, said
    assert "+interface/Tunnel[name=10]/ip/mtu = 1400" in said and "key = (a secret)" in said
    assert netconfd.holds() == before
    status, said = playbook.run("--diff")
    assert status == 0 and "changed=1" in said, said
    assert not difference(netconfd.holds(), facts(hub()))
    status, said = playbook.run()
    assert status == 0 and "changed=0" in said, said


def test_what_is_wrong_is_one_line(playbook: Playbook, tmp_path: Path) -> None:
    for change, line in (
        ({"ansible_password": "wrong"}, "the router does not accept user admin; see ansible_user"),
        ({"dmvpn_netconf_port": 1}, "no NETCONF session"),
        ({"dmvpn_netconf_port": "ssh"}, "dmvpn_netconf_port: 'ssh' is not a port"),
        ({"dmvpn_psks": {}}, "dmvpn_psks: there is no secret for cloud blue"),
        ({"ansible_user": None}, "ansible_user: not set"),
        ({"bundle": str(tmp_path)}, "render it first"),
    ):
        kept = dict(playbook.variables)
        playbook.variables.update(change)
        status, said = playbook.run()
        playbook.variables = kept
        assert status == 2 and line in said, said


def test_an_unknown_host_key_is_refused_unless_told_so(playbook: Playbook) -> None:
    playbook.known_hosts.write_text("", encoding="utf-8")
    status, said = playbook.run("--check")
    assert status == 2 and "host key is not in known_hosts" in said, said
    playbook.variables["ansible_host_key_checking"] = False
    assert playbook.run("--check")[0] == 0


def test_a_router_that_refuses_is_as_it_was_and_the_secret_stays_hidden(tmp_path: Path) -> None:
    """The stand-in repeats all values, secrets too, in its refusal."""
    fake = FakeRouter("refuse_edit")
    with fake.front:
        playbook = Playbook(tmp_path, Router(fake.front))
        status, said = playbook.run()
        assert status == 2 and '"restored": true' in said, said
        assert "@@secret:psk/blue@@" in said
        assert fake.edits == 0 and not fake.timer_runs()


def held(folder: Path, router: Router, state: str) -> tuple[int, str]:
    """A change that is left waiting, and its end. Its token is all that the end needs; no command line."""
    playbook = Playbook(folder, router)
    (folder / "play.yml").write_text(HELD, encoding="utf-8")
    playbook.variables |= {"ansible_connection": "local", "state": state}
    return playbook.run()


def test_a_change_is_held_and_ended_by_its_token(tmp_path: Path, netconfd: Router) -> None:
    before = netconfd.holds()
    status, said = held(tmp_path / "undone", netconfd, "undone")
    assert status == 0 and "the change was undone: the configuration is as before" in said, said
    assert netconfd.holds() == before
    status, said = held(tmp_path / "confirmed", netconfd, "confirmed")
    assert status == 0 and "the change is confirmed" in said, said
    assert not difference(netconfd.holds(), facts(hub()))


def test_a_confirmation_that_is_refused_shows_no_secret(tmp_path: Path) -> None:
    """The stand-in repeats all that it holds."""
    fake = CandidateRouter("no_confirm")
    with fake.front:
        status, said = held(tmp_path, Router(fake.front), "confirmed")
        assert status == 2 and "a change waits there still" in said and "@@secret:psk/blue@@" in said, said
        assert fake.startup is None
