# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An IOS router beside its rendered configuration: owner of each difference, and no secret in any."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.mgre.dmvpn.plugins.module_utils.difference import Difference
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.audit.ios import configuration

HUB = (Path(__file__).parents[1] / "ios" / "configs" / "hub.ios").read_text()
SECRETS = {"psk/blue": "a-psk-of-many-letters-3141", "nhrp/blue": "nhrp2718"}
HEAD = "! Last configuration change at 14:02:11 UTC Mon Nov 2 2026 by anna\nversion 17.15\n"


def compared(running: str) -> list[Difference]:
    for name, value in SECRETS.items():
        running = running.replace(f"@@secret:{name}@@", value)
    found = list(configuration(f"{HEAD}{running}end\n", HUB, SECRETS))
    told = json.dumps([one.to_dict() for one in found])
    assert not any(value in told for value in SECRETS.values()), told
    return found


def test_what_was_applied_is_clean() -> None:
    assert compared(HUB) == []


def test_a_line_that_was_changed_is_ours_and_says_who_was_there() -> None:
    assert " ip nhrp network-id 10\n" in HUB
    (found,) = compared(HUB.replace(" ip nhrp network-id 10\n", " ip nhrp network-id 11\n"))
    assert (found.owner, found.subject) == ("ours", "interface Tunnel10")
    assert "+ ip nhrp network-id 10" in found.lines
    assert found.by.startswith("anna, or who came before: the last change was 14:02:11 UTC")


def test_a_line_that_was_taken_out_leaves_the_routers_default() -> None:
    assert " ip mtu 1400\n" in HUB
    (found,) = compared(HUB.replace(" ip mtu 1400\n", ""))
    assert (found.owner, found.lines) == ("default", ["+ ip mtu 1400"])


def test_an_object_that_is_gone_is_ours() -> None:
    gone = "\n".join(row for row in HUB.splitlines() if "name MGRE-" not in row) + "\n"
    found = compared(gone)
    assert found and {one.owner for one in found} == {"ours"}


def test_a_tunnel_of_somebody_else_is_theirs() -> None:
    running = HUB.replace(" description mgre.dmvpn blue\n", " description of Anna\n")
    assert running != HUB
    found = [one for one in compared(running) if one.owner == "theirs"]
    assert found and "is not ours" in found[0].what
