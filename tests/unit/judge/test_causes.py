# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each broken router has exactly one thing to repair, and it is the right one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import Probe
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import Binding, IkeError, IkeSa, State
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Device, Peer
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import Judgement, judge
from ansible_collections.mgre.dmvpn.tests.unit.judge import world
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import HUB1, HUB2, SPOKE1, SPOKE2

Break = Callable[[State, list[Probe]], None]
PSK = "tried 1 shared key for 'a' - 'b', but MAC mismatched"
REFUSED = "received AUTHENTICATION_FAILED notify error"


@dataclass(frozen=True)
class Broken:
    """``cause`` is the root that must be named, ``says`` a part of its text."""

    cause: str
    says: str
    change: Break
    own: Peer = SPOKE1


def without(peer: Peer, state: State, layers: str) -> None:
    """What falls with a peer: S its SA, N its NHRP binding, B its routing neighbour and BFD, R its routes."""
    address = str(peer.overlay)
    if "S" in layers:
        state.sas = [sa for sa in state.sas or [] if sa.remote != world.nbma(peer)]
    if "N" in layers and state.nhrp:
        state.nhrp.cache = [entry for entry in state.nhrp.cache or [] if entry.overlay != address]
    if "B" in layers:
        for neighbour in state.bgp or []:
            if neighbour.address == address:
                neighbour.state, neighbour.prefixes_in = "Active", None
        state.bfd = [session for session in state.bfd or [] if session.address != address]
    if "R" in layers:
        state.routes = [r for r in state.routes or [] if r.prefix not in ("10.0.0.0/9", str(peer.lans[0]))]


def silence(peer: Peer, probes: list[Probe]) -> None:
    for probe in probes:
        if probe.address == str(peer.overlay):
            probe.passed = probe.rtt = None


def ike(message: str, peer: Peer | None = HUB1) -> Break:
    def change(state: State, probes: list[Probe]) -> None:
        without(HUB1, state, "SNB")
        silence(HUB1, probes)
        state.ike_errors = [IkeError(world.nbma(peer) if peer else None, message, 3.0)]

    return change


def nhrpd_dead(state: State, probes: list[Probe]) -> None:
    assert state.daemons is not None
    state.daemons["nhrpd"] = "dead"
    state.nhrp = None
    state.unreadable["nhrp"] = "nhrpd is not running"
    for peer in (HUB1, HUB2):
        without(peer, state, "BR")
        silence(peer, probes)


def charon_dead(state: State, probes: list[Probe]) -> None:
    assert state.services is not None
    state.services["strongswan.service"].active = "inactive"
    state.sas = None
    for peer in (HUB1, HUB2):
        without(peer, state, "NBR")
        silence(peer, probes)


def charon_hangs(state: State, probes: list[Probe]) -> None:
    state.sas = None
    state.unreadable["sas"] = "charon did not answer in 15 s"


def connecting(state: State, probes: list[Probe]) -> None:
    without(HUB1, state, "SNB")
    silence(HUB1, probes)
    assert state.sas is not None
    state.sas.append(IkeSa("mgre-internet", "CONNECTING", remote=world.nbma(HUB1)))


def wan_down(state: State, probes: list[Probe]) -> None:
    assert state.interfaces is not None
    state.interfaces[0].up = False
    state.sas = []
    for peer in (HUB1, HUB2):
        without(peer, state, "NBR")
        silence(peer, probes)


def own_key(state: State, probes: list[Probe]) -> None:
    assert state.interfaces is not None
    state.interfaces[2].key = 11
    for peer in (HUB1, HUB2):
        without(peer, state, "NBR")
        silence(peer, probes)


def their_key(state: State, probes: list[Probe]) -> None:
    without(HUB1, state, "NB")
    silence(HUB1, probes)
    for sa in state.sas or []:
        if sa.remote == world.nbma(HUB1):
            sa.children[0].packets_in = 0


def shut_here(state: State, probes: list[Probe]) -> None:
    without(HUB1, state, "B")
    assert state.bgp is not None
    state.bgp[0].state, state.bgp[0].admin_down = "Idle (Admin)", True


def reset(reason: str) -> Break:
    def change(state: State, probes: list[Probe]) -> None:
        without(HUB1, state, "B")
        assert state.bgp is not None
        state.bgp[0].last_reset = reason

    return change


