# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""rotate_keys.yml on live routers, under traffic: new keys and certificates, and no packet lost. Needs root.

It fails if a packet is lost, if a router keeps its key, if an SA of before the rotation stands, or if a
router that cannot take part passes for done.
"""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

ROUTERS = ("hub1", "hub2", "spoke1", "spoke2", "spoke3")
FLOWS = (("spoke1", "hub1"), ("spoke2", "hub2"), ("spoke1", "spoke2"), ("spoke3", "spoke1"))
KEY = "openssl pkey -pubout -in /etc/swanctl/private/mgre-dmvpn.key; ls /etc/swanctl/private"
SERIAL = "openssl x509 -noout -serial -in /etc/swanctl/x509/mgre-dmvpn.crt"
SAS = "swanctl --list-sas"


def keys(fleet: Fleet) -> dict[str, tuple[str, str]]:
    return {host: (fleet.lab.ssh(host, KEY), fleet.lab.ssh(host, SERIAL)) for host in ROUTERS}


def ages(fleet: Fleet, host: str) -> list[int]:
    """Seconds since each IKE SA of a router was established."""
    return [int(age) for age in re.findall(r"established (\d+)s ago", fleet.lab.ssh(host, SAS))]


def test_keys_and_certificates_roll_without_a_lost_packet(fleet: Fleet) -> None:
    for source, target in FLOWS:
        fleet.ping(source, target, 5)  # shortcuts stand before the rotation begins
    before = keys(fleet)
    with fleet.traffic(*FLOWS) as lost:
        done = fleet.play("rotate_keys")
        after = keys(fleet)
        young = {host: ages(fleet, host) for host in ROUTERS}
    assert done.returncode == 0, f"{lost}\n{done.stdout}{done.stderr}"
    assert lost == dict.fromkeys(FLOWS, 0), done.stdout
    for host in ROUTERS:
        assert before[host][0] != after[host][0] and before[host][1] != after[host][1], host
        assert "next" not in after[host][0], after[host][0]
        # All of this took less than two minutes.
        assert young[host] and max(young[host]) < 120, (host, young[host])
    assert "5 of 5 routers done" in done.stdout, done.stdout
    assert not (fleet.folder / "artifacts" / "keys" / "rotation.json").exists()
    fleet.wait_green()


@pytest.mark.soak
def test_a_router_that_cannot_take_part_is_named_and_the_next_run_goes_on(fleet: Fleet) -> None:
    openssl = "/usr/bin/openssl"
    before = keys(fleet)
    fleet.lab.ssh("spoke3", f"mv {openssl} {openssl}.away")
    try:
        done = fleet.play("rotate_keys")
    finally:
        fleet.lab.ssh("spoke3", f"mv {openssl}.away {openssl}")
    assert done.returncode != 0
    assert "4 of 5 routers done" in done.stdout and "spoke3: keeps its old key" in done.stdout, done.stdout
    begun = json.loads((fleet.folder / "artifacts" / "keys" / "rotation.json").read_text())
    assert begun["kind"] == "certificates"
    halfway = keys(fleet)
    assert {host for host in ROUTERS if halfway[host] == before[host]} == {"spoke3"}
    done = fleet.play("rotate_keys")
    assert done.returncode == 0 and "5 of 5 routers done" in done.stdout, done.stdout
    after = keys(fleet)
    assert {host for host in ROUTERS if after[host] != halfway[host]} == {"spoke3"}


CRL = "/etc/swanctl/x509crl/mgre-dmvpn-ca.crl"
REFUSED = "was revoked"


def refusals(fleet: Fleet, host: str) -> int:
    """How often a router has refused a certificate so far."""
    return int(fleet.lab.ssh(host, f"journalctl -q -o cat -u strongswan | grep -c '{REFUSED}' || true"))


def has_sa(fleet: Fleet, host: str, peer: str) -> bool:
    return re.search(rf"remote .*CN={peer}'", fleet.lab.ssh(host, SAS)) is not None


def test_a_revoked_router_is_out_everywhere_and_cannot_come_back(fleet: Fleet) -> None:
    others = [host for host in ROUTERS if host != "spoke3"]
    fleet.ping("spoke3", "spoke1", 5)
    assert has_sa(fleet, "hub1", "spoke3")
    before = refusals(fleet, "hub1")
    try:
        with fleet.traffic(*FLOWS[:3]) as lost:
            done = fleet.play("revoke", "-e", "router=spoke3")
            assert done.returncode == 0 and "4 of 4 routers know" in done.stdout, done.stdout + done.stderr
            until(
                lambda: refusals(fleet, "hub1") > before, "spoke3 tries to come back to hub1, and is refused"
            )
            assert not any(has_sa(fleet, host, "spoke3") for host in others)
            assert "10.255.0.13" not in fleet.vtysh("hub1", "show ip nhrp cache json")
        assert lost == dict.fromkeys(FLOWS[:3], 0), done.stdout
        assert fleet.ping("spoke3", "hub1", 5) == 5
        # Not with a fresh start either, and no certificate is to be had.
        before = refusals(fleet, "hub1")
        fleet.lab.ssh("spoke3", "systemctl restart strongswan")
        until(lambda: refusals(fleet, "hub1") > before, "spoke3 tries again, and is refused")
        done = fleet.play("site", "--limit", "spoke3")
        assert done.returncode != 0 and "was revoked on" in done.stdout, done.stdout
        # It is the list that keeps it out: without it, it is back.
        fleet.lab.ssh("hub1", f"rm {CRL}; swanctl --load-creds --clear --noprompt; swanctl --load-conns")
        until(lambda: has_sa(fleet, "hub1", "spoke3"), "without the list spoke3 comes back", 90)
        done = fleet.play("revoke", "-e", "router=spoke3")
        assert done.returncode == 0 and not has_sa(fleet, "hub1", "spoke3"), done.stdout
    finally:
        done = fleet.play("revoke", "-e", "readmit=spoke3")
        assert done.returncode == 0, done.stdout + done.stderr
        fleet.site("--limit", "spoke3")
    fleet.wait_green()
