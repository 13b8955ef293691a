# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A PSK rolls on live routers under traffic, Debian 12 and 13 together, through an interruption. Needs root.

It fails if a packet is lost, if a router uses the new secret before all accept it, if old and new do not go
together in between, or if the old one is accepted in the end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.mgre.dmvpn.tests.lab import Lab
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until
from ansible_collections.mgre.dmvpn.tests.lab.inventory import inventory
from ansible_collections.mgre.dmvpn.tests.lab.topology import parse

pytestmark = [pytest.mark.lab, pytest.mark.soak]

TOPOLOGY = """\
nodes:
  hub1: {site: 1, wan1: 198.51.100.2/30}
  spoke1: {site: 11, debian: 12, wan1: 198.51.100.10/30}
  spoke2: {site: 12, wan1: 198.51.100.14/30}
"""
OLD, NEW = "the-old-secret-of-this-test", "the-new-secret-of-this-test"
ROUTERS = ("hub1", "spoke1", "spoke2")
FLOWS = (("spoke1", "hub1"), ("hub1", "spoke2"), ("spoke1", "spoke2"))
CONF = "/etc/swanctl/conf.d"
SECOND = f"{CONF}/mgre-dmvpn-rotation.conf"
# All SAs go at this end, whatever connection made them, and the next packet is trapped.
ANEW = r"""
swanctl --list-sas | sed -n 's/^mgre-[^ ]*: #\([0-9]*\),.*/\1/p' |
    while read -r number; do swanctl --terminate --ike-id "$number" --force >/dev/null || true; done
"""


class Small(Fleet):
    """A fleet of three with one secret for all."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.inventory = folder / "hosts.yml"
        self.hosts = yaml.safe_load(inventory(lab))
        self.hosts["all"]["children"] = {"branches": {"hosts": {"spoke1": {}, "spoke2": {}}}}
        self.hosts["all"]["hosts"]["spoke1"]["dmvpn_frr_version"] = "8.4"
        self.hosts["all"]["vars"]["dmvpn_clouds"] = [
            {
                "name": "blue",
                "number": 10,
                "prefix": "10.255.0.0/22",
                "transport": "internet",
                "hubs": ["hub1"],
                "spokes": "branches",
                "routing": {"summaries": ["10.0.0.0/9"], "bfd": {"interval": 1000, "multiplier": 3}},
                "ipsec": {"auth": "psk"},
            }
        ]
        self.secret(OLD)

    def secret(self, value: str) -> None:
        """What the inventory says."""
        self.hosts["all"]["vars"]["dmvpn_psks"] = {"blue": value}
        self.inventory.write_text(yaml.safe_dump(self.hosts))

    def secrets(self, host: str) -> tuple[bool, bool]:
        """Whether the old and the new secret are in a router's files."""
        held = self.lab.ssh(host, f"cat {CONF}/mgre-dmvpn*.conf")
        return OLD in held, NEW in held


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    given = os.environ.get("MGRE_LAB")
    name = given or f"psk-{os.getpid()}"
    try:
        lab = Lab.up(parse(TOPOLOGY, "psk"), name)
        small = Small(lab, tmp_path_factory.mktemp("psk"))
        lab.capture_start()
        small.site()
        small.wait_green()
        yield small
        small.assert_clean_wans()
    finally:
        if not given:
            Lab.remove(name)


def test_a_router_that_is_off_stops_it_where_all_accept_both_and_use_the_old(small: Small) -> None:
    small.secret(NEW)
    small.lab.kill("spoke2")
    try:
        done = small.play("rotate_keys", "-e", "rotate=psk")
    finally:
        small.lab.start("spoke2")
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "1 routers do not accept the new key yet" in said, said
    assert re.search(r"spoke2: ", said.split("do not accept")[1]), said
    assert OLD not in said and NEW not in said
    for host in ("hub1", "spoke1"):
        assert small.secrets(host) == (True, True)
        assert small.lab.ssh(host, f"stat -c %a {SECOND}").strip() == "600"
        assert OLD in small.lab.ssh(host, f"cat {CONF}/mgre-dmvpn-secrets.conf")
    small.wait_green()


def test_old_and_new_go_together_whichever_end_begins(small: Small) -> None:
    """spoke1 (5.9.8) uses the new secret, the hub (6.0.1) the old one, and each accepts both."""
    small.site("--limit", "spoke1")
    assert NEW in small.lab.ssh("spoke1", f"cat {CONF}/mgre-dmvpn-secrets.conf")
    for begins, target in (("spoke1", "hub1"), ("hub1", "spoke1")):
        small.lab.ssh(begins, ANEW)
        until(lambda begins=begins, target=target: small.ping(begins, target, 3) == 0, f"{begins} is back")  # type: ignore[misc]
    small.wait_green()


def test_it_goes_on_and_rolls_without_a_lost_packet(small: Small) -> None:
    for source, target in FLOWS:
        small.ping(source, target, 5)
    with small.traffic(*FLOWS) as lost:
        done = small.play("rotate_keys", "-e", "rotate=psk")
    assert done.returncode == 0, f"{lost}\n{done.stdout}{done.stderr}"
    assert lost == dict.fromkeys(FLOWS, 0), done.stdout
    assert "3 of 3 routers done" in done.stdout
    for host in ROUTERS:
        assert small.secrets(host) == (False, True), host
    small.wait_green()
    recap = small.site().split("PLAY RECAP")[1]
    assert re.findall(r"changed=(\d+)", recap) == ["0"] * 3, recap


def test_the_old_one_is_accepted_by_nobody_any_more(small: Small) -> None:
    small.secret(OLD)
    small.site("--limit", "spoke2")
    try:
        small.lab.ssh("spoke2", ANEW)
        assert small.ping("spoke2", "hub1", 10) == 10
        refused = "journalctl -q -o cat -u strongswan | grep -c 'MAC mismatched' || true"
        until(lambda: int(small.lab.ssh("hub1", refused)) > 0, "the hub refuses the old secret")
    finally:
        small.secret(NEW)
        small.site("--limit", "spoke2")
    small.wait_green()
