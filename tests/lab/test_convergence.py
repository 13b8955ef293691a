# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long packets are lost when something goes or comes back, against the limits of docs/convergence.md.

Figures are multiples of BFD's detection time in the same run. ``pytest -s`` prints them. Needs root.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
import yaml
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until
from ansible_collections.mgre.dmvpn.tests.lab.probe import PER_SECOND, Probes, probing

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

THROUGH_HUB = (("spoke1", "spoke3"), ("spoke3", "spoke1"), ("spoke2", "spoke1"))
SHORTCUT = (("spoke1", "spoke3"), ("spoke3", "spoke1"))
STEADY = 2.0  # seconds without a loss, until a change counts as over
SHORTCUT_FALLS_BACK = 10.0  # seconds


def detection(fleet: Fleet) -> float:
    """Seconds of the fleet's BFD: interval times multiplier."""
    said = yaml.safe_load((fleet.inventory / "group_vars" / "all" / "dmvpn.yml").read_text())
    bfd = said["dmvpn_clouds"][0]["routing"]["bfd"]
    return float(bfd["interval"]) * int(bfd["multiplier"]) / 1000


def tell(what: str, gap: float, unit: float) -> None:
    print(f"\n{what}: {gap:.2f} s, {gap / unit:.1f} times BFD's detection of {unit:.1f} s")


def sessions(fleet: Fleet, node: str) -> int:
    """BGP sessions of a router that are up."""
    # bgpd may be away.
    said = fleet.lab.ssh(node, "vtysh -c 'show bgp neighbors json' || true")
    return said.count('"bgpState":"Established"')


def all_up(fleet: Fleet) -> bool:
    return all(sessions(fleet, hub) == 4 for hub in ("hub1", "hub2"))


def has_shortcut(fleet: Fleet, node: str, target: str) -> bool:
    """Whether packets go straight: a shortcut is a route on the tunnel without a next hop."""
    said = fleet.lab.ssh(node, f"ip route get {target}")
    return "dev dmvpn10" in said and " via " not in said


@contextmanager
def without_shortcuts(fleet: Fleet, word: str = "redirect") -> Iterator[None]:
    """All packets between spokes go through a hub: hubs ``redirect`` nobody, or spokes take no ``shortcut``.

    site.yml gives a router back what it lacks, and one that boots has it again.
    """
    spokes = ("spoke1", "spoke2", "spoke3")
    routers = ("hub1", "hub2") if word == "redirect" else spokes
    tunnel = ("configure terminal", "interface dmvpn10")
    try:
        for router in routers:
            fleet.vtysh(router, *tunnel, f"no ip nhrp {word}")
        for spoke in spokes:
            fleet.lab.ssh(spoke, "vtysh -c 'clear ip nhrp shortcut' || true")
        yield
    finally:
        for router in routers:
            fleet.vtysh(router, *tunnel, f"ip nhrp {word}")


@contextmanager
def through_hub1(fleet: Fleet, without: str = "redirect") -> Iterator[Probes]:
    """Probes between spokes, all through the preferred hub, which carries them without a loss."""
    with without_shortcuts(fleet, without):
        until(lambda: all_up(fleet), "all BGP sessions up")
        with probing(fleet.lab, *THROUGH_HUB) as probes:
            probes.wait_steady(time.monotonic(), STEADY, 60)
            yield probes


FAULTS: dict[str, tuple[Callable[[Fleet], None], Callable[[Fleet], None]]] = {
    "the hub's WAN is cut": (lambda f: f.lab.cut("hub1"), lambda f: f.lab.restore("hub1")),
    "the hub is dead": (lambda f: f.lab.kill("hub1"), lambda f: f.lab.start("hub1")),
}


@pytest.mark.parametrize(
    "fault", ["the hub's WAN is cut", pytest.param("the hub is dead", marks=pytest.mark.soak)]
)
def test_the_other_hub_carries_the_packets_within_twice_the_detection(fleet: Fleet, fault: str) -> None:
    broken, mended = FAULTS[fault]
    unit = detection(fleet)
    with through_hub1(fleet) as probes:
        began = time.monotonic()
        broken(fleet)
        try:
            probes.wait_steady(began + 3 * unit, STEADY, 60)
        finally:
            back = time.monotonic()
            mended(fleet)
        until(lambda: all_up(fleet), "all BGP sessions up again", seconds=120)
        probes.wait_steady(time.monotonic(), STEADY, 30)
    gap = max(flow.lost_between(began, back) for flow in probes.flows) / PER_SECOND
    tell(fault, gap, unit)
    tell(f"its return, {probes.lost_between(back)} packets of all flows lost", probes.gap_after(back), unit)
    assert gap <= 2 * unit
    if fault == "the hub is dead":
        # It takes spokes once it has the routes of all of them.
        assert probes.lost_between(back) == 0
    else:
        # bgpd ran all the while: a spoke may prefer the hub before the hub has all routes again.
        assert probes.gap_after(back) <= unit
    fleet.wait_green()


