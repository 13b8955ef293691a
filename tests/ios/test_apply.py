# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A bundle onto a router over SSH, with ansible-playbook and network_cli."""

from __future__ import annotations

import pytest

from .conftest import NHRP, PSK, Make


@pytest.mark.parametrize("release", ["15.5", "15.9", "17.15"])
def test_applied_saved_and_the_second_run_changes_nothing(make: Make, hub: str, release: str) -> None:
    router = make(release=release)
    router.bundle(hub)
    before = router.text
    first = router.apply()
    assert first.code == 0, first.output
    assert first.result["changed"]
    after = router.text
    assert "tunnel protection ipsec profile MGRE-internet" in after
    assert " shutdown" not in after.split("interface Tunnel10")[1].split("!")[0]
    assert router.device.startup() == after
    assert not router.device.archive.pending
    assert set(before.splitlines()) - set(after.splitlines()) == set(), "foreign lines are gone"
    second = router.apply()
    assert second.code == 0, second.output
    assert not second.result["changed"]
    assert second.result["lines"] == []
    assert router.text == after
    assert router.device.crashes == []


def test_check_shows_the_lines_and_touches_nothing(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    before = router.text
    run = router.apply("--check", "--diff")
    assert run.code == 0, run.output
    assert run.result["changed"]
    shown = run.result["diff"]["prepared"]
    assert " tunnel protection ipsec profile MGRE-internet\n" in shown
    assert "@@secret:psk/blue@@" in shown
    assert router.text == before
    assert "configure terminal" not in router.log
    assert not router.device.startup()


def test_no_secret_in_any_output_or_log(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    first = router.apply("--diff", "-vvvv")
    assert first.code == 0, first.output
    assert PSK in router.text and NHRP in router.text
    router.fault("invalid=pre-shared-key", "invalid=authentication")
    router.variables["dmvpn_psks"] = {"blue": PSK + "x"}
    router.variables["dmvpn_nhrp_secrets"] = {"blue": NHRP[:-1] + "9"}
    second = router.apply("--diff", "-vvvv")
    assert second.code != 0
    assert "@@secret:psk/blue@@" in second.message
    for text in (first.output, second.output, router.log):
        assert PSK not in text
        assert NHRP not in text
        assert NHRP[:-1] + "9" not in text


def test_a_changed_secret_is_sent_alone(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    assert router.apply().code == 0
    router.variables["dmvpn_psks"] = {"blue": "another-psk-of-many-letters"}
    run = router.apply()
    assert run.code == 0, run.output
    assert run.result["lines"] == [
        "crypto ikev2 keyring MGRE-internet",
        " peer ANY",
        "  pre-shared-key @@secret:psk/blue@@",
    ]
    assert "another-psk-of-many-letters" in router.text


def test_encrypted_secrets_count_as_equal_until_they_are_pushed(make: Make, hub: str) -> None:
    router = make(more="key config-key password-encrypt a-master-key\npassword encryption aes")
    router.bundle(hub)
    first = router.apply()
    assert first.code == 0, first.output
    assert PSK not in router.text
    assert "pre-shared-key 6 " in router.text
    assert not router.apply().result["changed"]
    pushed = router.apply(push_secrets=True)
    assert pushed.result["lines"][-1].strip() == "pre-shared-key @@secret:psk/blue@@", pushed.output


def test_absent_leaves_the_router_as_it_was(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    before = router.text
    assert router.apply().code == 0
    run = router.apply(state="absent")
    assert run.code == 0, run.output
    assert router.text == before
    assert router.device.startup() == before
    assert not router.apply(state="absent").result["changed"]


def test_the_role_applies_what_was_rendered(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    router.variables["dmvpn_bundle_dir"] = "bundle"
    playbook = "- hosts: r1\n  gather_facts: false\n  roles: [mgre.dmvpn.ios]\n"
    run = router.play(playbook)
    assert run.code == 0, run.output
    assert run.result["changed"]
    assert "interface Tunnel10" in router.device.startup()


def test_waits_for_the_tunnels(make: Make, hub: str) -> None:
    """The router of the tests shows a tunnel up as soon as it is not shut down."""
    router = make()
    router.bundle(hub)
    run = router.apply(wait_for_tunnels=60)
    assert run.code == 0, run.output
    assert "show interfaces Tunnel10" in router.log
