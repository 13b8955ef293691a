# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The checks and causes are documented by their own texts, and the committed page is those."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.causes.row import Cause
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.causes.table import TABLE, rows_of
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.reference import page
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import CHECKS

WORDS = {
    "subject",
    "got",
    "wanted",
    "overlay",
    "cloud",
    "peer",
    "nbma",
    "interface",
    "wan",
    "mtu",
    "evidence",
}


def test_committed_page_is_up_to_date() -> None:
    committed = Path(__file__).resolve().parents[3] / "docs" / "reference" / "checks.md"
    assert committed.read_text(encoding="utf-8") == page(), "run tools/checks_reference.py"


@pytest.mark.parametrize("cause", TABLE, ids=lambda cause: cause.name)
def test_cause_belongs_to_a_check_and_its_texts_can_be_filled_in(cause: Cause) -> None:
    assert set(cause.checks) <= {check.name for check in CHECKS}
    for text in (cause.says, cause.remedy):
        assert {part[1] for part in string.Formatter().parse(text) if part[1]} <= WORDS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_check_has_a_last_cause_that_needs_no_evidence(check: object) -> None:
    rows = rows_of(check.name)  # type: ignore[attr-defined]
    assert rows and rows[-1].subject == ""
