# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of an audit: what it says of each router, and that nothing missing passes for clean."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.mgre.dmvpn.plugins.module_utils.difference import Difference
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.audit.present import as_json, console, junit
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.audit.report import Audit, clean, load, save

CHANGED = Difference(
    "files",
    "/etc/x",
    "ours",
    "was changed on the router",
    "somebody",
    "run site.yml",
    1_800_000_000.0,
    lines=["- x"],
)
FOREIGN = Difference("firewall", "table inet mine", "theirs", "drops ESP", "whoever", "let it pass")
NOTED = Difference("versions", "frr 8.4.4", "theirs", "can crash", remedy="install 10.3", severity="note")
UNREAD = Difference("tunnels", "dmvpn10", "ours", "ip is gone", severity="unknown")


def audits(*differences: Difference) -> list[Audit]:
    return [
        Audit("hub1", 1, ("files", "clock"), 1_800_000_000.0),
        Audit("spoke1", 11, ("files", "clock"), None, list(differences)),
    ]


def test_verdicts(tmp_path: Path) -> None:
    assert not clean([])
    assert clean(audits()) and clean(audits(NOTED))
    for one, verdict in ((CHANGED, "DRIFT"), (FOREIGN, "DRIFT"), (UNREAD, "NOT PROVEN")):
        assert not clean(audits(one)) and audits(one)[1].verdict == verdict
    missing = load(tmp_path, "spoke2")
    assert missing.verdict == "NOT AUDITED" and not clean([*audits(), missing])
    (tmp_path / "spoke2.json").write_text("{")
    assert load(tmp_path, "spoke2").verdict == "NOT AUDITED"


def test_what_is_written_is_read_again_and_for_nobody_else(tmp_path: Path) -> None:
    audit = audits(CHANGED, NOTED)[1]
    save(tmp_path, audit)
    assert load(tmp_path, "spoke1") == audit
    assert (tmp_path / "spoke1.json").stat().st_mode & 0o777 == 0o600


def test_it_reads_like_a_colleagues_report() -> None:
    text = console([*audits(CHANGED, FOREIGN, NOTED), Audit("spoke2", error="no route")])
    assert text == Path(__file__).with_name("report.txt").read_text().rstrip("\n")


def test_json_and_junit() -> None:
    held = audits(CHANGED, FOREIGN, NOTED, UNREAD)
    report = as_json(held)
    assert report["verdict"] == "drift" and report["drift"] == {"ours": 1, "theirs": 1, "default": 0}
    suites = ElementTree.fromstring(junit(held))
    cases = {
        (case.get("classname"), case.get("name")): [fault.tag for fault in case]
        for case in suites.iter("testcase")
    }
    assert cases == {
        ("hub1", "files"): [],
        ("hub1", "clock"): [],
        ("spoke1", "files"): ["failure"],
        ("spoke1", "clock"): [],
        ("spoke1", "firewall"): ["failure"],
        ("spoke1", "versions"): [],
        ("spoke1", "tunnels"): ["error"],
    }
