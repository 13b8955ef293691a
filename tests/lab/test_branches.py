# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A branch comes and goes in a live fleet, and no other site notices. Needs root."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import yaml
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

HUBS = ("hub1", "hub2")
OTHERS = (*HUBS, "spoke1", "spoke2")
FLOWS = (("spoke1", "spoke2"), ("spoke2", "hub1"), ("spoke1", "hub2"), ("hub1", "hub2"))
# The branch that comes and goes: its tunnel addresses and names, and what its routes begin with.
OVERLAYS = ("10.255.0.13", "10.255.0.23")
NAMES = ("CN=spoke3", "CN=branch3")
FIRST_LEASE, LEASE = "203.0.113.18", "203.0.113.20"
ROWS = """\
name,ansible_host,dmvpn_site,dmvpn_lans,dmvpn_transports.internet.interface,dmvpn_transports.internet.address
spoke3,192.168.250.23,13,10.13.0.0/24,wan1,dhcp
"""
WATCH = """\
rm -f /run/test-routes
systemd-run -q --collect --unit=test-routes -p RuntimeMaxSec=600 -p StandardOutput=file:/run/test-routes \
    ip -4 monitor route
"""
# Everything on a router that is ours by its name.
LEFT = """\
ip -o link show | grep -o 'dmvpn[0-9]*'
nft list tables | grep mgre; ip xfrm policy | grep 'proto gre'; ip xfrm state
ip route show | grep -E 'blackhole|dmvpn'
vtysh -c 'show running-config' | grep -E 'MGRE|dmvpn|nhrp|router bgp'
systemctl list-units --all --plain --no-legend 'mgre-dmvpn*'
find / /run -xdev -path /proc -prune -o \\( -name '*mgre-dmvpn*' -o -name '*nhrp_events*' \\) -print
swanctl --list-conns; swanctl --list-certs
"""
LIMIT = 60  # seconds from a reachable router to a verified site


@dataclass(frozen=True, slots=True)
class Removal:
    """What remove_branch.yml did with spoke3, and what was found right after it."""

    done: subprocess.CompletedProcess[str]
    before: dict[str, list[str]]
    left: list[str]
    at_hubs: dict[str, list[str]]


@pytest.fixture(scope="module")
def removal(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Removal]:
    """spoke3 is taken out of the fleet. Afterwards the inventory is as it was, the fleet green."""
    kept = tmp_path_factory.mktemp("kept") / "inventory"
    shutil.copytree(fleet.inventory, kept)
    try:
        fleet.lab.capture_start()
        before = {hub: held(fleet, hub) for hub in HUBS}
        before["spoke3"] = fleet.lab.ssh("spoke3", LEFT).splitlines()
        with undisturbed(fleet):
            done = fleet.play("remove_branch", "-e", "branch=spoke3")
            left = fleet.lab.ssh("spoke3", LEFT).splitlines()
            at_hubs = {hub: held(fleet, hub) for hub in HUBS}
        fleet.assert_clean_wans()
        yield Removal(done, before, left, at_hubs)
    finally:
        shutil.rmtree(fleet.inventory)
        shutil.copytree(kept, fleet.inventory)
        fleet.site("--limit", "spoke3")
        fleet.wait_green()


def take_out(inventory: Path) -> None:
    """The inventory's own entry of spoke3."""
    hosts = inventory / "hosts.yml"
    text, found = re.subn(r"^ +spoke3:.*\n", "", hosts.read_text(), count=1, flags=re.MULTILINE)
    assert found == 1
    hosts.write_text(text)
    (inventory / "host_vars" / "spoke3.yml").unlink()


def sessions(fleet: Fleet, node: str) -> dict[str, int]:
    """When each established BGP session of a router came up, by neighbour; spoke3's left out."""
    said = json.loads(fleet.vtysh(node, "show bgp neighbors json"))
    return {
        peer: held["bgpTimerUpEstablishedEpoch"]
        for peer, held in said.items()
        if isinstance(held, dict) and held.get("bgpState") == "Established" and peer not in OVERLAYS
    }


