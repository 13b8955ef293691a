# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab does what it promises, on running routers. Needs root; about three minutes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab import Lab, LabError, count, load, pcap, processes

pytestmark = pytest.mark.lab

PROGRAM = Path(__file__).with_name("lab")
NAME = f"test-{os.getpid()}"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Both Debian releases, and every kind of WAN."""
    lab = Lab.up(load("mixed"), NAME)
    yield lab
    lab.down()


def pings(text: str) -> int:
    """How many answers a ping's output reports."""
    found = re.search(r"(\d+) received", text)
    assert found, text
    return int(found[1])


def ping(lab: Lab, node: str, address: str, *options: str) -> int:
    return pings(lab.ssh(node, f"ping -q -c 3 -i 0.2 -W 1 {' '.join(options)} {address} || true"))


def round_trip(lab: Lab, node: str, address: str) -> float:
    """Average of ten pings, milliseconds."""
    return float(lab.ssh(node, f"ping -q -c 10 -i 0.1 {address}").rsplit("= ", 1)[1].split("/")[1])


@pytest.mark.parametrize(("node", "release"), [("hub1", "13"), ("spoke1", "12"), ("spoke3", "12")])
def test_a_node_runs_the_debian_release_that_its_topology_names(lab: Lab, node: str, release: str) -> None:
    assert lab.ssh(node, "cut -d. -f1 /etc/debian_version").strip() == release
    assert lab.ssh(node, "systemctl is-system-running").strip() == "running"


@pytest.mark.parametrize("node", ["hub1", "spoke1"])
def test_a_fresh_router_has_the_packages_but_runs_no_daemon_of_them(lab: Lab, node: str) -> None:
    lab.ssh(
        node, "which vtysh swanctl nft iptables-legacy charon-systemd && test -e /usr/lib/frr/frr-reload.py"
    )
    assert lab.ssh(node, "pgrep -l 'zebra|charon' || true") == ""


@pytest.mark.parametrize("node", ["spoke1", "spoke2", "spoke3"])
def test_every_wan_reaches_the_hub(lab: Lab, node: str) -> None:
    assert ping(lab, node, "198.51.100.2") == 3


@pytest.mark.parametrize("node", ["hub1", "spoke1", "spoke2", "spoke3"])
def test_a_lan_client_reaches_its_router(lab: Lab, node: str) -> None:
    router = lab.topology.node(node).lan.ip
    assert pings(lab.client(node, "ping", "-q", "-c", "2", "-i", "0.2", str(router)).stdout) == 2


def test_a_nat_box_hides_the_router_behind_it_and_lets_nothing_in(lab: Lab) -> None:
    (file,) = lab.capture_start("hub1")
    ping(lab, "spoke2", "198.51.100.2")
    lab.capture_stop("hub1")
    seen = {str(IPv4Address(frame[26:30])) for frame in pcap.frames(file) if frame[12:14] == b"\x08\x00"}
    assert "203.0.113.2" in seen and "192.168.12.2" not in seen
    assert ping(lab, "hub1", "192.168.12.2") == 0


def test_a_dhcp_wan_gets_its_lease_and_another_one_on_request(lab: Lab) -> None:
    def address() -> str:
        return lab.ssh("spoke3", "ip -4 -br addr show wan1").split()[2]

    assert address() == "203.0.113.18/29"
    lab.lease("spoke3", "203.0.113.20")
    assert address() == "203.0.113.20/29"
    assert ping(lab, "spoke3", "198.51.100.2") == 3
    lab.lease("spoke3", "203.0.113.18")


def test_a_lease_outside_the_network_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"write an address of 203\.0\.113\.16/29"):
        lab.lease("spoke3", "192.0.2.1")


def test_a_cut_link_carries_nothing_until_it_is_restored(lab: Lab) -> None:
    lab.cut("spoke1")
    try:
        assert ping(lab, "hub1", "198.51.100.10") == 0
    finally:
        lab.restore("spoke1")
    assert ping(lab, "hub1", "198.51.100.10") == 3


