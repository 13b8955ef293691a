# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Known faults, weak algorithms, and what verify's checks add to an audit."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import IkeSa, Suite
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.audit.judged import judged
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.audit.software import software, suites
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import HUB1, NOW, device, state

HUB = device(HUB1)


@pytest.mark.parametrize(
    ("package", "told", "severity"),
    [
        ("frr", "10.3-3+deb13u1", None),
        ("frr", "10.1.3-1", "drift"),
        ("frr", "10.0-1", "drift"),
        ("frr", "8.4.4-1.1~deb12u1", "note"),
        ("frr", "8.5.4-1", "note"),
        ("frr", "8.5.5-1", None),
        ("frr", "7.5.1-1", "drift"),
        ("strongswan", "5.9.5-2ubuntu2", "drift"),
        ("strongswan", "5.9.8-5+deb12u1", None),
        ("strongswan", "6.0.1-6", None),
    ],
)
def test_versions(package: str, told: str, severity: str | None) -> None:
    held = state(HUB)
    held.host.versions = {package: told}
    found = [(one.severity, one.subject) for one in software(HUB, held)]
    assert found == ([(severity, f"{package} {told}")] if severity else [])


def test_weak_algorithms_are_told_with_their_owner() -> None:
    held = state(HUB)
    assert list(suites(HUB, held)) == []
    weak = Suite("3DES_CBC", None, "HMAC_SHA1_96", "PRF_HMAC_SHA1", "MODP_1024")
    held.sas = [
        IkeSa("mgre-internet", remote="198.51.100.10", suite=weak),
        IkeSa("other", remote="203.0.113.9", suite=weak),
    ]
    ours, theirs = suites(HUB, held)
    assert (ours.owner, theirs.owner) == ("ours", "theirs")
    assert "3DES_CBC, HMAC_SHA1_96, MODP_1024, PRF_HMAC_SHA1" in ours.what


def test_certificates_and_clock() -> None:
    held = state(HUB)
    assert list(judged(HUB, held, set())) == []
    for one in held.certificates or []:
        one.not_after = NOW + 3 * 86400
    held.host.ahead = 900.0
    found = {(one.area, one.owner) for one in judged(HUB, held, set())}
    assert found == {("clock", "default"), ("certificates", "ours")}


def test_what_files_and_lines_told_is_not_told_again() -> None:
    held = state(HUB)
    assert held.guard is not None
    held.guard.present = False
    assert [one.area for one in judged(HUB, held, set())] == ["firewall"]
    assert list(judged(HUB, held, {"firewall"})) == []


def test_what_cannot_be_read_is_not_clean() -> None:
    held = state(HUB)
    held.interfaces = None
    held.unreadable["interfaces"] = "ip is gone"
    (found,) = judged(HUB, held, set())
    assert (found.severity, found.what) == ("unknown", "ip is gone")
