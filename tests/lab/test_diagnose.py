# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""diagnose.yml on a live fleet: each fault is named, at the router where it is. Needs root.

A row breaks the real thing, asks about two sites, and mends it. It fails if the observer does not see the
fault, if a symptom is named in its place, or if it is laid to another router.
"""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.diagnose_faults import (
    FAULTS,
    REGISTER,
    Commands,
    Fault,
    in_namespace,
    namespace,
)
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

PSK = """connections {{ test {{ version = 2
 remote_addrs = 198.51.100.10
 proposals = aes256gcm16-prfsha384-ecp384
 local {{ auth = psk
 id = hub1.test }}
 remote {{ auth = psk
 id = spoke1.test }}
 children {{ gre {{ mode = transport
 local_ts = dynamic[gre]
 remote_ts = dynamic[gre] }} }} }} }}
secrets {{ ike-test {{ id = spoke1.test
 secret = {} }} }}
"""
PSK_SPOKE = "secrets {{ ike-test {{ id = spoke1.test\n secret = {} }} }}\n"
# What "conntrack -F" does: IPCTNL_MSG_CT_DELETE of nfnetlink without a tuple.
FORGET = (
    "python3 -c 'import socket, struct; s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12); "
    's.send(struct.pack("=IHHIIBBH", 20, 258, 5, 1, 0, 2, 0, 0)); s.recv(4096)\''
)


def expired_certificate(fleet: Fleet) -> str:
    """spoke1's certificate as the fleet's own CA would have signed it two years ago, for one year."""
    pki = fleet.folder / ".build" / "lab-pki"
    authority = x509.load_pem_x509_certificate((pki / "ca.crt").read_bytes())
    key = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), None)
    held = x509.load_pem_x509_certificate(
        fleet.lab.ssh("spoke1", "cat /etc/swanctl/x509/mgre-dmvpn.crt").encode()
    )
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        authority.subject,
        held.subject,
        held.public_key(),
        x509.random_serial_number(),
        now - timedelta(days=730),
        now - timedelta(days=365),
        list(held.extensions),
    )
    return made.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.PEM).decode()  # type: ignore[arg-type]


def run(fleet: Fleet, commands: Commands) -> None:
    for place, command in commands:
        command = command.replace("$FORGET", FORGET)
        if namespace(fleet.lab.name, place):
            subprocess.run(in_namespace(fleet.lab.name, place, command), check=True, timeout=60)
            continue
        # Secrets of the test only.
        values: dict[str, Callable[[], str]] = {
            "NOW": lambda: f"{time.time():.0f}",
            "EXPIRED": lambda: expired_certificate(fleet),
            "PSK_HUB": lambda: PSK.format("one-key-of-the-test"),
            "PSK_SPOKE": lambda: PSK_SPOKE.format("another-key-of-the-test"),
        }
        given = "".join(
            f"{name}={shlex.quote(value())}; " for name, value in values.items() if f"${name}" in command
        )
        fleet.lab.ssh(place, given + command)


def holds(fleet: Fleet, host: str, command: str) -> bool:
    return fleet.lab.ssh(host, f"if {command}; then echo yes; fi").strip() == "yes"


def diagnosed(fleet: Fleet, *sites: str) -> dict[str, object]:
    """diagnose.yml about two sites; its exit status is its verdict, its file is its owner's."""
    path = fleet.folder / "artifacts" / "report" / "diagnose.json"
    path.unlink(missing_ok=True)
    asked = [f"-e{name}={site}" for name, site in zip(("from", "to"), sites, strict=False)]
    # What was rendered at first is still true.
    done = fleet.play("diagnose", *asked, "--skip-tags", "render")
    assert path.exists(), done.stdout + done.stderr
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    said: dict[str, object] = json.loads(path.read_text())
    assert (said["verdict"] == "green") == (done.returncode == 0), done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    said["output"] = done.stdout
    return said


@pytest.fixture(scope="module", autouse=True)
def green_at_the_end(fleet: Fleet) -> Iterator[None]:
    """Every row leaves the fleet as it was: all of it is proven once, after the last."""
    yield
    fleet.wait_green()


def mend(fleet: Fleet, fault: Fault) -> None:
    run(fleet, fault.restore)
    run(fleet, tuple((site, REGISTER) for site in fault.sites if site.startswith("spoke")))


def mended(fleet: Fleet, fault: Fault) -> bool:
    """Sessions stand again, and hubs know the spokes: one that was forgotten registers in its own time."""
    peers = {"hub1": 4, "hub2": 4}
    known = {hub: fleet.vtysh(hub, "show ip nhrp cache") for hub in peers}
    spokes = [fleet.lab.topology.node(site) for site in fault.sites if site not in peers]
    overlays = [f" 10.255.0.{spoke.site} " for spoke in spokes]
    return all(overlay in cache for cache in known.values() for overlay in overlays) and all(
        fleet.vtysh(site, "show bgp ipv4 unicast summary established").count("10.255.0.")
        >= peers.get(site, 2)
        for site in fault.sites
    )


# Those that are hard to tell from others; the rest are for the soak.
SAMPLE = {
    "rp_filter",
    "certificate_expired",
    "psk_mismatch",
    "ike_blocked",
    "esp_one_way",
    "nhrp_authentication",
    "stale_cache",
    "shortcut_without_sa",
    "nat_rebinding",
    "summary_filtered",
    "asymmetric_path",
    "mtu_black_hole",
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=fault.cause, marks=() if fault.cause in SAMPLE else pytest.mark.soak)
        for fault in FAULTS
    ],
)
def test_fault_is_named_at_its_router(fleet: Fleet, fault: Fault) -> None:
    if fault.cause == "shortcut_without_sa":
        with fleet.traffic(("spoke1", "spoke3")):
            until(lambda: "10.13.0.0/24" in fleet.vtysh("spoke1", "show ip nhrp shortcut"), "a shortcut")
    try:
        run(fleet, fault.inject)
        if fault.broken:
            host, command = fault.broken
            until(
                lambda: holds(fleet, host, command), f"the fault is seen at {host}: {command}", fault.seconds
            )
        said = diagnosed(fleet, *fault.sites)
    finally:
        mend(fleet, fault)
    causes = said["causes"]
    assert isinstance(causes, list) and causes, said["output"]
    assert (causes[0]["host"], causes[0]["cause"]) == (fault.host, fault.cause), said["output"]
    assert causes[0]["remedy"] and said["verdict"] == "RED"
    until(lambda: mended(fleet, fault), "BGP stands again", 120)


@pytest.mark.soak
def test_a_router_that_is_off_gets_one_line_and_the_others_are_judged(fleet: Fleet) -> None:
    fleet.lab.kill("spoke3")
    try:
        said = diagnosed(fleet, "spoke1", "spoke3")
    finally:
        fleet.lab.start("spoke3")
    assert list(said["not_looked_at"]) == ["spoke3"]  # type: ignore[call-overload]
    assert said["verdict"] != "green"
    lines = [line for line in str(said["output"]).splitlines() if line.startswith("spoke3: not looked at")]
    assert len(lines) == 1
    assert set(said["hosts"]) == {"spoke1", "spoke3", "hub1", "hub2"}  # type: ignore[call-overload]


def test_a_site_that_is_not_in_the_fleet_is_refused_in_one_sentence(fleet: Fleet, tmp_path: Path) -> None:
    done = fleet.play("diagnose", "-efrom=spoke9")
    assert done.returncode != 0
    assert "spoke9 is not a router of the fleet; write one of" in done.stdout + done.stderr