def associations(fleet: Fleet, node: str) -> set[str]:
    """The IKE SAs of a router by their number, but those with spoke3."""
    said = fleet.lab.ssh(node, "swanctl --list-sas")
    found = re.findall(r"^\S+: #(\d+), ESTABLISHED.*\n(?:  .*\n)*?  remote '(.*?)'", said, re.MULTILINE)
    return {number for number, identity in found if not identity.endswith(NAMES)}


def direct(fleet: Fleet) -> bool:
    """Whether the flows have all the shortcuts that they will get."""
    here, there = (fleet.lab.ssh(node, "ip route show proto nhrp") for node in ("spoke1", "spoke2"))
    return "10.12.0.0/24" in here and "10.2.0.0/24" in here and "10.11.0.0/24" in there


def steady(fleet: Fleet, source: str, target: str) -> bool:
    return fleet.ping(source, target, 30) == 0


@contextmanager
def undisturbed(fleet: Fleet) -> Iterator[None]:
    """Of all other sites: no packet lost, no session made anew, no SA gone, no route changed."""
    # A spoke with a shortcut to the branch that goes clears all that it has, which may cost a packet.
    for node in ("spoke1", "spoke2"):
        fleet.lab.ssh(node, "vtysh -c 'clear ip nhrp shortcut' || true")
    # The shortcuts of these flows come first, so that what changes below is not their doing.
    with fleet.traffic(*FLOWS):
        until(partial(direct, fleet), "the shortcuts of the flows")
    for flow in FLOWS:
        # A shortcut that is being made may cost a packet, on a busy machine later than it shows.
        until(partial(steady, fleet, *flow), f"30 of 30 answers from {flow[0]} to {flow[1]}")
    before = {node: (sessions(fleet, node), associations(fleet, node)) for node in OTHERS}
    assert [len(held[0]) for held in before.values()] == [3, 3, 2, 2]
    for node in OTHERS:
        fleet.lab.ssh(node, WATCH)
    try:
        with fleet.traffic(*FLOWS) as lost:
            yield
        routes = {node: fleet.lab.ssh(node, "cat /run/test-routes") for node in OTHERS}
        assert not any(lost.values()), (lost, routes)
        for node, (since, numbers) in before.items():
            now = sessions(fleet, node)
            assert now.keys() == since.keys(), node
            assert now == pytest.approx(since, abs=2), node  # bgpd rounds
            assert numbers <= associations(fleet, node), node
            # Only shortcuts come and go, at spokes: of one that had an SA with the branch that goes, all do.
            foreign = [
                line
                for line in routes[node].splitlines()
                if not any(spoke3 in line for spoke3 in (*OVERLAYS, "10.13.0."))
                and ("proto nhrp" not in line or node in HUBS)
            ]
            assert not foreign, (node, foreign)
    finally:
        for node in OTHERS:
            fleet.lab.ssh(node, "systemctl stop test-routes; rm -f /run/test-routes")


def held(fleet: Fleet, node: str) -> list[str]:
    """What a router has of spoke3: lines with its tunnel address or name."""
    said = fleet.lab.ssh(node, "swanctl --list-sas; ip neigh show; ip route show")
    said += fleet.vtysh(
        node, "show bgp summary", "show ip nhrp cache", "show bfd peers", "show running-config"
    )
    return [line for line in said.splitlines() if re.search(r"10\.255\.0\.13\b", line) or "CN=spoke3" in line]


