# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""audit.yml on live routers: every kind of drift is made for real, and named with its owner. Needs root.

It fails if a drift is not seen, if it is laid to another owner, if something is named that nobody did, or if
the audit itself changes a router.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.audit_drifts import DRIFTS, Drift
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

ROUTERS = ("hub1", "hub2", "spoke1", "spoke2", "spoke3")
MARK = "/run/audit-test"
CERTIFICATE = "/etc/swanctl/x509/mgre-dmvpn.crt"
# What an audit could have written; vtysh keeps a history of its own, Ansible its module for a moment.
WRITTEN = (
    f"find /etc /usr/local /var/lib/mgre-dmvpn /root /tmp -newer {MARK} -type f "
    "! -path '/root/.ansible/*' ! -path '/tmp/ansible*' ! -name .history_frr"
)


def audit(fleet: Fleet, *arguments: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """audit.yml and its report; exit status, verdict and file modes have to agree."""
    done = fleet.play("audit", *arguments)
    folder = fleet.folder / "artifacts" / "audit"
    report: dict[str, Any] = json.loads((folder / "audit.json").read_text())
    assert (report["verdict"] == "clean") == (done.returncode == 0), done.stdout + done.stderr
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    return done, report


def differences(report: dict[str, Any], host: str) -> list[dict[str, Any]]:
    """What drifted on a router; notes are none."""
    found = next(held for held in report["hosts"] if held["host"] == host)
    return [one for one in found["differences"] if one["severity"] != "note"]


def names(drift: Drift, one: dict[str, Any]) -> bool:
    """Whether this difference is that drift, of the right owner."""
    return (
        (one["area"], one["owner"]) == (drift.area, drift.owner)
        and drift.subject in one["subject"]
        and drift.by in one["by"]
    )


@pytest.fixture
def drifted(fleet: Fleet) -> Iterator[None]:
    """All drifts at once; afterwards the fleet is green."""
    variables = fleet.inventory / "host_vars" / "hub1.yml"
    before = variables.read_text()
    with ExitStack() as mends:
        mends.callback(fleet.wait_green)
        mends.callback(fleet.site)
        mends.callback(variables.write_text, before)
        # A certificate for ten days, and a LAN that no run has told the router of.
        fleet.lab.ssh("hub1", f"rm {CERTIFICATE}")
        done = fleet.play("pki", "--limit", "hub1", "-e", "pki_valid_days=10", "-e", "pki_renew_days=5")
        assert done.returncode == 0, done.stdout + done.stderr
        variables.write_text(before.replace("[10.1.0.0/24]", "[10.1.0.0/24, 10.101.0.0/24]"))
        for drift in DRIFTS:
            mends.callback(fleet.lab.ssh, drift.host, drift.mends)
            fleet.lab.ssh(drift.host, drift.breaks)
        yield


def test_an_untouched_fleet_is_clean_and_stays_as_it_is(fleet: Fleet) -> None:
    for host in ROUTERS:
        fleet.lab.ssh(host, f"touch {MARK}")
    done, report = audit(fleet)
    assert done.returncode == 0, done.stdout
    assert [held["differences"] for held in report["hosts"]] == [[]] * len(ROUTERS), done.stdout
    for host in ROUTERS:
        assert fleet.lab.ssh(host, WRITTEN) == "", host


@pytest.mark.usefixtures("drifted")
def test_each_drift_is_named_with_its_owner(fleet: Fleet) -> None:
    done, report = audit(fleet)
    assert done.returncode != 0
    for host in ROUTERS:
        found = [one for one in differences(report, host) if host != "hub1"]
        made = [drift for drift in DRIFTS if drift.host == host]
        for drift in made:
            assert any(names(drift, one) for one in found), (drift, found)
        stray = [one for one in found if not any(names(drift, one) for drift in made)]
        assert stray == [], (host, stray)
    changed = next(one for one in differences(report, "spoke1") if "guard.nft" in one["subject"])
    assert changed["lines"] == ["-# by hand"] and changed["since"] is not None
    # An inventory that moved on is told from a router that was changed.
    ends, *moved = differences(report, "hub1")[::-1]
    assert (ends["area"], ends["owner"]) == ("certificates", "ours") and "10 days left" in ends["what"], ends
    assert {(one["owner"], one["by"]) for one in moved} == {
        ("ours", "the inventory or the collection changed since the last run")
    }, moved
    assert any("10.101.0.0/24" in line for one in moved for line in one["lines"]), moved
    suites = ElementTree.parse(fleet.folder / "artifacts" / "audit" / "audit.xml").getroot()
    failed = {
        (suite.get("name"), case.get("name"))
        for suite in suites.iter("testsuite")
        for case in suite.iter("testcase")
        if case.find("failure") is not None and suite.get("name") != "hub1"
    }
    assert failed == {(drift.host, drift.area) for drift in DRIFTS}


def test_only_what_is_asked_for_is_audited_and_what_site_yml_mended_is_clean(fleet: Fleet) -> None:
    fleet.lab.ssh("hub2", "systemctl disable mgre-dmvpn-guard")
    try:
        done, report = audit(fleet, "--limit", "hub1,hub2,spoke2")
        assert done.returncode != 0 and report["routers"] == {"clean": 2, "DRIFT": 1}, done.stdout
        assert [held["verdict"] for held in report["hosts"]] == ["clean", "DRIFT", "clean"]
    finally:
        fleet.lab.ssh("hub2", "systemctl enable mgre-dmvpn-guard")