def other_as(state: State, probes: list[Probe]) -> None:
    without(HUB1, state, "B")
    assert state.bgp is not None
    state.bgp[0].remote_as = 65001


def bfd_only(state: State, probes: list[Probe]) -> None:
    assert state.bfd is not None
    state.bfd[0].status, state.bfd[0].diagnostic = "down", "control detection time expired"


def bfd_took_bgp(state: State, probes: list[Probe]) -> None:
    bfd_only(state, probes)
    assert state.bgp is not None
    state.bgp[0].state, state.bgp[0].last_reset = "Idle", "BFD down received"


def leak(state: State, probes: list[Probe]) -> None:
    without(HUB1, state, "R")
    silence(HUB1, probes)
    silence(HUB2, probes)


def filtered(state: State, probes: list[Probe]) -> None:
    assert state.routes is not None
    for route in state.routes:
        if route.prefix == "10.0.0.0/9":
            route.kind, route.next_hops = "blackhole", []


def small_path(state: State, probes: list[Probe]) -> None:
    for probe in probes:
        if probe.address == str(HUB1.overlay):
            probe.passed, probe.rtt = 1238, None


def no_guard(state: State, probes: list[Probe]) -> None:
    assert state.guard is not None
    state.guard.present, state.guard.drops, state.guard.interfaces = False, [], []


def bare_wan(state: State, probes: list[Probe]) -> None:
    assert state.guard is not None
    state.guard.interfaces = ["wan2"]


def no_tunnel(state: State, probes: list[Probe]) -> None:
    assert state.interfaces is not None
    del state.interfaces[2]
    for peer in (HUB1, HUB2):
        without(peer, state, "SNBR")
        silence(peer, probes)


def tunnel_down(state: State, probes: list[Probe]) -> None:
    assert state.interfaces is not None
    state.interfaces[2].up = False
    for peer in (HUB1, HUB2):
        without(peer, state, "NBR")
        silence(peer, probes)


def expired(state: State, probes: list[Probe]) -> None:
    assert state.certificates is not None
    state.certificates[0].not_after = world.NOW - 86400
    for peer in (HUB1, HUB2):
        without(peer, state, "SNBR")
        silence(peer, probes)


def weak(state: State, probes: list[Probe]) -> None:
    assert state.sas is not None
    state.sas[0].children[0].suite.key_bits = 128


def spoke_gone(state: State, probes: list[Probe]) -> None:
    without(SPOKE2, state, "SNBR")
    state.bgp = [n for n in state.bgp or [] if n.address != str(SPOKE2.overlay)]


def wrong_place(state: State, probes: list[Probe]) -> None:
    assert state.nhrp is not None and state.nhrp.cache is not None
    for entry in state.nhrp.cache:
        if entry.overlay == str(SPOKE1.overlay):
            entry.nbma = "192.0.2.99"


def claims_other(state: State, probes: list[Probe]) -> None:
    assert state.nhrp and state.nhrp.cache is not None
    for address in ("10.255.0.11", "10.255.0.12"):
        state.nhrp.cache.append(Binding("dmvpn10", "local", address, "198.51.100.10"))