def test_a_delay_counts_once_each_way_and_ends_with_the_impairment(lab: Lab) -> None:
    lab.impair("spoke1", delay=40)
    try:
        assert 80 <= round_trip(lab, "hub1", "198.51.100.10") < 120
    finally:
        lab.impair("spoke1")
    assert round_trip(lab, "hub1", "198.51.100.10") < 40


def test_total_loss_loses_everything(lab: Lab) -> None:
    lab.impair("spoke1", loss=100)
    try:
        assert ping(lab, "hub1", "198.51.100.10") == 0
    finally:
        lab.impair("spoke1")


@pytest.mark.parametrize("node", ["spoke1", "spoke2"])
def test_an_mtu_limit_is_met_with_an_icmp_error(lab: Lab, node: str) -> None:
    lab.impair(node, mtu=1400)
    try:
        assert ping(lab, node, "198.51.100.2", "-M do -s 1372") == 3
        said = lab.ssh(node, "ping -c 1 -W 1 -M do -s 1373 198.51.100.2 2>&1 || true")
        assert "mtu = 1400" in said or "mtu=1400" in said
        assert ping(lab, node, "198.51.100.2", "-M dont -s 1472") == 3
    finally:
        lab.impair(node)
        lab.ssh(node, "ip route flush cache")
    assert ping(lab, node, "198.51.100.2", "-M do -s 1472") == 3


def test_an_mtu_limit_holds_towards_the_router_too(lab: Lab) -> None:
    lab.impair("spoke1", mtu=1400)
    try:
        assert ping(lab, "hub1", "198.51.100.10", "-M do -s 1373") == 0
    finally:
        lab.impair("spoke1")
        lab.ssh("hub1", "ip route flush cache")


def test_a_capture_counts_gre_and_site_addresses_on_the_wan(lab: Lab) -> None:
    lab.capture_start()
    lab.ssh("spoke1", "ip link add gre1 type gre local 198.51.100.10 remote 198.51.100.2 key 10")
    lab.ssh(
        "spoke1",
        "ip addr add 172.16.0.1/30 dev gre1; ip link set gre1 up; ping -c 3 -i 0.2 -W 1 172.16.0.2 || true",
    )
    lab.ssh("spoke1", "ip link del gre1; ping -c 2 -i 0.2 -W 1 10.1.0.10 || true")
    files = {file.stem: file for file in lab.capture_stop()}
    assert set(files) == {"hub1-wan1", "spoke1-wan1", "spoke2-wan1", "spoke3-wan1"}
    sent = count([files["spoke1-wan1"]])
    assert sent.gre >= 3
    assert sent.site >= 2
    assert count([files["spoke3-wan1"]]).gre == 0


def test_nftables_and_legacy_iptables_both_work_in_a_router(lab: Lab) -> None:
    guard = "add chain inet t o { type filter hook output priority 0; }; "
    guard += "add rule inet t o meta l4proto gre rt ipsec missing counter name c drop"
    lab.ssh("hub1", f"nft 'add table inet t; add counter inet t c; {guard}' && nft delete table inet t")
    lab.ssh("hub1", "iptables-legacy -A OUTPUT -p gre -m policy --dir out --pol none -j DROP")
    lab.ssh("hub1", "iptables-legacy -F")


