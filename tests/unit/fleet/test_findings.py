# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How findings are shown."""

from __future__ import annotations

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.findings import Finding, FindingsError, render


def finding(host: str, subject: str = "dmvpn_site") -> Finding:
    return Finding(host, subject, "is missing", "write it")


def test_a_finding_is_one_line() -> None:
    assert str(finding("spoke7")) == "spoke7: dmvpn_site: is missing; write it"


def test_the_list_is_counted_and_sorted_as_people_count() -> None:
    found = [finding("spoke10", "b"), finding("spoke2", "c"), finding("spoke2", "a")]
    assert render(found).splitlines() == [
        "3 findings:",
        "spoke2: a: is missing; write it",
        "spoke2: c: is missing; write it",
        "spoke10: b: is missing; write it",
    ]


def test_hosts_that_share_a_finding_share_its_line() -> None:
    found = [finding(f"spoke{number}") for number in (5, 4, 3, 2, 1)]
    assert render(found).splitlines() == [
        "1 finding:",
        "spoke1, spoke2, spoke3 and 2 more: dmvpn_site: is missing; write it",
    ]


def test_the_error_holds_all_findings_and_prints_them() -> None:
    error = FindingsError(iter([finding("a"), finding("b")]))
    assert [f.host for f in error.findings] == ["a", "b"]
    assert str(error) == "1 finding:\na, b: dmvpn_site: is missing; write it"
