# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tables as people keep them: both kinds, with what a spreadsheet makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.branches.rows import read_table
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.findings import FindingsError

CSV = """\
\ufeffname;group;dmvpn_site;dmvpn_lans;dmvpn_transports.internet.interface;dmvpn_transports.internet.address;\
dmvpn_transports.internet.nat;dmvpn_frr_version
spoke4;branches;14;10.14.0.0/24 10.114.0.0/24;wan1;192.168.1.2;Yes;8.4

spoke5;;15;;wan1;dhcp;;
"""
YAML = """\
- name: spoke4
  group: branches
  dmvpn_site: 14
  dmvpn_lans: [10.14.0.0/24, 10.114.0.0/24]
  dmvpn_transports: {internet: {interface: wan1, address: 192.168.1.2, nat: true}}
  dmvpn_frr_version: "8.4"
- {name: spoke5, dmvpn_site: 15, dmvpn_transports: {internet: {interface: wan1, address: dhcp}}}
"""


@pytest.mark.parametrize(("name", "text", "lines"), [("t.csv", CSV, (2, 4)), ("t.yml", YAML, (1, 7))])
def test_both_kinds_of_table_mean_the_same(
    tmp_path: Path, name: str, text: str, lines: tuple[int, int]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    table = read_table(path)
    assert not table.findings
    first, second = table.rows
    assert first.place == f"{name} line {lines[0]}" and second.place == f"{name} line {lines[1]}"
    assert (first.name, first.groups, second.groups) == ("spoke4", ("branches",), ())
    assert first.variables == {
        "dmvpn_site": 14,
        "dmvpn_lans": ["10.14.0.0/24", "10.114.0.0/24"],
        "dmvpn_transports": {"internet": {"interface": "wan1", "address": "192.168.1.2", "nat": True}},
        "dmvpn_frr_version": "8.4",
    }
    assert second.variables == {
        "dmvpn_site": 15,
        "dmvpn_transports": {"internet": {"interface": "wan1", "address": "dhcp"}},
    }


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("t.yml", b"- name: spoke4\n  dmvpn_site: [14\n", "t.yml line 3: branches: is no YAML"),
        ("t.csv", b"name\nM\xfcnchen\n", "t.csv: branches: is not UTF-8; save it as UTF-8"),
        ("t.xls", b"name\n", "t.xls: branches: '.xls' is no kind of table; write a .csv or a .yml file"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, raw: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(FindingsError, match="1 finding") as refused:
        read_table(tmp_path / name)
    assert words in str(refused.value)
