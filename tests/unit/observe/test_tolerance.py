# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Outputs of versions never seen: not known, never a wrong value, never a traceback."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import (
    observe,
    observe_frr,
    observe_guard,
    observe_host,
    observe_ip,
    observe_vici,
)
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_run import Unreadable, run
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import parse_state

DATA = json.loads((Path(__file__).parent / "data" / "frr-10.3-spoke.json").read_text(encoding="utf-8"))
SEEN = (Unreadable, KeyError, IndexError, ValueError, TypeError, AttributeError)
STRANGE: tuple[Any, ...] = (None, 0, -1, "", "x", [], {}, [[]], [None], {"a": 1}, True, 1.5)


def changed(value: Any, chance: random.Random) -> Any:
    """A deep copy in which some values are of another kind and some are gone."""
    if chance.random() < 0.03:
        return chance.choice(STRANGE)
    if isinstance(value, dict):
        return {key: changed(inner, chance) for key, inner in value.items() if chance.random() > 0.02}
    if isinstance(value, list):
        return [changed(inner, chance) for inner in value]
    return value


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize(
    ("part", "parse"),
    [
        ("addr", observe_ip.parse_interfaces),
        ("neigh", observe_ip.parse_neighbours),
        ("route", observe_ip.parse_routes),
        ("nft", observe_guard.parse_nft),
    ],
)
def test_changed_json_is_read_or_refused(part: str, parse: Callable[[str], Any], seed: int) -> None:
    with suppress(*SEEN):  # observe() turns these, and only these, into a reason
        parse(json.dumps(changed(DATA[part], random.Random(seed))))


@pytest.mark.parametrize("seed", range(40))
def test_changed_answers_of_frr_are_read_or_refused(seed: int) -> None:
    answers = observe_frr.split("\n".join(DATA["vtysh"]), observe_frr.COMMANDS)
    chance = random.Random(seed)
    mutated = {command: json.dumps(changed(json.loads(said), chance)) for command, said in answers.items()}
    for parse in (observe_frr.nhrp, observe_frr.bgp, observe_frr.bfd):
        with suppress(*SEEN):
            parse(mutated)


@pytest.mark.parametrize("cut", range(0, 600, 7))
def test_cut_vici_message_is_refused(cut: int) -> None:
    message = bytes.fromhex(DATA["vici"][0])
    with suppress(IndexError, struct.error, Unreadable):
        observe_vici.decode(message[:cut])


def test_unknown_command_and_dead_daemon_are_no_answers() -> None:
    said = (
        "ospfd is not running\nr1# show ip ospf neighbor json\n"
        "r1# show bfd peers json\n[]\nr1# show bgp ipv4 unicast summary failed json\n% Unknown command: x\n"
    )
    assert observe_frr.split(said, observe_frr.COMMANDS) == {"show bfd peers json": "[]"}


@pytest.mark.parametrize(
    "answer",
    [
        {"neighbors": {"10.0.0.1": [{"nbrState": "Full/-", "ifaceAddress": "10.255.0.1"}]}},
        {"neighbors": {"10.0.0.1": [{"state": "Full/-", "address": "10.255.0.1", "ifaceName": "d"}]}},
        {"default": {"neighbors": {"10.0.0.1": [{"nbrState": "Full/-", "ifaceAddress": "10.255.0.1"}]}}},
    ],
)
def test_ospf_of_old_and_new_versions(answer: dict[str, Any]) -> None:
    (found,) = observe_frr.ospf({"show ip ospf neighbor json": json.dumps(answer)})
    assert (found.router_id, found.address, found.state) == ("10.0.0.1", "10.255.0.1", "Full/-")


def test_different_gre_keys_for_each_way_are_no_key() -> None:
    link = {"ifname": "dmvpn10", "linkinfo": {"info_data": {"ikey": "0.0.0.10", "okey": "0.0.0.11"}}}
    assert observe_ip.parse_interfaces(json.dumps([link]))[0].key is None


def test_programs_that_are_missing_fail_or_hang_give_a_reason() -> None:
    with pytest.raises(Unreadable, match="no-such-program is not installed"):
        run(("no-such-program",))
    with pytest.raises(Unreadable, match=r"did not answer in 0\.2 s"):
        run(("sleep", "5"), timeout=0.2)
    with pytest.raises(Unreadable, match=r"^sh: Error: the fault$"):
        run(("sh", "-c", "echo Error: the fault >&2; echo '      ^^^^^' >&2; exit 1"))
    with pytest.raises(Unreadable, match="No such file"):
        run(("ls", "/no/such/file"))


def test_machine_that_is_no_router_is_observed_without_a_traceback() -> None:
    state = observe.observe(["no-such-unit.service"], ["/no/such/file"], "nftables")
    assert state.sas is None and "charon is not running" in state.unreadable["sas"]
    assert state.nhrp is None and state.unreadable["nhrp"] == "nhrpd is not running"
    assert state.certificates == []
    assert parse_state(json.loads(json.dumps(state.to_dict()))) == state


def test_package_version(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text(
        "Package: frr-doc\nStatus: install ok installed\nVersion: 9\n\n"
        "Package: frr\nStatus: install ok installed\nVersion: 10.3-1\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    )
    assert observe_host.package_version("frr", str(status)) == "10.3-1"
    assert observe_host.package_version("gone", str(status)) is None
    assert observe_host.package_version("other", str(status)) is None
