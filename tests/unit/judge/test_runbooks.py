# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runbooks are the table of causes, and say all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.causes.row import Cause
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.causes.symptoms import SYMPTOMS
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.causes.table import TABLE
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.runbooks import pages

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "runbooks"


def test_committed_runbooks_are_up_to_date_and_no_page_is_left_over() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert committed == pages(), "run tools/runbooks.py"


def test_every_cause_has_a_section_and_a_symptom_and_no_symptom_is_left_over() -> None:
    assert set(SYMPTOMS) == {cause.name for cause in TABLE}
    text = "".join(pages().values())
    for name in SYMPTOMS:
        assert text.count(f"\n## {name}\n") == 1


@pytest.mark.parametrize("cause", TABLE, ids=lambda cause: f"{cause.name}-{cause.check}")
def test_evidence_says_in_words_what_it_looks_at(cause: Cause) -> None:
    assert cause.evidence.__doc__
