# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SSH to the routers, through the lab's core namespace.

One key pair for all labs of this machine, and one host key for all routers, so that no router has to
make its own at boot and that the client can check it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from . import processes
from .host import LabError, cache, locked
from .host import run as run_here
from .state import State
from .topology import Node
from .wiring import core, netns


def key() -> Path:
    """The private key that opens every router (0600); made on first use."""
    return _key("id_ed25519")


def host_key() -> Path:
    """The private host key of every router (0600); made on first use."""
    return _key("ssh_host_ed25519_key")


def known_hosts() -> Path:
    """A known_hosts file for every management address."""
    path = cache() / "ssh" / "known_hosts"
    key = host_key().with_suffix(".pub").read_text().rsplit(" ", 1)[0]
    # With another port than 22, OpenSSH looks for the address in brackets.
    text = f"192.168.250.*,[192.168.250.*]:2222 {key}\n"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return path


def _key(name: str) -> Path:
    path = cache() / "ssh" / name
    if path.exists():
        return path
    with locked(cache() / "ssh" / ".lock", "another lab makes the SSH keys: waiting for it"):
        if not path.exists():
            draft = path.with_name(f"draft-{name}")
            draft.unlink(missing_ok=True)
            run_here(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "mgre-dmvpn-lab", "-f", str(draft)]
            )
            draft.with_suffix(".pub").rename(path.with_suffix(".pub"))
            draft.rename(path)
    return path


def command(state: State, node: Node, *remote: str) -> list[str]:
    """The command line of an SSH client to a router."""
    sockets = state.directory / "ssh"
    sockets.mkdir(exist_ok=True, mode=0o700)
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "3",
        "ControlMaster": "auto",
        "ControlPath": f"{sockets}/lab-%h",
        "ControlPersist": "60",
        "IdentitiesOnly": "yes",
        "IdentityFile": str(key()),
        "LogLevel": "ERROR",
        "Port": str(node.ssh_port),
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(known_hosts()),
        "ServerAliveInterval": "5",
    }
    flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    return netns(core(state.name), "ssh", "-F", "/dev/null", *flags, f"root@{node.management}", *remote)


def run(state: State, node: Node, remote: str, *, timeout: float = 60) -> str:
    """Run a shell command on a router. Raises LabError with its error output."""
    try:
        done = subprocess.run(
            command(state, node, "--", remote),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"{node.name}: no end of {remote!r} after {timeout:.0f} s") from None
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        raise LabError(f"{node.name}: {remote!r}: exit status {done.returncode}: {said[-1500:]}")
    return done.stdout


def hang_up(state: State, node: Node) -> None:
    """End the SSH connections to a router that the lab or Ansible kept open: it is about to vanish."""
    address = re.compile(rf"(?<![\d.]){re.escape(str(node.management))}(?![\d.])")
    processes.end(
        pid
        for pid in processes.inside([core(state.name)])
        if any(address.search(word) for word in processes.argv_of(pid))
    )
