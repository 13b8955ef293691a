# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rotation that was interrupted goes on, and nobody passes for done who is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.keys.rotation import begin, console, keep, progress

OLD = {"unique": "7", "peer": "198.51.100.9", "identity": "CN=spoke9", "age": 900, "initiator": False}


def test_it_goes_on_until_it_is_forgotten(tmp_path: Path) -> None:
    first, goes_on = begin(tmp_path, "certificates")
    assert not goes_on
    keep(tmp_path, first)
    assert (tmp_path / "rotation.json").stat().st_mode & 0o777 == 0o600
    assert begin(tmp_path, "certificates") == (first, True)
    with pytest.raises(ValueError, match="kind certificates is not at its end"):
        begin(tmp_path, "psk")
    keep(tmp_path, None)
    assert not begin(tmp_path, "psk")[1]


def test_a_file_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "rotation.json").write_text("{")
    with pytest.raises(ValueError, match="move it away"):
        begin(tmp_path, "psk")


def test_who_is_done() -> None:
    good = progress("hub1", {"changed": True}, {}, {"made": 2, "left": []}, {"left": []})
    assert good.done and (good.made, good.verdict) == (2, "done")
    for keyed, made, looked in (
        (None, None, None),
        ({"failed": True, "msg": "no openssl"}, None, None),
        ({"unreachable": True, "msg": "no route"}, None, None),
        ({}, {"made": 0, "left": []}, None),
        ({}, {"failed": True, "msg": "charon is not running"}, {"failed": True, "msg": "x"}),
        ({}, {"made": 0, "left": []}, {"left": [OLD]}),
    ):
        assert not progress("hub1", keyed, {}, made, looked).done, (keyed, made, looked)


def test_what_is_left_is_said_with_the_reason() -> None:
    left = progress("hub1", {}, {}, {"made": 1, "left": [OLD | {"why": "no answer"}]}, {"left": [OLD]})
    away = progress("spoke3", {"unreachable": True, "msg": "no route\nmore"}, None, None, None)
    text = console("certificates", [left, away])
    assert "hub1: an SA with CN=spoke9 is 900 s old (the peer began it, and has to make it anew)" in text
    assert "no answer" in text and "spoke3: keeps its old key" in text and "more" not in text
    assert "0 of 2 routers done" in text and "Run it again" in text
