# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site.yml over waves on a live fleet: a bad canary stops it, a red wave is undone, the next run goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

# Three seconds are enough for what is there at once, and what never comes need not be waited for.
IMPATIENT = ("-e", "linux_prove_wait=15")
AT_ONCE = ("-e", '{"dmvpn_rollout": {"together": true}}')
ALL = ["hub1", "hub2", "spoke1", "spoke2", "spoke3"]


@contextmanager
def edited(fleet: Fleet, old: str, new: str) -> Iterator[None]:
    """The inventory with another text, and afterwards as it was."""
    path = fleet.inventory / "group_vars" / "all" / "dmvpn.yml"
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))
    try:
        yield
    finally:
        path.write_text(before)


def files(fleet: Fleet, node: str) -> str:
    """Hashes of all files of ours on a router, what FRR runs, and the guard without what its sets learn."""
    return fleet.lab.ssh(
        node,
        "find /etc/mgre-dmvpn /etc/swanctl /etc/strongswan.d/mgre-dmvpn.conf /etc/frr/frr.conf -type f "
        "-exec sha256sum {} + | sort; vtysh -c 'show running-config'; "
        "nft -t list table inet mgre_dmvpn_guard | sed 's/packets [0-9]* bytes [0-9]*//'",
    )


def established(fleet: Fleet, node: str) -> list[int]:
    """When each BGP session of a router came up, in seconds; bgpd's rounding moves that by one."""
    text = fleet.vtysh(node, "show bgp neighbors json")
    return sorted(int(second) for second in re.findall(r'"bgpTimerUpEstablishedEpoch":\s*(\d+)', text))


def changes(fleet: Fleet, node: str) -> list[str]:
    """The verdicts on all changes of a router, oldest first."""
    text = fleet.lab.ssh(node, "cat /var/lib/mgre-dmvpn/history.jsonl")
    return [json.loads(line)["verdict"] for line in text.splitlines()]


def test_a_canary_that_does_not_work_stops_the_rollout_and_is_undone(fleet: Fleet) -> None:
    files_before = {node: files(fleet, node) for node in ALL}
    sessions = {node: established(fleet, node) for node in ALL}
    verdicts = {node: changes(fleet, node) for node in ALL}
    # Its hubs speak another suite, which no check of the inventory or of the router can tell.
    with edited(fleet, "ipsec: {auth: certificate}", "ipsec: {auth: certificate, suite: aes-gcm-128}"):
        done = fleet.play("site", *IMPATIENT, "-e", '{"dmvpn_rollout": {"canary": ["spoke3"]}}')
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "wave 1 of 3 begins: canary spoke3" in said, said
    assert re.search(
        r"the rollout stopped in wave 1 of 3\n"
        r" +done: +none\n +undone: +spoke3\n +not begun: +hub1, spoke1, spoke2, hub2\n +cause:\n"
        r" +spoke3: no hub of cloud blue is proven",
        said,
    ), said
    assert "AES_GCM_16-128" in said
    assert {node: files(fleet, node) for node in ALL} == files_before
    assert changes(fleet, "spoke3") == [*verdicts["spoke3"], "undone"]
    for node in ("hub1", "hub2", "spoke1", "spoke2"):
        assert changes(fleet, node) == verdicts[node], node
    assert {len(sessions[node]) for node in ("spoke1", "spoke2")} == {2}
    for node in ("spoke1", "spoke2"):
        assert established(fleet, node) == pytest.approx(sessions[node], abs=2)
    fleet.wait_green()


@pytest.mark.soak
def test_a_wave_is_undone_whole_and_the_next_run_goes_on_behind_what_is_done(fleet: Fleet) -> None:
    sessions = {node: established(fleet, node) for node in ALL}
    hold = "systemd-run -q --unit=holder flock /var/lib/mgre-dmvpn/lock sleep 600"
    with edited(fleet, "summaries: [10.0.0.0/9]", "summaries: [10.0.0.0/9, 172.20.0.0/16]"):
        # A look takes no lock: only the change of spoke2 fails, in the second wave.
        fleet.lab.ssh("spoke2", hold)
        try:
            done = fleet.play("site")
        finally:
            fleet.lab.ssh("spoke2", "systemctl stop holder")
        said = done.stdout + done.stderr
        assert done.returncode != 0, said
        assert re.search(
            r"the rollout stopped in wave 2 of 3\n"
            r" +done: +spoke1\n +undone: +hub1, spoke2, spoke3\n +not begun: +hub2\n"
            r" +cause:\n +spoke2: another",
            said,
        ), said
        assert [changes(fleet, node)[-1] for node in ("spoke1", "hub1", "spoke3")] == [
            "confirmed",
            "undone",
            "undone",
        ]
        held = {node: "172.20.0.0/16" in fleet.vtysh(node, "show running-config") for node in ALL}
        assert held == dict.fromkeys(ALL, False) | {"spoke1": True}

        again = fleet.site()
        assert "goes on with the rollout of" in again and "1 site done" in again, again
        assert "wave 2 of 3 begins: routers hub1, spoke2, spoke3" in again, again
        assert "wave 3 of 3: 5 sites done, 0 left" in again, again
        assert re.search(r"^spoke1 .* changed=0 ", again, re.M), again
        assert all("172.20.0.0/16" in fleet.vtysh(node, "show running-config") for node in ALL)
    # No session has noticed any of it.
    for node in ALL:
        assert established(fleet, node) == pytest.approx(sessions[node], abs=2), node
    back = fleet.site(*AT_ONCE)
    assert "5 routers to change, 0 as they should be; 1 wave:" in back, back
    until(
        lambda: all("172.20.0.0/16" not in fleet.vtysh(node, "show running-config") for node in ALL),
        "the summary is gone",
    )
    fleet.wait_green()
