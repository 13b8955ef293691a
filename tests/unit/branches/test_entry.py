# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Host entries as text: every line that was there is still there, and Ansible reads what was meant."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.branches.entry import (
    HEADING,
    Entry,
    NoPlace,
    with_entries,
)

SPOKE4 = Entry(
    "spoke4",
    ("branches", "mpls_branches"),
    {
        "ansible_host": "192.0.2.4",
        "dmvpn_site": 14,
        "dmvpn_lans": ["10.14.0.0/24"],
        "dmvpn_transports": {"internet": {"interface": "wan1", "address": "dhcp"}},
    },
)
SPOKE5 = Entry("spoke5", ("branches",), {"dmvpn_site": 15})
EDITED = """\
# Ours
branches:
  hosts:
    spoke4:   # moves in March
      dmvpn_site: 14
      psk: !vault |
        $ANSIBLE_VAULT;1.1;AES256
        3132
    # the north

mpls_branches:
  vars: {colour: red}
"""


def test_the_first_entries_make_a_file_that_says_what_it_is() -> None:
    text = with_entries("", [SPOKE4, SPOKE5])
    assert text == HEADING + (
        "branches:\n"
        "  hosts:\n"
        "    spoke4:\n"
        "      ansible_host: 192.0.2.4\n"
        "      dmvpn_site: 14\n"
        "      dmvpn_lans: [10.14.0.0/24]\n"
        "      dmvpn_transports:\n"
        "        internet: {interface: wan1, address: dhcp}\n"
        "    spoke5:\n"
        "      dmvpn_site: 15\n"
        "mpls_branches:\n"
        "  hosts:\n"
        "    spoke4:\n"
    )


def test_further_entries_leave_every_line_of_somebody_else_as_it_is() -> None:
    text = with_entries(EDITED.replace("mpls_branches:\n  vars: {colour: red}\n", ""), [SPOKE5])
    added = ["    spoke5:", "      dmvpn_site: 15"]
    lines = text.splitlines()
    assert [line for line in lines if line not in added] == EDITED.splitlines()[:10]
    place = lines.index("    spoke5:")
    assert lines[place - 1] == "    # the north"
    assert yaml.safe_load(text.replace("!vault", ""))["branches"]["hosts"]["spoke5"] == {"dmvpn_site": 15}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (EDITED, "not laid out"),  # mpls_branches is there, and has no hosts
        ("branches: {hosts: {spoke1: {}}}\n", "not laid out"),
        ("branches:\n    hosts:\n        spoke1:\n", "not laid out"),
        ("branches:\n  hosts: {}\n  vars: {hosts: 1}\n", "not laid out"),
        ("- spoke1\n", "no groups"),
        ("branches: [\n", "no YAML"),
    ],
)
def test_a_file_that_entries_cannot_be_put_into_is_refused(text: str, why: str) -> None:
    with pytest.raises(NoPlace, match=why):
        with_entries(text, [SPOKE4])
