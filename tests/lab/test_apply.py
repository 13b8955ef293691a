# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Apply on booted routers, Debian 13 as hub and Debian 12 as spoke. Needs root; about six minutes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

import pytest
from ansible_collections.mgre.dmvpn.tests.lab import Lab
from ansible_collections.mgre.dmvpn.tests.lab.routers import TOPOLOGY, Routers
from ansible_collections.mgre.dmvpn.tests.lab.topology import parse

pytestmark = pytest.mark.lab

FOREIGN = r"""
cat > /etc/frr/frr.conf <<'END'
! The provider's peering, by hand
frr version 10.3
frr defaults traditional
hostname hub1
service integrated-vtysh-config
!
ip route 192.0.2.0/24 blackhole
! call Anna before you change this
router bgp 65000
 bgp router-id 192.0.2.1
 neighbor 198.51.100.1 remote-as 65100
 !
 address-family ipv4 unicast
  network 192.0.2.0/24
 exit-address-family
exit
!
END
chown frr:frr /etc/frr/frr.conf
sed -i s/^bgpd=no/bgpd=yes/ /etc/frr/daemons
nft 'add table inet mine; add chain inet mine x; add rule inet mine x tcp dport 22 accept'
cat > /etc/swanctl/conf.d/other.conf <<'END'
connections {
    other {
        remote_addrs = 203.0.113.99
        local { auth = psk }
        remote { auth = psk }
        children { net { remote_ts = 172.16.0.0/12 } }
    }
}
END
systemctl enable --now frr strongswan
"""


@pytest.fixture(scope="module")
def routers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routers]:
    """The hub has a life of its own; both are applied once."""
    lab = Lab.up(parse(TOPOLOGY, "test_apply"), f"apply-{os.getpid()}")
    try:
        routers = Routers(lab, tmp_path_factory.mktemp("apply"))
        lab.ssh("hub1", FOREIGN)
        predicted = routers.site("--check", "--diff")
        assert "changed=1" in predicted.split("PLAY RECAP")[1]
        assert lab.ssh("hub1", "ls -d /etc/mgre-dmvpn /var/lib/mgre-dmvpn 2>/dev/null || true") == ""
        routers.site()
        routers.wait_up()
        yield routers
    finally:
        lab.down()


def test_a_second_run_changes_nothing_in_little_time(routers: Routers) -> None:
    begun = time.monotonic()
    recap = routers.site().split("PLAY RECAP")[1]
    assert re.findall(r"changed=(\d+)", recap) == ["0", "0"], recap
    assert time.monotonic() - begun < 60


def test_foreign_configuration_is_kept(routers: Routers) -> None:
    conf = routers.lab.ssh("hub1", "cat /etc/frr/frr.conf")
    running = routers.lab.ssh("hub1", "vtysh -c 'show running-config'")
    assert "! call Anna before you change this" in conf
    for text in (conf, running):
        assert "neighbor 198.51.100.1 remote-as 65100" in text
        assert "bgp router-id 192.0.2.1" in text and "network 192.0.2.0/24" in text
        assert "neighbor MGRE-blue-spokes peer-group" in text
    assert "tcp dport 22 accept" in routers.lab.ssh("hub1", "nft list table inet mine")
    assert "other: IKE" in routers.lab.ssh("hub1", "swanctl --list-conns")


def test_lans_reach_each_other_through_the_tunnel(routers: Routers) -> None:
    answer = routers.lab.client("spoke1", "ping", "-q", "-c", "3", "-W", "2", "10.1.0.10")
    assert "3 received" in answer.stdout, answer.stdout


def test_what_vtysh_refuses_changes_nothing(routers: Routers) -> None:
    before = routers.state("hub1")
    bundle = routers.spoiled("hub1", "/etc/mgre-dmvpn/frr.conf", lambda text: text + "nonsense here\n")
    done = routers.apply(bundle, "hub1")
    assert done.returncode != 0
    assert "nonsense here" in done.stdout and "nothing was changed" in done.stdout
    assert routers.state("hub1") == before


@pytest.mark.parametrize("node", ["hub1", "spoke1"])
def test_a_step_that_fails_is_undone(routers: Routers, node: str) -> None:
    before, neighbor = routers.state(node), routers.neighbor()
    bundle = routers.spoiled(
        node,
        "/etc/swanctl/conf.d/mgre-dmvpn.conf",
        lambda text: re.sub(r"esp_proposals = \S+", "esp_proposals = nonsense", text),
    )
    guard = bundle / node / "etc/mgre-dmvpn/guard.nft"
    guard.write_text(guard.read_text() + "# another guard\n")
    done = routers.apply(bundle, node)
    assert done.returncode != 0
    assert "step 'ipsec' failed" in done.stdout and "the router is as it was before" in done.stdout, (
        done.stdout
    )
    assert routers.state(node) == before
    assert routers.neighbor()["connectionsEstablished"] == neighbor["connectionsEstablished"]


