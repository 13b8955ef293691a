# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Outputs of releases never seen: not known, never a traceback, never better than the truth."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import Target
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import State
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import judge
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.observe import (
    ios,
    ios_crypto,
    ios_host,
    ios_interfaces,
    ios_nhrp,
    ios_path,
    ios_routes,
    ios_routing,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.observe.ios_text import Unreadable
from ansible_collections.mgre.dmvpn.tests.unit.judge import world
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import HUB1, SPOKE1
from ansible_collections.mgre.dmvpn.tests.unit.observe_ios.router import INVALID, Router, healthy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DATA = Path(__file__).parent / "data"
PARSERS: dict[str, Callable[[str], Any]] = {
    "dmvpn": ios_nhrp.dmvpn,
    "nhrp": ios_nhrp.cache,
    "nhs-detail": ios_nhrp.servers,
    "ikev2-detailed": ios_crypto.ike,
    "ipsec": ios_crypto.ipsec,
    "session-detail": ios_crypto.negotiating,
    "bgp-summary": lambda text: ios_routing.bgp(text, text),
    "ospf": ios_routing.ospf,
    "eigrp-classic": ios_routing.eigrp,
    "bfd": ios_routing.bfd,
}
FUZZ = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
# Sections whose commands print nothing where there is nothing: a cut before the first line cannot be seen.
SILENT = {
    ios_nhrp.CACHE,
    ios_nhrp.SERVERS,
    ios_crypto.IKE,
    ios_crypto.IPSEC,
    ios_routing.OSPF,
    ios_routing.EIGRP,
    ios_routing.BFD,
    ios_host.CERTIFICATES,
    ios_host.LOG,
    ios_interfaces.NULL_ROUTES,
}
TIMEOUT = "command timeout triggered, timeout value is 30 secs.\nSee the timeout setting options"
WORDS = (
    "",
    "-",
    "%",
    "never",
    "999.1.1.1",
    "10.0.0.300",
    "0x",
    "Tunnel",
    "\x00",
    "é",
    "1/0",
    "(none)",
    "via",
)


@st.composite
def changed(draw: st.DrawFn, text: str) -> str:
    """A text that was cut, shuffled, or has lines and words of another kind."""
    lines = text.splitlines() or [""]
    what = draw(st.sampled_from(("cut", "shuffle", "drop", "word", "insert", "letter")))
    if what == "cut":
        return text[: draw(st.integers(0, len(text)))]
    if what == "shuffle":
        return "\n".join(draw(st.permutations(lines)))
    at = draw(st.integers(0, max(0, len(lines) - 1)))
    if what == "drop":
        return "\n".join(lines[:at] + lines[at + draw(st.integers(1, 3)) :])
    if what == "insert":
        return "\n".join([*lines[:at], draw(st.text(max_size=40)), *lines[at:]])
    if what == "letter" and text:
        place = draw(st.integers(0, len(text) - 1))
        return text[:place] + draw(st.characters()) + text[place + 1 :]
    words = lines[at].split(" ")
    words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(WORDS))
    return "\n".join([*lines[:at], " ".join(words), *lines[at + 1 :]])


@pytest.mark.parametrize("name", PARSERS)
@FUZZ
@given(data=st.data())
def test_changed_recordings_are_read_or_refused(name: str, data: st.DataObject) -> None:
    text = data.draw(changed((DATA / f"{name}.txt").read_text(encoding="utf-8")))
    with suppress(Unreadable):
        PARSERS[name](text)


@pytest.mark.parametrize(
    "name", ["bgp-summary", "ospf", "eigrp-classic", "bfd", "dmvpn", "nhrp", "nhs-detail"]
)
@FUZZ
@given(data=st.data())
def test_cut_recordings_invent_nothing(name: str, data: st.DataObject) -> None:
    """What is read of a text that ends too soon is the beginning of what is in the whole text."""
    text = (DATA / f"{name}.txt").read_text(encoding="utf-8")
    whole = _addresses(PARSERS[name](text))
    with suppress(Unreadable):
        part = _addresses(PARSERS[name](text[: data.draw(st.integers(0, len(text)))]))
        assert part == whole[: len(part)]


def _addresses(found: Any) -> list[str]:
    if isinstance(found, tuple):
        return [binding.overlay for binding in found[0]]
    if found and isinstance(found[0], ios_nhrp.Tunnel):
        return [peer.address for tunnel in found for peer in tunnel.peers]
    return [getattr(one, "address", None) or one.overlay for one in found]


