# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what IOS prints to the verdict: a broken router has one thing to repair, and it is the right one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import Target
from ansible_collections.mgre.dmvpn.plugins.module_utils.state import State
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Peer
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.diagnosis import Diagnosis, diagnose, name_of
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.plan import probe_targets, state_arguments
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.scope import Scope
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.sight import Sight
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import Judgement, judge
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.observe import ios, ios_path, ios_routes
from ansible_collections.mgre.dmvpn.tests.unit.judge.world import HUB1, HUB2, SPOKE1, SPOKE2
from ansible_collections.mgre.dmvpn.tests.unit.observe_ios.router import Protocol, Router, healthy

STAMP = "*Jan 15 07:59:30.001: %IKEV2-3-NEG_ABORT: Negotiation aborted due to ERROR: "


def observed(router: Router) -> State:
    """By the same way as the action: the arguments that judge asks for, commands, answers."""
    arguments = state_arguments(router.device)
    answers = router.answers()
    return ios.observe(
        lambda commands: [answers[command] for command in commands],
        arguments["tunnels"],
        arguments["trustpoint"],
    )


def judged(router: Router) -> Judgement:
    state = observed(router)
    targets = [Target(t["address"], t["size"], t["source"]) for t in probe_targets(router.device, state)]

    def run(commands: Sequence[str]) -> list[str]:
        return [router.ping(command) for command in commands]

    return judge(router.device, state, ios_path.probe_all(run, targets, 600.0))


def down(router: Router, number: int, layers: str) -> None:
    """What falls with a peer: S its SA, N its registration, B its routing and BFD, P the packets."""
    link = router.links[number]
    if "S" in layers:
        link.sa = "none"
    if "N" in layers:
        link.responding = link.registered = False
    if "B" in layers:
        link.routing, link.bfd = False, "Down"
    if "P" in layers:
        link.answers = None


def all_down(router: Router, layers: str) -> None:
    for number in range(len(router.links)):
        down(router, number, layers)
    if "N" in layers and router.device.memberships[0].role == "spoke":
        # if-state nhrp
        router.line = (router.line[0], "down")


def logged(reason: str, sa: str = "none") -> Callable[[Router], None]:
    def change(router: Router) -> None:
        down(router, 0, "NBP")
        router.links[0].sa = sa
        router.log = (STAMP + reason,)

    return change


def expired_there(router: Router) -> None:
    down(router, 0, "SNBP")
    router.log = (
        "*Jan 15 07:59:30.001: %PKI-3-CERTIFICATE_INVALID_EXPIRED: Certificate chain validation has failed. "
        "The certificate (SN: 02) has expired.    Validity period ended on 2027-01-01T12:00:00Z",
    )


def old_complaint(router: Router) -> None:
    down(router, 0, "SNBP")
    router.log = (STAMP.replace("07:59", "06:59") + "Auth exchange failed",)


def no_child(router: Router) -> None:
    down(router, 0, "NBP")
    router.links[0].sa = "no-child"
    router.log = (STAMP + "There was no IPSEC policy found for received TS",)


def no_tunnel(router: Router) -> None:
    all_down(router, "SNBP")
    router.exists = False


def shut(router: Router) -> None:
    all_down(router, "SNBP")
    router.line = ("administratively down", "down")


def wrong_key(router: Router) -> None:
    all_down(router, "NBP")
    router.key = "0xB"
    for link in router.links:
        link.decaps = 0


def no_key(router: Router) -> None:
    wrong_key(router)
    router.key = "disabled"


def unprotected(router: Router) -> None:
    all_down(router, "SNBP")
    router.profile = ""


def wan_down(router: Router) -> None:
    all_down(router, "SNBP")
    router.wan = ("down", "down")


def their_key(router: Router) -> None:
    down(router, 0, "NBP")
    router.links[0].decaps = 0


def no_null_route(router: Router) -> None:
    router.null_routes = router.null_routes[1:]


def small_mtu(router: Router) -> None:
    for link in router.links:
        link.answers = 1318


def changed_mtu(router: Router) -> None:
    router.mtu = 1476


def idle(state: str, reset: str | None = None) -> Callable[[Router], None]:
    def change(router: Router) -> None:
        link = router.links[0]
        link.routing, link.bfd, link.state, link.reset = False, "none", state, reset

    return change


def other_as(router: Router) -> None:
    idle("Idle")(router)
    router.links[0].remote_as = 65001


def bfd_down(router: Router) -> None:
    router.links[0].bfd = "Down"


def weak(router: Router) -> None:
    router.links[0].transform = "esp-256-aes esp-sha256-hmac"


def tunnel_mode(router: Router) -> None:
    router.links[0].settings = "Tunnel, "
    down(router, 0, "NBP")


def filtered(router: Router) -> None:
    router.summary = False


def leak(router: Router) -> None:
    # Neither a route by BGP nor, in the table, the one to Null0: the guard tells of the latter as well.
    router.summary, router.null_routes = False, ()