def by_hub(fleet: Fleet, hub: str) -> bool:
    """Whether every flow through a hub goes by this one."""
    address = fleet.lab.topology.node(hub).site
    return all(
        f"via 10.255.0.{address} "
        in fleet.lab.ssh(source, f"ip route get {fleet.lab.topology.node(target).client.ip}")
        for source, target in THROUGH_HUB
    )


def test_a_hub_goes_and_comes_back_as_planned_without_a_lost_packet(fleet: Fleet) -> None:
    """Drained, rebooted, and taken back when it has every route again."""
    file = fleet.inventory / "host_vars" / "hub1.yml"
    before = file.read_text()
    with through_hub1(fleet, "shortcut") as probes:
        assert by_hub(fleet, "hub1")
        began = time.monotonic()
        try:
            file.write_text(f"{before}dmvpn_drained: true\n")
            fleet.site("--limit", "hub1")
            until(lambda: by_hub(fleet, "hub2"), "all packets go by the other hub")
            fleet.lab.reboot("hub1")
            until(lambda: all_up(fleet), "all BGP sessions up again", seconds=120)
            assert by_hub(fleet, "hub2")
        finally:
            file.write_text(before)
            fleet.site("--limit", "hub1")
        until(lambda: by_hub(fleet, "hub1"), "all packets go by the hub again")
        probes.wait_steady(time.monotonic(), STEADY, 30)
    lost = probes.lost_between(began)
    tell(
        f"a planned reboot of the hub, {lost} packets of all flows lost",
        probes.gap_after(began),
        detection(fleet),
    )
    assert lost == 0
    fleet.wait_green()


@pytest.mark.parametrize("seconds", [12, pytest.param(90, marks=pytest.mark.soak)])
def test_bfd_and_bgp_come_back_by_themselves_after_a_cut(fleet: Fleet, seconds: int) -> None:
    """Shorter and longer than the registration lives; FRR 10.3 starts no BGP before BFD."""
    began = time.monotonic()
    fleet.lab.cut("spoke1")
    try:
        until(lambda: time.monotonic() - began > seconds, "the cut is long enough", seconds + 5)
    finally:
        fleet.lab.restore("spoke1")
    back = time.monotonic()
    # nhrpd by itself may be 64 s from its next try to register; the event daemon looks every 8 to 12 s.
    until(lambda: all_up(fleet), "all BGP sessions up", seconds=45)
    until(lambda: fleet.vtysh("spoke1", "show bfd peers brief").count(" up ") == 2, "both BFD sessions up")
    print(f"\na cut of {seconds} s: all sessions are up {time.monotonic() - back:.0f} s after it")
    fleet.wait_green()


DAEMONS = {
    "charon": "systemctl restart strongswan",
    "nhrpd": "kill $(pidof nhrpd)",
    "bgpd": "kill $(pidof bgpd)",
    "bfdd": "kill $(pidof bfdd)",
}


def answers(fleet: Fleet, daemon: str, before: str) -> bool:
    """Whether a daemon of the hub is another process than ``before``, and can be asked."""
    ask = "swanctl --stats" if daemon == "charon" else f"vtysh -d {daemon} -c 'show version'"
    return process(fleet, daemon, f"{ask} >/dev/null 2>&1") not in ("", before)


def process(fleet: Fleet, daemon: str, when: str = "true") -> str:
    """Process number of a daemon of the hub; empty where there is none, or what shall be true is not."""
    program = "charon-systemd" if daemon == "charon" else daemon
    return fleet.lab.ssh("hub1", f"if {when}; then pidof {program} || true; fi").strip()


@pytest.mark.soak
@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_of_the_hub_restarts(fleet: Fleet, daemon: str) -> None:
    unit = detection(fleet)
    with through_hub1(fleet) as probes:
        before = process(fleet, daemon)
        began = time.monotonic()
        fleet.lab.ssh("hub1", DAEMONS[daemon])
        # watchfrr looks every five seconds; until then a session may be up that nobody serves.
        until(lambda: answers(fleet, daemon, before), f"{daemon} of the hub is back", seconds=60)
        until(lambda: all_up(fleet), "all BGP sessions up again", seconds=120)
        probes.wait_steady(time.monotonic(), STEADY, 60)
    gap = probes.gap_after(began)
    tell(f"{daemon} restarted, {probes.lost_between(began)} packets of all flows lost", gap, unit)
    fleet.wait_green()


