# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was rendered, read back: whatever is wrong with it is said with its path and what to run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.dump import dump_device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.rendered import (
    NotRendered,
    intent_path,
    read_intent,
    read_intents,
    rendered,
)
from ansible_collections.mgre.dmvpn.tests.unit.judge import world

HUB = world.device(world.HUB1)


def put(bundle: Path, host: str, text: str) -> None:
    path = intent_path(bundle, host)
    path.parent.mkdir()
    path.write_text(text)


def test_those_that_are_in_the_fleet_are_found(tmp_path: Path) -> None:
    put(tmp_path, "hub1", json.dumps(dump_device(HUB)))
    assert rendered(tmp_path, ["hub1", "printer"]) == ["hub1"]
    assert read_intents(tmp_path, ["hub1", "printer"]) == {"hub1": HUB}
    with pytest.raises(NotRendered, match=r"^no router of this play has an intent\.json in .*render\.yml$"):
        rendered(tmp_path, ["printer"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, r"^there is no .*/hub1/intent\.json: .*run playbooks/render\.yml"),
        ("{}", r"/hub1/intent\.json is of another release; run playbooks/render\.yml\n"),
        ("{", r"/hub1/intent\.json cannot be read: .*; run playbooks/render\.yml$"),
    ],
)
def test_one_that_cannot_be_used_is_named(tmp_path: Path, text: str | None, why: str) -> None:
    if text is not None:
        put(tmp_path, "hub1", text)
    with pytest.raises(NotRendered, match=why):
        read_intent(tmp_path, "hub1")