def expired_here(router: Router) -> None:
    all_down(router, "SNBP")
    router.ends = "12:00:00 UTC Jan 10 2027"


def other_subject(router: Router) -> None:
    all_down(router, "SNBP")
    router.subject = ("cn=spoke9", "ou=10.255.0.9", "o=mgre-dmvpn")


def spoke_gone(router: Router) -> None:
    down(router, len(router.links) - 1, "SNBP")
    router.links[-1].bfd = "none"


def wrong_place(router: Router) -> None:
    next(link for link in router.links if link.peer.name == "spoke1").nbma = "192.0.2.99"


@dataclass(frozen=True)
class Broken:
    cause: str
    says: str
    change: Callable[[Router], None]
    own: Peer = SPOKE1
    protocol: Protocol = "bgp"


BROKEN = {
    "wrong PSK": Broken("authentication", "Auth exchange failed", logged("Auth exchange failed")),
    "no suite in common": Broken("no_proposal", "matching", logged("Failed to find a matching policy")),
    "certificate expired there": Broken("certificate_expired", "expired", expired_there),
    "no answer": Broken("no_answer", "CONNECTING", logged("", "negotiating")),
    "AUTH never came": Broken(
        "no_answer", "AUTH", logged("Failed to receive the AUTH msg before the timer expired")
    ),
    "an old complaint is no evidence": Broken("no_sa", "no reason", old_complaint),
    "child refused": Broken("no_child", "IPSEC policy", no_child),
    "tunnel is gone": Broken("tunnel_missing", "does not exist", no_tunnel),
    "tunnel is shut": Broken("tunnel_down", "down", shut),
    "wrong GRE key here": Broken("gre_key", "this router", wrong_key),
    "no GRE key here": Broken("gre_key", "this router", no_key),
    "wrong GRE key there": Broken("registration_unanswered", "GRE key", their_key),
    "protection is gone": Broken("unprotected", "not encrypted", unprotected),
    "protection is gone at a hub": Broken("unprotected", "not encrypted", unprotected, HUB1),
    "Null0 route is gone": Broken("null_route_missing", "10.0.0.0/9", no_null_route),
    "WAN is down": Broken("wan_down", "GigabitEthernet1 is down", wan_down),
    "hub does not answer the registration": Broken(
        "not_registered", "no answer", lambda r: down(r, 0, "NBP")
    ),
    "answers for a foreign address": Broken(
        "claims_other_address", "10.255.0.77", lambda r: setattr(r, "claims", ("10.255.0.77",))
    ),
    "BGP is idle": Broken("neighbour_down", "Idle", idle("Idle")),
    "BGP is shut here": Broken(
        "neighbour_shut_here", "Idle (Admin)", idle("Idle (Admin)", "Admin. shutdown")
    ),
    "BGP is shut there": Broken(
        "neighbour_shut_there",
        "hub1 has shut",
        idle("Active", "BGP Notification received of session 1, Administrative Shutdown"),
    ),
    "AS refused": Broken("as_mismatch", "wrong AS", idle("Idle", "BGP Notification sent, peer in wrong AS")),
    "AS configured wrong": Broken("as_mismatch", "65001", other_as),
    "BFD took BGP down": Broken("bfd_down", "BFD", idle("Idle", "BFD adjacency down")),
    "BFD alone is down": Broken("bfd", "control detection", bfd_down),
    "EIGRP neighbour is gone": Broken("neighbour_down", "no neighbour", idle(""), SPOKE1, "eigrp"),
    "OSPF neighbour is gone": Broken("neighbour_down", "no neighbour", idle(""), SPOKE1, "ospf"),
    "path is smaller": Broken("path_mtu_small", "1318", small_mtu),
    "MTU was changed": Broken("tunnel_changed", "1476", changed_mtu),
    "other suite": Broken("suite", "other algorithms", weak),
    "tunnel mode": Broken("esp_mode", "TUNNEL", tunnel_mode),
    "summary is filtered": Broken("summary_filtered", "blackhole", filtered),
    "certificate has expired": Broken("certificate_expired", "expired", expired_here),
    "certificate of another router": Broken("certificate", "spoke9", other_subject),
    "hub misses a spoke": Broken("no_sa", "no SA", spoke_gone, HUB1),
    "spoke registered from elsewhere": Broken("wrong_nbma", "192.0.2.99", wrong_place, HUB1),
}
LINUX_WORDS = ("vtysh", "systemctl", "swanctl", "journalctl", "nft ", "ip -d")