def test_ansible_reaches_every_router_with_the_labs_inventory(lab: Lab, tmp_path: Path) -> None:
    text = subprocess.run(
        [PROGRAM, "inventory", "--name", NAME], capture_output=True, text=True, check=True
    ).stdout
    (tmp_path / "hosts.yml").write_text(text)
    beside = Path(sys.executable).with_name("ansible")  # the virtual environment need not be active
    ansible = str(beside) if beside.exists() else "ansible"
    done = subprocess.run(
        [ansible, "-i", tmp_path / "hosts.yml", "all", "-m", "ansible.builtin.ping", "--one-line"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("SUCCESS") == 4, done.stdout + done.stderr


def test_a_router_keeps_its_disk_over_a_power_cut_and_loses_it_with_a_reset(lab: Lab) -> None:
    lab.ssh("spoke1", "echo mine > /root/file; sync")
    lab.kill("spoke1")
    assert not lab.is_on("spoke1")
    lab.start("spoke1")
    assert lab.ssh("spoke1", "cat /root/file") == "mine\n"
    lab.reset("spoke1")
    assert lab.ssh("spoke1", "ls /root") == ""


def test_a_router_that_reboots_itself_comes_back_with_its_links_and_impairments(lab: Lab) -> None:
    lab.impair("hub1", delay=30)
    try:
        before = lab.ssh("hub1", "cat /proc/sys/kernel/random/boot_id")
        lab.reboot("hub1")
        assert lab.ssh("hub1", "cat /proc/sys/kernel/random/boot_id") != before
        assert round_trip(lab, "spoke1", "198.51.100.2") >= 60
    finally:
        lab.impair("hub1")


def test_a_second_up_uses_the_lab_that_is_there_and_starts_what_is_off(lab: Lab) -> None:
    before = lab.ssh("hub1", "cat /proc/sys/kernel/random/boot_id")
    lab.kill("spoke2")
    again = Lab.up(load("mixed"), NAME)
    assert again.is_on("spoke2")
    assert again.ssh("hub1", "cat /proc/sys/kernel/random/boot_id") == before


def recorded(name: str) -> list[str]:
    """Namespaces in a lab's record, before anything else of it exists."""
    try:
        found = json.loads(Path(f"/run/mgre-lab/{name}/state.json").read_text())["namespaces"]
    except FileNotFoundError:
        return []
    assert isinstance(found, list)
    return found


def a_namespace_exists(name: str) -> bool:
    return any((processes.NETNS / space).exists() for space in recorded(name))


def a_router_runs(name: str) -> bool:
    return any(
        f"umid=mgre-lab.{name}.spoke1" in processes.argv_of(pid) for pid in processes.inside(recorded(name))
    )


@pytest.mark.parametrize("moment", [recorded, a_namespace_exists, a_router_runs])
def test_down_removes_everything_after_the_tool_was_killed(moment: Callable[[str], object]) -> None:
    name = f"{NAME}-k"
    tool = subprocess.Popen([PROGRAM, "up", "pair", "--name", name], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not moment(name):
        assert tool.poll() is None and time.monotonic() < deadline, "the moment never came"
        time.sleep(0.01)
    tool.kill()
    tool.wait()
    spaces = recorded(name)
    pids = processes.inside(spaces)
    subprocess.run([PROGRAM, "down", name], check=True, stderr=subprocess.DEVNULL)
    assert spaces and not any((processes.NETNS / space).exists() for space in spaces)
    assert not [pid for pid in pids if any(f"mgre-lab.{name}." in word for word in processes.argv_of(pid))]
    assert not Path(f"/run/mgre-lab/{name}").exists()
    assert not Path(f"/run/mgre-lab/.lock-{name}").exists()


def test_a_router_that_does_not_boot_is_an_error_with_its_console(lab: Lab) -> None:
    lab.kill("spoke3")
    try:
        (Path(lab.state.disks) / "spoke3.cow").write_bytes(b"no disk")
        with pytest.raises(LabError, match=r"spoke3: .*last lines of its console(.|\n)*Kernel panic"):
            lab.start("spoke3")
    finally:
        lab.reset("spoke3")


def test_an_unknown_lab_or_node_is_one_line() -> None:
    done = subprocess.run(
        [PROGRAM, "ssh", "--name", "nosuch", "hub1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.fullmatch(
        r"lab: no lab nosuch \(running: .*\); write: lab up TOPOLOGY --name nosuch\n", done.stderr
    )
