# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Linux router's module says, in the shape that a check asks for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.linux_router import LinuxRouter
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.look import Look
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.router import Trouble


def router(answer: dict[str, Any], local: bool = False) -> LinuxRouter:
    return LinuxRouter("hub1", lambda **_: answer, lambda command: {"rc": 1, "stdout": ""}, local)


def test_a_router_that_is_reached_by_ssh() -> None:
    assert router({"armed": None, "management": ["mgmt0"]}).look() == Look(management=["mgmt0"])


def test_a_router_that_we_are_on_needs_no_way() -> None:
    assert router({"armed": None, "management": ["wan1"]}, local=True).look() == Look()


def test_an_armed_fault_speaks_against_any_other() -> None:
    (found,) = router({"armed": "mtu", "management": ["mgmt0"]}).look().against
    assert str(found) == (
        "hub1: fault: mtu is armed on this router already; wait until it is over, or end it: systemctl stop "
        "mgre-dmvpn-fault"
    )


def test_an_unknown_way_is_a_reason_against_it() -> None:
    (found,) = router({"armed": None, "management": None}).look().unable
    assert str(found).startswith("hub1: management: the interface that Ansible reaches ")


def test_a_failure_is_told_in_one_line() -> None:
    with pytest.raises(Trouble, match=r"^hub1: the last of it$"):
        router({"failed": True, "msg": "a traceback\nthe last of it"}).look()
    with pytest.raises(Trouble, match=r"^hub1: /proc/uptime cannot be read$"):
        router({}).reading()
