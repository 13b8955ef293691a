# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Linux router is asked once: it compares itself, and tells its state by which the rest is judged."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.action import audit as action
from ansible_collections.mgre.dmvpn.plugins.module_utils.difference import OURS, Difference
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.audit.report import Audit
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.plan import state_arguments
from ansible_collections.mgre.dmvpn.tests.unit.judge import world

SENT = {"manifest": {}, "secrets": {"psk/blue": "a secret"}}
FOUND = Difference("files", "/etc/mgre-dmvpn/guard.nft", OURS, "is missing")


def test_a_linux_router_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    device = world.device(world.SPOKE1)
    state = world.state(device)
    # Its clock is 300 s ahead: it told its time 100 s before it answered.
    state.host.time = time.time() + 200
    state.certificates = []
    asked: list[tuple[str, dict[str, Any]]] = []

    def router(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        asked.append((name, arguments))
        return {
            "applied": 1.0,
            "differences": [FOUND.to_dict()],
            "state": state.to_dict(),
            "spent": 100.0,
        }

    made = object.__new__(action.ActionModule)
    made.host, made.variables, made.ios = device.name, {}, False
    monkeypatch.setattr(made, "router_side", router)
    monkeypatch.setattr(made, "sibling", lambda kind: SimpleNamespace(read=lambda bundle, variables: SENT))
    audit = Audit(device.name)
    made.compare(audit, device, Path("bundle"))
    assert asked == [("audit", SENT | {"look": state_arguments(device)})]
    assert audit.applied == 1.0 and audit.differences[0] == FOUND
    told = [one.what for one in audit.differences if one.area == "clock"]
    assert told and "5 minutes ahead" in told[0]