def recap(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Host -> changes of a run that has to succeed."""
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", done.stdout.split("PLAY RECAP")[1], re.MULTILINE)
    return {host: int(count) for host, count in found}


def addresses(fleet: Fleet, hub: str) -> str:
    """Where a hub knows its peers."""
    return fleet.lab.ssh(hub, "swanctl --list-sas") + fleet.vtysh(hub, "show ip nhrp cache")


@pytest.fixture
def inventory(fleet: Fleet, tmp_path: Path) -> Iterator[Path]:
    """The fleet's inventory for a test to change; afterwards it is as it was, and the fleet green with it."""
    kept = tmp_path / "inventory"
    shutil.copytree(fleet.inventory, kept)
    yield fleet.inventory
    shutil.rmtree(fleet.inventory)
    shutil.copytree(kept, fleet.inventory)
    done = fleet.play("change_branch", "-e", "branch=spoke3")
    assert done.returncode == 0, done.stdout + done.stderr
    fleet.wait_green()


@pytest.mark.soak
def test_a_branch_with_another_name_number_and_wan_leaves_nothing_of_the_old_ones(
    fleet: Fleet, inventory: Path
) -> None:
    hosts = inventory / "hosts.yml"
    text = hosts.read_text()
    own = inventory / "host_vars" / "spoke3.yml"
    (inventory / "host_vars" / "branch3.yml").write_text(
        own.read_text().replace("dmvpn_site: 13", "dmvpn_site: 23")
    )
    # Renamed, and the old entry forgotten: it is told, and nothing is touched.
    hosts.write_text(
        text.replace(" spoke3:", " branch3: {ansible_host: 192.168.250.23}\n            spoke3:")
    )
    collides = fleet.play("change_branch", "-e", "branch=branch3")
    assert collides.returncode != 0
    assert "dmvpn_lans: 10.13.0.0/24 is also a LAN of" in collides.stdout, collides.stdout
    hosts.write_text(text.replace(" spoke3:", " branch3:"))
    own.unlink()
    with undisturbed(fleet):
        done = fleet.play("change_branch", "-e", "branch=branch3")
        at_hubs = {hub: held(fleet, hub) for hub in HUBS}
        known = {hub: fleet.lab.ssh(hub, "swanctl --list-sas") for hub in HUBS}
    assert recap(done).keys() == {"localhost", "branch3", *HUBS}
    assert at_hubs == {hub: [] for hub in HUBS}
    assert all("OU=10.255.0.23, CN=branch3" in text for text in known.values())

    with undisturbed(fleet):
        fleet.lab.lease("spoke3", LEASE)
        moved = fleet.play("change_branch", "-e", "branch=branch3")
        known = {hub: addresses(fleet, hub) for hub in HUBS}
    fleet.lab.lease("spoke3", FIRST_LEASE)
    assert recap(moved)["branch3"] == 0, "where DHCP gives the address, nothing is written on the router"
    assert all(LEASE in text and FIRST_LEASE not in text for text in known.values())


def test_a_branch_is_removed_and_nothing_is_left_of_it(fleet: Fleet, removal: Removal) -> None:
    assert all(len(lines) >= 5 for lines in removal.before.values()), "the search finds what there is"
    assert recap(removal.done).keys() == {"localhost", "spoke3", *HUBS}
    assert removal.left == []
    assert removal.at_hubs == {hub: [] for hub in HUBS}
    said = removal.done.stdout
    assert re.search(r"Delete the host now.*host_vars/spoke3\.yml.*hosts\.yml", said, re.DOTALL), said
    again = fleet.play("remove_branch", "-e", "branch=spoke3")
    assert set(recap(again).values()) == {0}


def test_a_row_of_a_table_becomes_a_verified_site_and_no_other_is_touched(
    fleet: Fleet, removal: Removal
) -> None:
    assert removal.left == []
    take_out(fleet.inventory)
    table = fleet.folder / "new.csv"
    table.write_text(ROWS)
    own = {path: path.read_bytes() for path in fleet.inventory.rglob("*") if path.is_file()}
    shown = fleet.play("add_branch", "-e", f"branches={table}", "--check", "--diff")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert re.search(r"^\+ +spoke3:$", shown.stdout, re.MULTILINE), shown.stdout
    assert {path for path in fleet.inventory.rglob("*") if path.is_file()} == own.keys()

    with undisturbed(fleet):
        begun = time.monotonic()
        done = fleet.play("add_branch", "-e", f"branches={table}")
        seconds = time.monotonic() - begun
    changed = recap(done)
    assert changed.pop("localhost") == 1
    assert changed.keys() == {"spoke3"}, "only the new branch is in the run"
    assert re.search(r"^spoke3 +blue +spoke +2/2 .* green *$", done.stdout, re.MULTILINE), done.stdout
    assert "spoke3 is up: site 13; blue 10.255.0.13 by hub1, hub2; LANs 10.13.0.0/24" in done.stdout
    assert seconds < LIMIT, f"{seconds:.0f} s"
    assert fleet.ping("spoke3", "spoke1") <= 1, "the first one may meet the shortcut as it is made"
    assert {path: path.read_bytes() for path in own} == own, "the user's files are as they were"

    entered = (fleet.inventory / "added_branches.yml").read_bytes()
    again = recap(fleet.play("add_branch", "-e", f"branches={table}"))
    assert again == {"localhost": 0, "spoke3": 0}
    assert (fleet.inventory / "added_branches.yml").read_bytes() == entered
    untouched = recap(fleet.play("site", "--check", "--limit", "hub1,hub2"))
    assert untouched == {"hub1": 0, "hub2": 0}


@pytest.mark.soak
def test_of_the_last_cloud_nothing_is_left_and_where_there_is_another_it_does_not_notice(
    fleet: Fleet,
) -> None:
    clouds = fleet.inventory / "group_vars" / "all" / "dmvpn.yml"
    text = clouds.read_text()
    nodes = tuple(fleet.lab.topology.nodes)
    try:
        assert recap(fleet.play("decommission", "-e", "cloud=blue")).keys() == {"localhost", *nodes}
        assert {node: fleet.lab.ssh(node, LEFT).splitlines() for node in nodes} == {
            node: [] for node in nodes
        }

        variables = yaml.safe_load(text)
        blue = variables["dmvpn_clouds"][0]
        green = blue | {"name": "green", "number": 20, "prefix": "10.254.0.0/22"}
        clouds.write_text(yaml.safe_dump(variables | {"dmvpn_clouds": [blue, green]}))
        fleet.site()
        fleet.wait_green()
        before = {node: sessions(fleet, node) for node in nodes}
        done = fleet.play("decommission", "-e", "cloud=green")
        assert recap(done).keys() == {"localhost", *nodes}
        for node in nodes:
            left = fleet.lab.ssh(node, f"{LEFT} grep -rl green /etc/mgre-dmvpn /etc/swanctl /etc/frr; true")
            assert "green" not in left and "dmvpn20" not in left, (node, left)
            since = {peer: at for peer, at in before[node].items() if peer.startswith("10.255.")}
            assert sessions(fleet, node) == pytest.approx(since, abs=2), node
    finally:
        clouds.write_text(text)
        fleet.site()
    fleet.wait_green()


KEPT = "etc/swanctl/private/mgre-dmvpn.key etc/swanctl/x509/mgre-dmvpn.crt"
LOAD = """\
swanctl --load-creds --clear --noprompt; swanctl --load-conns
swanctl --terminate --ike mgre-internet --force || true
"""


@pytest.mark.soak
def test_another_router_gets_the_site_and_the_old_one_stays_out(fleet: Fleet) -> None:
    old = fleet.lab.ssh("spoke3", f"tar -C / -c {KEPT} | base64 -w0")
    fleet.lab.reset("spoke3")
    with undisturbed(fleet):
        done = fleet.play("replace_branch", "-e", "branch=spoke3")
    assert recap(done)["spoke3"] > 0
    assert re.search(r"^spoke3 +blue +spoke +2/2 .* green *$", done.stdout, re.MULTILINE), done.stdout
    new = fleet.lab.ssh("spoke3", f"tar -C / -c {KEPT} | base64 -w0")
    try:
        fleet.lab.ssh("spoke3", f"echo {old} | base64 -d | tar -C / -x; {LOAD}")
        log = "journalctl -q -o cat -u strongswan --since -2min"
        until(
            lambda: "certificate was revoked" in fleet.lab.ssh("hub1", log),
            "hub1 refuses the old router's certificate",
        )
        for hub in HUBS:
            assert "CN=spoke3" not in fleet.lab.ssh(hub, "swanctl --list-sas")
    finally:
        fleet.lab.ssh("spoke3", f"echo {new} | base64 -d | tar -C / -x; {LOAD}")
    fleet.wait_green()
