# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two sites and their hubs, one thing broken: diagnose names it first, at the router where it is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import Probe
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import (
    Binding,
    IkeError,
    IkeSa,
    NextHop,
    Route,
    Shortcut,
    State,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Peer
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.diagnosis import Diagnosis, diagnose, name_of
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.present_diagnosis import as_json, console
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.scope import Scope, around, scope, targets
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.sight import Sight
from ansible_collections.mgre.dmvpn.tests.unit.judge import world
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import HUB1, HUB2, SPOKE1, SPOKE2

PEERS = {peer.name: peer for peer in (HUB1, HUB2, SPOKE1, SPOKE2)}
# Which NBMA addresses a spoke's own WAN has.
WANS = {"hub1": "198.51.100.2", "hub2": "198.51.100.6", "spoke1": "198.51.100.10", "spoke2": "192.168.12.2"}


@dataclass
class Site:
    """What was seen of a router: its state before and after packets were sent."""

    own: Peer
    state: State
    probes: list[Probe]
    earlier: State = field(init=False)

    def __post_init__(self) -> None:
        assert self.state.interfaces
        self.state.interfaces[0].addresses = [f"{WANS[self.own.name]}/30"]
        self.earlier = copy.deepcopy(self.state)
        # What was sent in between.
        for sa in self.state.sas or []:
            for child in sa.children:
                child.packets_in = child.packets_out = 110

    def carries(self, peer: Peer, received: int, sent: int) -> None:
        """So many packets crossed the SA with a peer between the two looks."""
        for sa in self.state.sas or []:
            if sa.remote == world.nbma(peer):
                sa.children[0].packets_in, sa.children[0].packets_out = 100 + received, 100 + sent

    def without(self, peer: Peer, layers: str) -> None:
        """What falls with a peer: S its SA, B its BGP and BFD."""
        address = str(peer.overlay)
        if "S" in layers:
            self.state.sas = [sa for sa in self.state.sas or [] if sa.remote != world.nbma(peer)]
        for neighbour in self.state.bgp or []:
            if "B" in layers and neighbour.address == address:
                neighbour.state = "Active"
        for session in self.state.bfd or []:
            if "B" in layers and session.address == address:
                session.status, session.diagnostic = "down", "control detection time expired"
        for probe in self.probes:
            if probe.address == address:
                probe.passed = probe.rtt = None


World = dict[str, Site]


def healthy(asked: Scope) -> World:
    sites = {}
    for name in asked.hosts:
        device = world.device(PEERS[name])
        sites[name] = Site(PEERS[name], world.state(device), world.probes(device))
    for name, site in sites.items():
        for other in asked.toward(name):
            lan = PEERS[other].lans[0][1]
            site.probes.append(Probe(str(lan), f"10.{site.own.site}.0.1", 1400, 1400, 9.0, 0.0, told=False))
        for hub in (HUB1, HUB2):
            site.probes.append(Probe(str(hub.nbma), None, 100, 100, 3.0, 0.0))
    return sites


def said(asked: Scope, sites: World) -> Diagnosis:
    sights = {
        name: Sight(world.device(site.own), site.state, site.probes, site.earlier)
        for name, site in sites.items()
    }
    for name, sight in sights.items():
        sight.others = {other: held for other, held in sights.items() if other != name}
        sight.toward = asked.toward(name)
    return diagnose(asked, sights, {})


TWO = Scope(("spoke1", "spoke2"), ("spoke1", "spoke2", "hub1", "hub2"))
HUB = Scope(("spoke1", "hub1"), ("spoke1", "hub1"))


def clock(sites: World) -> None:
    host = sites["spoke1"].state.host
    host.ahead, host.time = 400 * 86400.0, world.NOW + 400 * 86400
    sites["spoke1"].without(HUB1, "SB")


def forwarding(sites: World) -> None:
    sites["hub1"].state.host.forwarding = False


def rp_filter(sites: World) -> None:
    assert sites["spoke1"].state.kernel
    sites["spoke1"].state.kernel.rp_filter["all"] = 1


def neighbour_table(sites: World) -> None:
    assert sites["hub1"].state.kernel
    sites["hub1"].state.kernel.neighbours = 16000


def network_id(sites: World) -> None:
    nhrp = sites["spoke1"].state.nhrp
    assert nhrp and nhrp.interfaces
    nhrp.interfaces[0].network_id = 99


def authentication(sites: World) -> None:
    nhrp = sites["spoke1"].state.nhrp
    assert nhrp and nhrp.interfaces
    nhrp.interfaces[0].authentication = "other"
    sites["spoke1"].without(HUB1, "B")


def shortcut_off(sites: World) -> None:
    nhrp = sites["spoke1"].state.nhrp
    assert nhrp and nhrp.interfaces
    nhrp.interfaces[0].shortcut = False


def no_redirect_rule(sites: World) -> None:
    assert sites["hub1"].state.guard
    sites["hub1"].state.guard.redirects = []


def no_redirect(sites: World) -> None:
    nhrp = sites["hub1"].state.nhrp
    assert nhrp and nhrp.interfaces
    nhrp.interfaces[0].redirect = False


def no_clamp(sites: World) -> None:
    assert sites["spoke1"].state.guard
    sites["spoke1"].state.guard.clamps = {}


def wide_clamp(sites: World) -> None:
    assert sites["spoke1"].state.guard
    sites["spoke1"].state.guard.clamps = {"dmvpn10": 1460}


def duplicate(sites: World) -> None:
    assert sites["spoke1"].state.interfaces
    sites["spoke1"].state.interfaces[2].addresses.append("10.255.0.12/32")


def refused_by_hub(sites: World) -> None:
    """The spoke is only told that it failed; the hub knows why."""
    sites["spoke1"].without(HUB1, "SB")
    sites["hub1"].without(SPOKE1, "SB")
    sites["spoke1"].state.ike_errors = [
        IkeError("198.51.100.2", "received AUTHENTICATION_FAILED notify error")
    ]
    sites["hub1"].state.ike_errors = [IkeError("198.51.100.10", "tried 1 shared key, but MAC mismatched")]


def old_certificate_is_remembered(sites: World) -> None:
    """The hub still has the spoke's last one, which has expired, and says so beside what is wrong."""
    refused_by_hub(sites)
    sites["hub1"].state.ike_errors = [
        IkeError("198.51.100.10", "no trusted ECDSA public key found for 'CN=spoke1'"),
        IkeError("198.51.100.10", "subject certificate invalid (valid from Nov 29 2024 to Nov 29 2025)"),
    ]


def ike_blocked(sites: World) -> None:
    for name, peer in (("spoke1", HUB1), ("hub1", SPOKE1)):
        sites[name].without(peer, "SB")
        sas = sites[name].state.sas
        assert sas is not None
        sas.append(IkeSa("mgre-internet", "CONNECTING", remote=world.nbma(peer)))


def underlay_dead(sites: World) -> None:
    ike_blocked(sites)
    for probe in sites["spoke1"].probes:
        if probe.address == "198.51.100.2":
            probe.passed = None


def esp_lost(sites: World) -> None:
    sites["spoke1"].without(HUB1, "B")
    sites["hub1"].without(SPOKE1, "B")
    sites["spoke1"].carries(HUB1, received=0, sent=7)
    sites["hub1"].carries(SPOKE1, received=7, sent=5)


def esp_lost_both_ways(sites: World) -> None:
    esp_lost(sites)
    sites["hub1"].carries(SPOKE1, received=0, sent=5)


def no_nhs(sites: World) -> None:
    nhrp = sites["spoke1"].state.nhrp
    assert nhrp
    nhrp.nhs = [server for server in nhrp.nhs or [] if server.overlay != str(HUB1.overlay)]
    nhrp.cache = [entry for entry in nhrp.cache or [] if entry.overlay != str(HUB1.overlay)]
    sites["spoke1"].without(HUB1, "B")


def stale(sites: World) -> None:
    """spoke1 got another address, and the hub has not heard of it."""
    assert sites["spoke1"].state.interfaces
    sites["spoke1"].state.interfaces[0].addresses = ["203.0.113.77/30"]


def rebound(sites: World) -> None:
    for sa in sites["hub1"].state.sas or []:
        if "spoke2" in (sa.remote_identity or ""):
            sa.remote = "203.0.113.130"


def bare_shortcut(sites: World) -> None:
    for state in (sites["spoke1"].earlier, sites["spoke1"].state):
        assert state.nhrp and state.nhrp.cache is not None
        state.nhrp.shortcuts = [Shortcut("dynamic", "10.12.0.0/24", "10.255.0.12")]
        state.nhrp.cache.append(Binding("dmvpn10", "cached", "10.255.0.12", "203.0.113.2"))


def no_bfd_at_hub1(sites: World) -> None:
    sites["hub1"].state.bfd = [s for s in sites["hub1"].state.bfd or [] if s.address != str(HUB2.overlay)]
    sites["hub2"].without(HUB1, "B")
    for neighbour in sites["hub1"].state.bgp or []:
        if neighbour.address == str(HUB2.overlay):
            neighbour.state = "Active"


def other_as(sites: World) -> None:
    for neighbour in sites["spoke1"].state.bgp or []:
        if neighbour.address == str(HUB1.overlay):
            neighbour.state, neighbour.remote_as = "Active", 65099
    sites["hub1"].without(SPOKE1, "B")
    for neighbour in sites["hub1"].state.bgp or []:
        if neighbour.address == str(SPOKE1.overlay):
            neighbour.last_reset = "OPEN Message Error/Bad Peer AS (received)"


def leak(sites: World) -> None:
    assert sites["spoke1"].state.routes is not None
    sites["spoke1"].state.routes.append(
        Route("10.12.0.0/24", "static", next_hops=[NextHop("198.51.100.9", "wan1")])
    )


def astray(sites: World) -> None:
    assert sites["spoke2"].state.routes is not None
    sites["spoke2"].state.routes.append(
        Route("10.11.0.0/24", "static", next_hops=[NextHop("10.255.0.2", "dmvpn10")])
    )


def swallowed(sites: World) -> None:
    for site in sites.values():
        for probe in site.probes:
            if probe.size == 1400:
                probe.passed, probe.rtt, probe.told = 1238, None, False


def refused_with_an_error(sites: World) -> None:
    swallowed(sites)
    for site in sites.values():
        for probe in site.probes:
            probe.told = True


def deaf_lan(sites: World) -> None:
    for probe in sites["spoke1"].probes:
        if probe.address == "10.12.0.1":
            probe.passed = probe.rtt = None


FAULTS: dict[str, tuple[str, str, Scope, Callable[[World], None]]] = {
    "clock": ("clock_skew", "spoke1", HUB, clock),
    "forwarding": ("forwarding_off", "hub1", HUB, forwarding),
    "reverse path": ("rp_filter", "spoke1", HUB, rp_filter),
    "neighbour table": ("neighbour_table_full", "hub1", HUB, neighbour_table),
    "network-id": ("network_id", "spoke1", HUB, network_id),
    "NHRP string": ("nhrp_authentication", "spoke1", HUB, authentication),
    "no shortcut": ("shortcut_off", "spoke1", HUB, shortcut_off),
    "redirect rule": ("redirect_missing", "hub1", HUB, no_redirect_rule),
    "redirect": ("redirect_missing", "hub1", HUB, no_redirect),
    "no clamp": ("mss_not_clamped", "spoke1", HUB, no_clamp),
    "clamp too wide": ("mss_not_clamped", "spoke1", HUB, wide_clamp),
    "duplicate address": ("duplicate_address", "spoke1", TWO, duplicate),
    "wrong PSK, told by the hub": ("psk_mismatch", "spoke1", HUB, refused_by_hub),
    "an old certificate is remembered": ("authentication", "spoke1", HUB, old_certificate_is_remembered),
    "UDP 500": ("ike_blocked", "spoke1", HUB, ike_blocked),
    "underlay": ("underlay_dead", "spoke1", HUB, underlay_dead),
    "ESP one way": ("esp_one_way", "spoke1", HUB, esp_lost),
    "ESP both ways": ("esp_blocked", "spoke1", HUB, esp_lost_both_ways),
    "no NHS": ("nhs_missing", "spoke1", HUB, no_nhs),
    "stale cache": ("stale_cache", "hub1", HUB, stale),
    "NAT rebinding": ("nat_rebinding", "hub1", TWO, rebound),
    "shortcut without SA": ("shortcut_without_sa", "spoke1", TWO, bare_shortcut),
    "BFD at one end": ("bfd_mismatch", "hub1", Scope(("hub1", "hub2"), ("hub2", "hub1")), no_bfd_at_hub1),
    "AS": ("as_mismatch", "spoke1", HUB, other_as),
    "leak": ("route_leak", "spoke1", TWO, leak),
    "asymmetric": ("asymmetric_path", "spoke2", TWO, astray),
    "black hole": ("mtu_black_hole", "spoke1", TWO, swallowed),
    "small path": ("path_mtu_small", "spoke1", TWO, refused_with_an_error),
    "LAN does not answer": ("return_path", "spoke1", TWO, deaf_lan),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_between_two_sites_is_named_first_at_its_router(name: str) -> None:
    cause, host, asked, change = FAULTS[name]
    sites = healthy(asked)
    change(sites)
    diagnosis = said(asked, sites)
    first = diagnosis.first
    assert first is not None
    assert (name_of(first), first.host) == (cause, host), console(diagnosis)
    assert not diagnosis.green
    text = console(diagnosis)
    assert "{" not in text and " Seen: " in " ".join(text.split()) and " Do: " in " ".join(text.split())


def test_walk_is_broken_where_the_cause_lies_not_only_where_it_shows() -> None:
    sites = healthy(HUB)
    esp_lost(sites)
    walk = dict(said(HUB, sites).walk())
    assert (walk["tunnel"], walk["IKE and ESP"], walk["routing"]) == ("ok", "BROKEN", "BROKEN")


def test_a_shortcut_that_has_just_begun_may_still_be_without_an_sa() -> None:
    sites = healthy(TWO)
    bare_shortcut(sites)
    earlier = sites["spoke1"].earlier.nhrp
    assert earlier
    earlier.shortcuts = []
    assert said(TWO, sites).green


@pytest.mark.parametrize("asked", (TWO, HUB), ids=("two spokes", "spoke and hub"))
def test_healthy_sites_are_green(asked: Scope) -> None:
    diagnosis = said(asked, healthy(asked))
    assert diagnosis.causes == () and diagnosis.green, console(diagnosis)
    assert {word for _layer, word in diagnosis.walk()} == {"ok"}
    assert as_json(diagnosis)["verdict"] == "green"


def test_router_that_was_not_reached_gets_one_line_and_the_rest_is_told() -> None:
    sites = healthy(TWO)
    sights = {n: Sight(world.device(s.own), s.state, s.probes) for n, s in sites.items() if n != "spoke2"}
    diagnosis = diagnose(TWO, sights, {"spoke2": "Connection timed out\nduring banner exchange"})
    lines = [line for line in console(diagnosis).splitlines() if "spoke2: not looked at" in line]
    assert lines == ["spoke2: not looked at: Connection timed out during banner exchange"]
    assert not diagnosis.green and as_json(diagnosis)["verdict"] == "NOT PROVEN"


def test_scope_is_the_two_sites_and_their_hubs_unless_one_is_a_hub() -> None:
    devices = {name: world.device(peer) for name, peer in PEERS.items()}
    play = list(PEERS)
    assert scope(play, ["spoke1", "spoke2"], devices.__getitem__).hosts == (
        "spoke1",
        "spoke2",
        "hub1",
        "hub2",
    )
    assert scope(play, ["spoke1", "hub1"], devices.__getitem__).hosts == ("spoke1", "hub1")
    one = scope(play, ["spoke1"], devices.__getitem__)
    assert one.sites == one.hosts == ("spoke1", "hub1", "hub2")
    assert scope(play, [], devices.__getitem__) == Scope((), tuple(play))


def test_packets_are_sent_along_the_underlay_the_overlay_and_between_lans() -> None:
    sites = healthy(TWO)
    sights = {name: Sight(world.device(site.own), site.state) for name, site in sites.items()}
    spoke = sights["spoke1"]
    spoke.others, spoke.toward = sights, TWO.toward("spoke1")
    aims = {(aim["address"], aim["source"], aim["size"]) for aim in targets(spoke, TWO.hosts)}
    assert aims == {
        ("198.51.100.2", None, 100),
        ("198.51.100.6", None, 100),
        ("10.255.0.1", "10.255.0.11", 1400),
        ("10.255.0.2", "10.255.0.11", 1400),
        ("10.12.0.1", "10.11.0.1", 1400),
    }


def test_a_hub_does_not_ping_a_nat_in_place_of_the_spoke_behind_it() -> None:
    hub = Sight(world.device(HUB1), world.state(world.device(HUB1)))
    assert "203.0.113.2" not in {aim["address"] for aim in targets(hub, TWO.hosts)}


def test_a_router_of_a_whole_fleet_has_to_know_of_its_peers_only() -> None:
    devices = {name: world.device(peer) for name, peer in PEERS.items()}
    assert around("spoke1", [], devices.__getitem__).hosts == ("spoke1", "hub1", "hub2")
    assert set(around("hub1", [], devices.__getitem__).hosts) == {"hub1", "hub2", "spoke1", "spoke2"}
    assert around("hub1", ["spoke1", "spoke2"], devices.__getitem__) == TWO
