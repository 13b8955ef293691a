# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said about bad tables of new branches, word for word.

``bad_branches/NAME.csv`` or ``.yml`` is the table, for the fleet of ``bad_inventories/base.yml``;
``NAME.txt`` is the whole message. ``UPDATE_GOLDEN=1`` writes the messages anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.branches.check import (
    contradictions,
    grouped,
    joined,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.branches.rows import read_table
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.findings import Finding, FindingsError

HERE = Path(__file__).parent
CASES = HERE / "bad_branches"
TABLES = sorted(path.name for path in CASES.iterdir() if path.suffix in (".csv", ".yml"))
SECRETS = ("hunter2", "correct-horse")


def judged(path: Path) -> str:
    base = yaml.safe_load((HERE / "bad_inventories" / "base.yml").read_text(encoding="utf-8"))
    hostvars = {host: base["fleet"] | own for host, own in base["hosts"].items()}
    groups = base["groups"]
    findings: list[Finding] = []
    try:
        table = read_table(path)
        rows, wrong = grouped(table.rows, hostvars, groups)
        here = {row.name: hostvars.get(row.name, {}) for row in rows if row.name in groups["all"]}
        findings += [*table.findings, *wrong]
        findings += contradictions([row for row in rows if row.name in here], here, groups)
        for row in rows:
            if row.name not in here:
                hostvars[row.name] = base["fleet"] | row.variables
                for group in ("all", *row.groups):
                    groups[group].append(row.name)
        joined(hostvars, groups, [row.name for row in rows], rows)
    except FindingsError as error:
        findings += error.findings
    return f"{FindingsError(findings)}\n"


@pytest.mark.parametrize("name", TABLES)
def test_bad_table_is_refused_with_these_words(name: str) -> None:
    said = judged(CASES / name)
    golden = (CASES / name).with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")
    assert not said.startswith("0 findings")
    assert not any(secret in said for secret in SECRETS)


def test_no_message_is_left_over_from_a_table_that_is_gone() -> None:
    assert {path.stem for path in CASES.glob("*.txt")} == {Path(name).stem for name in TABLES}