def spis(fleet: Fleet, router: str, of: str) -> set[str]:
    """SPIs of the SAs that the kernel of a router has, or those that its charon knows."""
    ask, pattern = {
        "kernel": ("ip xfrm state list reqid 1000010 nokeys", r"\bspi 0x0*([0-9a-f]+)"),
        "charon": ("swanctl --list-sas --raw", r"\bspi-(?:in|out)=0*([0-9a-f]+)"),
    }[of]
    return set(re.findall(pattern, fleet.lab.ssh(router, ask)))


@pytest.mark.parametrize("router", ["hub1", "spoke3"])
def test_charon_is_killed_and_the_next_one_makes_its_sas_anew(fleet: Fleet, router: str) -> None:
    """The kernel goes on with the SAs of the old one, but not for longer than it takes to replace them."""
    direct, behind_nat = (("spoke1", "hub1"), ("spoke3", "hub1")), ("spoke2", "hub1")
    with probing(fleet.lab, *direct, behind_nat) as probes:
        probes.wait_steady(time.monotonic(), STEADY, 60)
        before = spis(fleet, router, "kernel")
        began = time.monotonic()
        fleet.lab.ssh(router, "kill -KILL $(pidof charon-systemd)")
        until(
            lambda: (
                before.isdisjoint(now := spis(fleet, router, "kernel"))
                and now
                and now == spis(fleet, router, "charon")
            ),
            f"the kernel of {router} has the SAs of the new charon, and no others",
        )
        probes.wait_steady(time.monotonic(), STEADY, 60)
    *gaps, natted = (Probes([flow]).gap_after(began) for flow in probes.flows)
    tell(f"charon of {router} killed", max(gaps), detection(fleet))
    assert max(gaps) <= detection(fleet) / 2
    # The hub cannot begin an SA with a spoke behind NAT, which has to find out by dead peer detection.
    tell(f"charon of {router} killed, for a spoke behind NAT", natted, detection(fleet))
    assert natted <= SHORTCUT_FALLS_BACK
    fleet.wait_green()


def test_a_shortcut_survives_the_loss_of_the_hub(fleet: Fleet) -> None:
    with probing(fleet.lab, *SHORTCUT) as probes:
        for spoke, target in (("spoke1", "10.13.0.10"), ("spoke3", "10.11.0.10")):
            until(partial(has_shortcut, fleet, spoke, target), f"{spoke} has its shortcut")
        probes.wait_steady(time.monotonic(), STEADY, 60)
        began = time.monotonic()
        fleet.lab.cut("hub1")
        try:
            probes.wait_steady(began + 10, STEADY, 60)
            ended = time.monotonic()
        finally:
            fleet.lab.restore("hub1")
    print(f"\na shortcut while its hub is lost: {probes.lost_between(began, ended)} packets lost")
    # nhrpd asks the other hub for the way again, and may be a moment late.
    assert probes.lost_between(began, ended) <= PER_SECOND / 4
    fleet.wait_green()


def test_a_shortcut_without_its_sa_falls_back_to_the_hub(fleet: Fleet) -> None:
    peer = "203.0.113.18"
    blocked = "add table inet test_blocked; " + "".join(
        f"add chain inet test_blocked {hook} {{ type filter hook {hook} priority 0; }}; "
        f"add rule inet test_blocked {hook} ip {end} {peer} drop; "
        for hook, end in (("input", "saddr"), ("output", "daddr"))
    )
    with probing(fleet.lab, *SHORTCUT) as probes:
        until(partial(has_shortcut, fleet, "spoke1", "10.13.0.10"), "spoke1 has its shortcut")
        probes.wait_steady(time.monotonic(), STEADY, 60)
        assert has_shortcut(fleet, "spoke1", "10.13.0.10")
        began = time.monotonic()
        fleet.lab.ssh("spoke1", f"nft '{blocked}'")
        try:
            probes.wait_steady(began + 1, STEADY, 60)
        finally:
            fleet.lab.ssh("spoke1", "nft delete table inet test_blocked")
    gap = probes.gap_after(began)
    tell("a shortcut's SA died", gap, detection(fleet))
    # Nobody can notice sooner than dead peer detection asks.
    assert 1 < gap <= SHORTCUT_FALLS_BACK
    fleet.wait_green()