def test_a_run_killed_in_the_middle_is_undone_by_the_next(routers: Routers) -> None:
    good = routers.state("spoke1")
    bundle = routers.spoiled(
        "spoke1", "/etc/mgre-dmvpn/frr.conf", lambda text: text + "ip route 10.127.0.0/16 blackhole 250\n"
    )
    # Once it has begun with FRR, the run is killed as a power cut would.
    routers.lab.ssh(
        "spoke1",
        "systemd-run --unit=killer sh -c '"
        'until grep -q "\\"frr\\"" /var/lib/mgre-dmvpn/journal.json; do sleep 0.01; done 2>/dev/null; '
        'kill -9 $(sed -n "s/^pid \\([0-9]*\\).*/\\1/p" /var/lib/mgre-dmvpn/lock)\'',
    )
    assert routers.apply(bundle, "spoke1").returncode != 0
    assert routers.lab.ssh("spoke1", "cat /var/lib/mgre-dmvpn/journal.json")
    told = routers.site("--limit", "spoke1")
    assert "was interrupted; it was undone before this one" in told and "changed=1" in told
    assert routers.state("spoke1") == good


def test_a_change_does_not_touch_sessions_that_stay(routers: Routers) -> None:
    before = routers.neighbor()
    cloud = routers.hosts["all"]["vars"]["dmvpn_clouds"][0]
    cloud["routing"]["summaries"].append("172.20.0.0/16")
    routers.write()
    recap = routers.site().split("PLAY RECAP")[1]
    after = routers.neighbor()
    assert re.findall(r"changed=(\d+)", recap) != ["0", "0"]
    assert "172.20.0.0/16 le 32" in routers.lab.ssh("hub1", "vtysh -c 'show running-config'")
    assert after["connectionsEstablished"] == before["connectionsEstablished"]
    # bgpd's rounding moves that by one.
    assert after["bgpTimerUpEstablishedEpoch"] == pytest.approx(before["bgpTimerUpEstablishedEpoch"], abs=2)


@pytest.mark.soak
def test_the_packet_filter_can_change_under_a_running_tunnel(routers: Routers) -> None:
    before = routers.neighbor()
    spoke = routers.hosts["all"]["hosts"]["spoke1"]
    for firewall, present, absent in (
        ("iptables", "-A OUTPUT -j MGRE-DMVPN-OUT", "table inet mgre_dmvpn_guard"),
        ("nftables", "table inet mgre_dmvpn_guard", "MGRE-DMVPN"),
    ):
        spoke["dmvpn_firewall"] = firewall
        routers.write()
        routers.site("--limit", "spoke1")
        rules = routers.lab.ssh("spoke1", "nft list tables; iptables -S; iptables -t mangle -S")
        assert present in rules and absent not in rules, rules
        assert "changed=0" in routers.site("--limit", "spoke1")
    assert routers.neighbor()["connectionsEstablished"] == before["connectionsEstablished"]


@pytest.mark.soak
def test_it_survives_a_reboot_of_both(routers: Routers) -> None:
    routers.lab.reboot("hub1", "spoke1")
    routers.wait_up()
    # The foreign table was made by hand and not saved: it is gone, as it would be without us.
    for node in ("hub1", "spoke1"):
        order = routers.lab.ssh(
            node,
            "systemctl show -p ActiveEnterTimestampMonotonic --value "
            "mgre-dmvpn-guard mgre-dmvpn-blue frr | grep .",
        )
        times = [int(line) for line in order.split()]
        assert times == sorted(times), order
    recap = routers.site().split("PLAY RECAP")[1]
    assert re.findall(r"changed=(\d+)", recap) == ["0", "0"], recap


@pytest.mark.soak
def test_absent_leaves_nothing_of_ours_and_everything_of_others(routers: Routers) -> None:
    routers.site("-e", "linux_state=absent")
    for node in ("hub1", "spoke1"):
        state = routers.state(node)
        assert "mgre" not in state.lower() and "dmvpn" not in state, state
        left = routers.lab.ssh(
            node, "ls -d /etc/mgre-dmvpn /var/lib/mgre-dmvpn /usr/local/lib/mgre-dmvpn || true"
        )
        assert left == ""
    running = routers.lab.ssh("hub1", "vtysh -c 'show running-config'")
    assert "neighbor 198.51.100.1 remote-as 65100" in running and "network 192.0.2.0/24" in running
    assert "other: IKE" in routers.lab.ssh("hub1", "swanctl --list-conns")
