# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who knows of a revocation: nobody passes for told who was not."""

from __future__ import annotations

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.keys.evicted import console, outcome


def test_who_knows() -> None:
    good = outcome("hub1", {"changed": True}, {"sas": 1, "bindings": ["10.255.0.13"]})
    assert (good.error, good.sas, good.bindings) == (None, 1, ("10.255.0.13",))
    assert outcome("hub1", {"changed": False}, {"skipped": True}).error is None  # readmitted
    for listed, evicted in (
        (None, None),
        ({"failed": True, "msg": "no openssl"}, None),
        ({"unreachable": True, "msg": "no route"}, None),
        ({}, {"failed": True, "msg": "charon is not running"}),
    ):
        assert outcome("hub1", listed, evicted).error, (listed, evicted)


def test_the_report_names_who_still_lets_it_in() -> None:
    text = console("spoke3", [outcome("hub1", {}, {"sas": 1, "bindings": []}), outcome("hub2", None, None)])
    assert "hub2: still lets spoke3 in" in text and "spoke3: 1 of 2 routers know" in text
