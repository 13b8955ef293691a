# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Apply on booted routers, Debian 13 as hub and Debian 12 as spoke. Needs root; about six minutes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mgre.dmvpn.tests.lab import Lab
from ansible_collections.mgre.dmvpn.tests.lab.inventory import inventory
from ansible_collections.mgre.dmvpn.tests.lab.topology import parse

# Seconds, because a router of the lab has no CPU to itself: BFD must see links, not the machine.
BFD = {"interval": 1000, "multiplier": 3}
pytestmark = pytest.mark.lab

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = """\
nodes:
  hub1: {site: 1, wan1: 198.51.100.2/30}
  spoke1: {site: 11, debian: 12, wan1: 198.51.100.10/30}
"""
FLEET = {
    "dmvpn_clouds": [
        {
            "name": "blue",
            "number": 10,
            "prefix": "10.255.0.0/22",
            "transport": "internet",
            "hubs": ["hub1"],
            "spokes": "branches",
            "routing": {"summaries": ["10.0.0.0/9"], "bfd": BFD},
            "ipsec": {"auth": "psk"},
        }
    ],
    "dmvpn_psks": {"blue": "a-secret-for-this-test-only"},
}
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
# What a run may change, and what it must not.
STATE = r"""
cd /etc && find frr swanctl strongswan.d sysctl.d systemd/system mgre-dmvpn -type f ! -name '*.sav' \
    -exec sha256sum {} + 2>/dev/null | sort
ip -br link | awk '{print $1}' | sort
nft list tables
swanctl --list-conns 2>/dev/null | grep '^[a-z]'
systemctl is-enabled frr strongswan
vtysh -c 'show running-config'
"""


class Routers:
    """The lab, its inventory, and ansible-playbook."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.bundle = folder / "bundle"
        hosts = yaml.safe_load(inventory(lab))
        hosts["all"]["children"] = {"branches": {"hosts": {"spoke1": {}}}}
        hosts["all"]["hosts"]["spoke1"]["dmvpn_frr_version"] = "8.4"
        hosts["all"]["vars"] |= {**FLEET, "dmvpn_bundle_dir": str(self.bundle)}
        self.hosts = hosts
        self.write()

    def write(self) -> None:
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(self.hosts))

    def play(self, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                "-i",
                "hosts.yml",
                playbook,
                *arguments,
            ],
            cwd=self.folder,
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build/collections"),
            },
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def site(self, *arguments: str) -> str:
        """site.yml, which has to succeed."""
        done = self.play(str(ROOT / "playbooks/site.yml"), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def apply(self, bundle: Path, node: str) -> subprocess.CompletedProcess[str]:
        """The module alone, with a bundle of one's own making."""
        play = [
            {
                "hosts": node,
                "gather_facts": False,
                "tasks": [{"mgre.dmvpn.linux_apply": {"bundle": str(bundle)}}],
            }
        ]
        (self.folder / "apply.yml").write_text(yaml.safe_dump(play))
        return self.play("apply.yml")

    def spoiled(self, node: str, path: str, spoil: Callable[[str], str]) -> Path:
        """A copy of the bundle in which one file of a router is another."""
        copy = self.folder / "spoiled"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.bundle, copy)
        file = copy / node / path.lstrip("/")
        file.write_text(spoil(file.read_text()))
        return copy

    def state(self, node: str) -> str:
        return self.lab.ssh(node, STATE)

    def neighbor(self) -> dict[str, Any]:
        """The spoke as the hub's BGP sees it."""
        told = json.loads(self.lab.ssh("hub1", "vtysh -c 'show bgp neighbors 10.255.0.11 json'"))
        return dict(told.get("10.255.0.11", {}))

    def wait_up(self) -> None:
        """Until the session stands and the spoke has the route to the hub's LAN."""
        end = time.monotonic() + 90
        while self.neighbor().get("bgpState") != "Established" or "dmvpn10" not in self.lab.ssh(
            "spoke1", "ip route get 10.1.0.10 2>&1 || true"
        ):
            assert time.monotonic() < end, self.lab.ssh(
                "hub1", "vtysh -c 'show bgp summary'; swanctl --list-sas"
            )
            time.sleep(1)


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