@pytest.mark.parametrize("name", BROKEN)
def test_broken_router_has_one_root_cause_and_it_is_named(name: str) -> None:
    case = BROKEN[name]
    router = healthy(case.own, case.protocol)
    case.change(router)
    judgement = judged(router)
    causes = {(root.cause or "").partition(":")[0] for root in judgement.roots}
    assert causes == {case.cause}, [(r.check, r.subject, r.got, r.cause) for r in judgement.roots]
    root = judgement.roots[0]
    assert case.says in (root.cause or "")
    assert root.remedy and "{" not in root.remedy + (root.cause or "")
    assert not any(word in root.remedy for word in LINUX_WORDS), root.remedy
    assert not judgement.green


@pytest.mark.parametrize("own", (HUB1, HUB2, SPOKE1, SPOKE2), ids=lambda peer: peer.name)
@pytest.mark.parametrize("protocol", ("bgp", "ospf", "eigrp"))
@pytest.mark.parametrize("auth", ("certificate", "psk"))
def test_healthy_router_passes_every_check(own: Peer, protocol: str, auth: str) -> None:
    router = healthy(own, protocol, auth)  # type: ignore[arg-type]
    judgement = judged(router)
    assert [(r.check, r.subject, r.got) for r in judgement.results if r.outcome != "pass"] == []
    assert judgement.green
    assert observed(router).unreadable == {}


@pytest.mark.parametrize(
    ("change", "here", "there"),
    [
        # Both ends have to be looked at, each in its own words.
        (logged("Failed to find a matching policy"), "show crypto ikev2 proposal", "swanctl --list-conns"),
        # Only the far end, in its words and with its name of the tunnel.
        (their_key, "", "ip -d link show dmvpn10"),
        # Only this router.
        (wan_down, "show interfaces GigabitEthernet1", ""),
    ],
)
def test_remedy_speaks_as_the_router_that_it_is_for(
    change: Callable[[Router], None], here: str, there: str
) -> None:
    router = healthy(SPOKE1)
    (member,) = router.device.memberships
    linux = replace(member, hubs=tuple(replace(hub, platform="linux") for hub in member.hubs))
    router.device = replace(router.device, memberships=(linux,))
    change(router)
    remedy = judged(router).roots[0].remedy or ""
    assert here in remedy and there in remedy
    assert ("which runs Linux" in remedy) is bool(here and there)


def between(spoke: Router, hub: Router) -> Diagnosis:
    """What diagnose makes of two IOS routers; the same probes as verify's, and one between the WANs."""
    asked = Scope(("spoke1", "hub1"), ("spoke1", "hub1"))
    sights = {}
    for name, router in (("spoke1", spoke), ("hub1", hub)):
        state = observed(router)
        # The recorded outputs are one router's; each has its own WAN address here.
        for interface in state.interfaces or []:
            if interface.name == router.device.transports[0].interface:
                interface.addresses = [f"{router.device.transports[0].address}/30"]
        aims = [Target(t["address"], t["size"], t["source"]) for t in probe_targets(router.device, state)]
        ping = router.ping
        probes = ios_path.probe_all(lambda commands, ping=ping: [*map(ping, commands)], aims, 600.0)  # type: ignore[misc]
        sights[name] = Sight(router.device, state, probes, state)
    for name, sight in sights.items():
        sight.others = {other: held for other, held in sights.items() if other != name}
        sight.toward = asked.toward(name)
    return diagnose(asked, sights, {})


def test_two_healthy_ios_routers_are_diagnosed_as_healthy() -> None:
    diagnosis = between(healthy(SPOKE1), healthy(HUB1))
    assert [(root.host, root.cause, root.got) for root in diagnosis.causes] == []


@pytest.mark.parametrize(("change", "cause"), [(wrong_key, "gre_key"), (shut, "tunnel_down")])
def test_diagnose_names_the_fault_of_an_ios_router(change: Callable[[Router], None], cause: str) -> None:
    spoke = healthy(SPOKE1)
    change(spoke)
    first = between(spoke, healthy(HUB1)).first
    assert first is not None and (first.host, name_of(first)) == ("spoke1", cause)


def test_two_faults_are_two_causes() -> None:
    router = healthy(SPOKE1)
    leak(router)
    causes = {(root.cause or "").partition(":")[0] for root in judged(router).roots}
    assert causes == {"null_route_missing", "route_leak"}


def test_phase_2_needs_no_summary_and_no_hub_between() -> None:
    router = healthy(SPOKE1, "eigrp", phase=2)
    router.summary = False
    assert judged(router).green is False  # the hubs' own LANs have no route
    text = router.routes()
    learned = "".join(
        f"D        10.{site}.0.0/24 [90/26905600] via 10.255.0.{site}, 00:18:51, Tunnel10\n"
        for site in (1, 2, 12)
    )
    answers = router.answers() | {ios_routes.ROUTES: text + learned}
    router.answers = lambda: answers  # type: ignore[method-assign]
    assert judged(router).green
    answers[ios_routes.ROUTES] = text + learned.replace("via 10.255.0.12", "via 10.255.0.1")
    (root,) = judged(router).roots
    assert (root.cause or "").startswith("hub_between: ") and "10.12.0.0/24 goes by hub1" in root.got