@pytest.mark.parametrize("own", (HUB1, SPOKE1), ids=lambda peer: peer.name)
@FUZZ
@given(data=st.data())
def test_router_with_a_changed_answer_is_judged_without_a_traceback(own: Any, data: st.DataObject) -> None:
    router = healthy(own)
    answers = router.answers()
    command = data.draw(st.sampled_from(sorted(answers)))
    answers[command] = data.draw(changed(answers[command]))
    judge(router.device, ios.parse(answers, ["Tunnel10"]), [])


@pytest.mark.parametrize("own", (HUB1, SPOKE1), ids=lambda peer: peer.name)
@pytest.mark.parametrize(
    "refusal", (INVALID, "% Incomplete command.\n", "Command authorization failed.\n", TIMEOUT)
)
def test_refused_command_is_not_known_and_never_red(own: Any, refusal: str) -> None:
    for command in healthy(own).answers():
        router = healthy(own)
        state = ios.parse(router.answers() | {command: refusal}, ["Tunnel10"])
        results = judge(router.device, state, probes_of(router)).results
        assert [r for r in results if r.outcome == "fail"] == [], command


@pytest.mark.parametrize("own", (HUB1, SPOKE1), ids=lambda peer: peer.name)
def test_answer_of_another_form_is_not_known_and_never_red(own: Any) -> None:
    new_form = "Neighbour Table v2\n  10.255.0.1|up|17|yes\n  10.255.0.2|up|18|yes\n"
    for command in healthy(own).answers():
        router = healthy(own)
        state = ios.parse(router.answers() | {command: new_form}, ["Tunnel10"])
        results = judge(router.device, state, probes_of(router)).results
        assert [(r.check, r.got) for r in results if r.outcome == "fail"] == [], command


@FUZZ
@given(data=st.data())
def test_broken_router_is_never_green_whatever_else_is_unreadable(data: st.DataObject) -> None:
    """A fault that one command tells of is not lost when another command's answer changes."""
    router = healthy(SPOKE1)
    router.profile = ""
    answers = router.answers()
    told = {ios_nhrp.DMVPN, *ios_interfaces.tunnel_commands("Tunnel10")}
    command = data.draw(st.sampled_from(sorted(set(answers) - told)))
    answers[command] = data.draw(changed(answers[command]))
    assert not judge(router.device, ios.parse(answers, ["Tunnel10"]), probes_of(router)).green


@pytest.mark.parametrize("own", (HUB1, SPOKE1), ids=lambda peer: peer.name)
def test_empty_answer_is_nothing_only_where_ios_prints_nothing(own: Any) -> None:
    for command in healthy(own).answers():
        router = healthy(own)
        state = ios.parse(router.answers() | {command: ""}, ["Tunnel10"])
        if command in SILENT | {
            ios_host.CLOCK,
            ios_host.ROLLBACK,
            ios_crypto.SESSIONS,
            ios_routing.NEIGHBORS,
        }:
            assert state.unreadable == {}, command
        else:
            assert state.unreadable or _incomplete(state), command


def _incomplete(state: State) -> bool:
    tunnels = [i for i in state.interfaces or [] if i.name == "Tunnel10"]
    return any(tunnel.mtu is None or not tunnel.addresses for tunnel in tunnels)


def test_paged_and_stamped_answers() -> None:
    text = (DATA / "ospf.txt").read_text(encoding="utf-8")
    assert len(ios_routing.ospf(text)) == 5
    with pytest.raises(Unreadable, match="--More--"):
        ios_routing.ospf(text + " --More-- ")


def test_router_of_which_nothing_can_be_read_is_not_green() -> None:
    router = healthy(SPOKE1)
    state = ios.parse(dict.fromkeys(router.answers(), INVALID), ["Tunnel10"])
    judgement = judge(router.device, state, [])
    assert not judgement.green and all(r.outcome == "unknown" for r in judgement.results)
    assert set(state.unreadable) >= {"interfaces", "nhrp", "sas", "bgp", "ospf", "eigrp", "bfd", "routes"}


@FUZZ
@given(st.text(), st.integers(68, 1400))
def test_any_answer_to_a_ping_is_a_probe(text: str, size: int) -> None:
    probe = ios_path.read(Target("10.255.0.1", 1400, None), size, text)
    assert probe.passed is None and probe.error


@FUZZ
@given(text=st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (*PARSERS.values(), ios_routes.routes, ios_interfaces.brief):
        with suppress(Unreadable):
            parse(text)
    with suppress(Unreadable):
        ios_host.ike_errors(text, text)
    with suppress(Unreadable):
        ios_host.certificates(text, "mgre-dmvpn")


def probes_of(router: Router) -> Any:
    device: Device = router.device
    return world.probes(device)
