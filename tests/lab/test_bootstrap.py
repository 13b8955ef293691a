# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router that nobody has logged in to calls home, by Debian's own cloud-init. Needs root."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab import ssh
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until
from ansible_collections.mgre.dmvpn.tests.lab.wiring import client, core

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.usefixtures("clean_wans")]

NODE, OVERLAY = "spoke3", "10.255.0.13"
SEED = "/var/lib/cloud/seed/nocloud"
PORT = 1080
APT = f"apt-get -q -o Acquire::http::Proxy=socks5h://127.0.0.1:{PORT} -o Acquire::Retries=3"
# cloud-init resizes the disk, as on every image that has it.
INSTALL = (
    f"{APT} update && "
    f"DEBIAN_FRONTEND=noninteractive {APT} install -y --no-install-recommends cloud-init e2fsprogs"
)
# The lab has one host key for all routers, and its network is the lab's own; the WAN is the seed's to bring.
LAB = f"""\
set -e
printf 'ssh_deletekeys: false\\nssh_genkeytypes: []\\n' > /etc/cloud/cloud.cfg.d/99-lab.cfg
rm -f $(grep -l 'Name=wan1' /etc/systemd/network/*.network)
mkdir -p {SEED}; chmod 700 {SEED}
"""


@contextmanager
def way_out(fleet: Fleet) -> Iterator[None]:
    """The router reaches Debian's archive by the machine of the lab, through SSH."""
    node = fleet.lab.topology.node(NODE)
    options = {
        "BatchMode": "yes",
        "ExitOnForwardFailure": "yes",
        "IdentityFile": str(ssh.key()),
        "ProxyCommand": f"ip netns exec {core(fleet.lab.name)} nc %h %p",
        "UserKnownHostsFile": str(ssh.known_hosts()),
    }
    flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    command = ["ssh", "-F", "/dev/null", *flags, "-N", "-R", str(PORT), f"root@{node.management}"]
    forward = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        listening = f"ss -Hltn 'sport = :{PORT}'"
        until(lambda: fleet.lab.ssh(NODE, listening).strip(), "the router's way to the archive")
        yield
    finally:
        forward.terminate()
        forward.wait(timeout=10)


def put(fleet: Fleet, files: Path) -> None:
    """The seed onto the router's disk, as an installer would."""
    for file in sorted(files.iterdir()):
        node = fleet.lab.topology.node(NODE)
        command = ssh.command(fleet.lab.state, node, "--", f"umask 077; cat > {SEED}/{file.name}")
        with file.open("rb") as content:
            subprocess.run(command, stdin=content, check=True, timeout=60)


def test_a_router_that_nobody_logged_in_to_calls_home_and_the_rest_goes_over_the_overlay(
    fleet: Fleet,
) -> None:
    lab = fleet.lab
    key = ssh.key().with_suffix(".pub")
    written = fleet.play("bootstrap", "-e", f"branch={NODE}", "-e", f"bootstrap_ssh_key={key}")
    assert written.returncode == 0, written.stdout + written.stderr
    seed = fleet.folder / "artifacts" / "bootstrap" / NODE
    assert sorted(file.name for file in seed.iterdir()) == ["meta-data", "network-config", "user-data"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in (seed, *seed.iterdir())} == {0o700, 0o600}

    lab.reset(NODE)
    with way_out(fleet):
        lab.ssh(NODE, INSTALL, timeout=400)
    lab.ssh(NODE, LAB)
    put(fleet, seed)
    said = lab.ssh(NODE, f"cloud-init schema -c {SEED}/user-data -t cloud-config 2>&1")
    assert "Valid schema" in said, said
    lab.ssh(NODE, "cloud-init clean --logs")
    lab.reboot(NODE)

    until(
        lambda: f"{OVERLAY} " in fleet.vtysh("hub1", "show ip nhrp cache"),
        "the router is registered with hub1",
        seconds=300,
    )
    until(lambda: fleet.ping("hub1", NODE, 3) == 0, "hub1's LAN reaches the router's", seconds=60)
    assert "/var/lib/mgre-dmvpn-bootstrap" not in lab.ssh(NODE, "ls -d /var/lib/mgre*")
    assert "done" in lab.ssh(NODE, "cloud-init status --wait || true", timeout=200)

    # From the LAN of hub1, by the tunnel address; nothing else of the lab leads there.
    reach = (
        f'-o ProxyCommand="ip netns exec {client(lab.name, "hub1")} nc %h %p" '
        f"-o UserKnownHostsFile={fleet.folder}/known_hosts -o StrictHostKeyChecking=accept-new"
    )
    over = ("-e", f"ansible_host={OVERLAY}", "-e", f"{{'ansible_ssh_common_args': '{reach}'}}")
    done = fleet.play("add_branch", "-e", f"branch={NODE}", *over)
    assert done.returncode == 0, done.stdout + done.stderr
    fleet.wait_green()