BROKEN = {
    "nhrpd is dead": Broken("daemon_dead", "nhrpd", nhrpd_dead),
    "strongSwan is stopped": Broken("charon_dead", "strongSwan", charon_dead),
    "charon hangs": Broken("charon_dead", "strongSwan", charon_hangs),
    "wrong PSK": Broken("psk_mismatch", "MAC mismatched", ike(PSK)),
    "peer refuses us": Broken("authentication", "AUTHENTICATION", ike(REFUSED)),
    "no suite in common": Broken("no_proposal", "NO_PROPOSAL", ike("received NO_PROPOSAL_CHOSEN")),
    "expired at the far end": Broken("certificate_expired", "expired", ike("certificate is expired")),
    "child refused": Broken("no_child", "TS_UNACC", ike("received TS_UNACCEPTABLE notify")),
    "UDP 500 is filtered": Broken("no_answer", "giving up", ike("giving up after 3 retransmits")),
    "hub does not answer": Broken("no_answer", "CONNECTING", connecting),
    "another peer's complaint is no evidence": Broken("no_sa", "no reason", ike(REFUSED, HUB2)),
    "WAN is down": Broken("wan_down", "wan1 is down", wan_down),
    "wrong GRE key here": Broken("gre_key", "this router", own_key),
    "wrong GRE key there": Broken("registration_unanswered", "GRE key", their_key),
    "neighbour shut here": Broken("neighbour_shut_here", "Idle (Admin)", shut_here),
    "neighbour shut there": Broken(
        "neighbour_shut_there", "hub1 has shut", reset("Cease/Administrative Shutdown (received)")
    ),
    "AS refused": Broken("as_mismatch", "Bad Peer AS", reset("OPEN Message Error/Bad Peer AS (received)")),
    "AS configured wrong": Broken("as_mismatch", "65001", other_as),
    "BFD took BGP down": Broken("bfd_down", "BFD", bfd_took_bgp),
    "no BFD session here": Broken("bfd_mismatch", "none with hub1", reset("BFD down received")),
    "BFD alone is down": Broken("bfd", "BFD is not", bfd_only),
    "route falls to the provider": Broken("route_leak", "wan1", leak),
    "summary is filtered": Broken("summary_filtered", "blackhole", filtered),
    "path is smaller": Broken("path_mtu_small", "1238", small_path),
    "guard was flushed": Broken("guard_missing", "no guard", no_guard),
    "guard knows another WAN only": Broken("guard_missing", "wan1", bare_wan),
    "tunnel is gone": Broken("tunnel_missing", "does not exist", no_tunnel),
    "tunnel is down": Broken("tunnel_down", "shut down", tunnel_down),
    "certificate has expired": Broken("certificate_expired", "expired 1 days ago", expired),
    "weaker suite": Broken("suite", "other algorithms", weak),
    "hub misses a spoke": Broken("no_sa", "no SA", spoke_gone, HUB1),
    "router answers for another": Broken("claims_other_address", "also 10.255.0.12", claims_other),
    "spoke registered from elsewhere": Broken("wrong_nbma", "192.0.2.99", wrong_place, HUB1),
}


def judged(device: Device, change: Break | None = None) -> Judgement:
    state, probes = world.state(device), world.probes(device)
    if change:
        change(state, probes)
    return judge(device, state, probes)


@pytest.mark.parametrize("name", BROKEN)
def test_broken_router_has_one_root_cause_and_it_is_named(name: str) -> None:
    case = BROKEN[name]
    judgement = judged(world.device(case.own), case.change)
    causes = {(root.cause or "").partition(":")[0] for root in judgement.roots}
    assert causes == {case.cause}, [(r.check, r.subject, r.got, r.cause) for r in judgement.roots]
    root = judgement.roots[0]
    assert case.says in (root.cause or "")
    assert root.remedy and "{" not in root.remedy + (root.cause or "")
    assert not judgement.green


@pytest.mark.parametrize("own", (HUB1, HUB2, SPOKE1, SPOKE2), ids=lambda peer: peer.name)
@pytest.mark.parametrize("protocol", ("bgp", "ospf", "static"))
@pytest.mark.parametrize("auth", ("certificate", "psk"))
def test_healthy_router_passes_every_check(own: Peer, protocol: str, auth: str) -> None:
    device = world.device(own, world.cloud(protocol, auth))  # type: ignore[arg-type]
    judgement = judged(device)
    assert [(r.check, r.subject, r.got) for r in judgement.results if r.outcome != "pass"] == []
    assert judgement.green


def test_router_of_which_nothing_can_be_read_is_not_green() -> None:
    judgement = judge(world.device(SPOKE1), State(), [])
    assert not judgement.green
    assert all(result.outcome == "unknown" for result in judgement.results)


def test_spoke_that_sends_no_packets_to_the_hub_is_not_proven() -> None:
    device = world.device(SPOKE1)
    assert not judge(device, world.state(device), []).green


def test_refusal_is_told_from_silence_by_a_second_look() -> None:
    device = world.device(SPOKE1)
    earlier, now, probes = world.state(device), world.state(device), world.probes(device)
    without(HUB1, now, "NB")
    silence(HUB1, probes)
    for sa in now.sas or []:
        sa.children[0].packets_in = sa.children[0].packets_out = 104
    refused = judge(device, now, probes, earlier).roots
    assert [(root.cause or "").partition(":")[0] for root in refused] == ["registration_refused"]
    for sa in now.sas or []:
        sa.children[0].packets_in = 100
    silent = judge(device, now, probes, earlier).roots
    assert [(root.cause or "").partition(":")[0] for root in silent] == ["registration_unanswered"]
