# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One router: its own files, its process, and the ways to it."""

from __future__ import annotations

import io
import shutil
import tarfile
import time
from pathlib import Path

from . import cisco, processes, ssh
from .host import LabError, say
from .image import image
from .kernel import kernel
from .state import State
from .topology import MANAGEMENT, Node
from .wiring import core, netns, tap

BOOT_SECONDS = 300
VRF_TABLES = 100  # a VRF's routing table is this and the number of its WAN
SILENCE_SECONDS = 60  # until its boot is over a router prints more often, also on a slow machine


def umid(state: State, node: Node) -> str:
    return f"umid=mgre-lab.{state.name}.{node.name}"


def console(state: State, node: Node) -> Path:
    return state.directory / f"{node.name}.console"


def disk(state: State, node: Node) -> Path:
    return Path(state.disks) / f"{node.name}.cow"


def prepare(state: State, node: Node) -> None:
    """Give the router a fresh disk: an empty copy-on-write file, and its own files beside it."""
    disk(state, node).unlink(missing_ok=True)
    base = disk(state, node).with_suffix(".base")
    base.unlink(missing_ok=True)
    base.symlink_to(image(node.debian))
    disk(state, node).with_suffix(".tar").write_bytes(_own_files(node))


def boot(state: State, node: Node, kernel: Path) -> None:
    """Start the router's process on the disk it has. It does not wait for anything."""
    cow = disk(state, node)
    base = cow.with_suffix(".base").resolve(strict=True)
    interfaces = ["mgmt0", "lan1", *(wan.interface for wan in node.wans)]
    argv = [
        str(Path(__file__).with_name("uml")),
        umid(state, node),
        f"uml_dir={state.directory}/uml",
        f"mem={node.memory}M",
        *["root=/dev/ubda", "rootfstype=ext4", "rw", "init=/usr/local/sbin/lab-init"],
        *[f"ubd0={cow},{base}", f"ubd1r={cow.with_suffix('.tar')}"],
        *[
            "con0=null,fd:1",
            "seccomp=auto",  # faster than ptrace, where kernel and host have it
            "con=null",
            "ssl=null",
            "systemd.log_color=0",
            "systemd.journald.forward_to_console=0",
        ],
        *(
            f"vec{number}:transport=tap,ifname={tap(node.name, interface)},mac={node.mac(interface)}"
            for number, interface in enumerate(interfaces)
        ),
    ]
    # The router's memory is a file that is already unlinked; on a disk it would cost writes.
    env = {"TMPDIR": "/dev/shm", "MGRE_LAB_KERNEL": str(kernel)}
    processes.start(netns(core(state.name), *argv), console(state, node), env)


def pids(state: State, node: Node) -> list[int]:
    """Every process of the router; empty if it is off."""
    here = processes.inside([core(state.name)])
    named = {pid for pid in here if umid(state, node) in processes.argv_of(pid)}
    sessions = {processes.session_of(pid) for pid in named} - {0}
    return sorted(named | {pid for pid in here if processes.session_of(pid) in sessions})


def kill(state: State, node: Node) -> None:
    """Cut the router's power."""
    ssh.hang_up(state, node)
    processes.end(pids(state, node))
    shutil.rmtree(state.directory / "uml" / umid(state, node).removeprefix("umid="), ignore_errors=True)


class Silence:
    """How long a router's console has printed nothing: while it boots or shuts down, that is a hang."""

    def __init__(self, state: State, node: Node) -> None:
        self._console = console(state, node)
        self._printed = 0
        self.broken()

    def broken(self) -> None:
        """The router gave another sign of life."""
        self._since = time.monotonic()

    def too_long(self) -> bool:
        if (size := self._console.stat().st_size) != self._printed:
            self._printed = size
            self.broken()
        return time.monotonic() - self._since > SILENCE_SECONDS


def wait_ready(state: State, node: Node, seconds: float = BOOT_SECONDS) -> str:
    """Wait until systemd says that the boot is over; returns its word (running or degraded).

    Now and then user-mode linux hangs in a boot, or its network driver stays deaf after one. A router whose
    console is silent and that SSH does not reach is switched off and on again. Raises LabError with the last
    console lines when its process ends or time is up.
    """
    deadline = time.monotonic() + seconds
    said = "nothing yet"
    silence = Silence(state, node)
    while time.monotonic() < deadline:
        if silence.too_long():
            say(f"{node.name} hangs; switching it off and on again")
            kill(state, node)
            boot(state, node, kernel())
            silence.broken()
        try:
            said = ssh.run(state, node, "systemctl is-system-running --wait || true", timeout=seconds).strip()
            silence.broken()
        except LabError as err:
            said = str(err)
        if said in ("running", "degraded"):
            return said
        if not pids(state, node):
            raise LabError(f"{node.name}: the router's process has ended; {_last_lines(state, node)}")
        time.sleep(0.3)
    raise LabError(f"{node.name}: not up after {seconds:.0f} s ({said}); {_last_lines(state, node)}")


def _last_boot(state: State, node: Node) -> str:
    """What the console has said since the last power-on."""
    path = console(state, node)
    text = path.read_text(errors="replace") if path.exists() else ""
    return text[text.rfind("Linux version") :]


def _last_lines(state: State, node: Node) -> str:
    path = console(state, node)
    boot = _last_boot(state, node)
    # What follows a panic is the kernel's call trace; the cause stands before it.
    before, panic, reason = boot.partition("Kernel panic")
    lines = (before + panic + reason.partition("\n")[0]).splitlines()[-20:]
    return f"last lines of its console ({path}):\n" + "\n".join(lines)


def _own_files(node: Node) -> bytes:
    """A tar of what an installer would have asked for: name, addresses, keys."""
    mgmt = f"{node.management}/{MANAGEMENT.prefixlen}"
    key = ssh.key()
    files = {
        "etc/hostname": f"{node.name}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {node.name}\n",
        "root/.ssh/authorized_keys": key.with_suffix(".pub").read_text(),
        "etc/ssh/ssh_host_ed25519_key": ssh.host_key().read_text(),
        "etc/ssh/ssh_host_ed25519_key.pub": ssh.host_key().with_suffix(".pub").read_text(),
        **_interface(node, "mgmt0", f"Address={mgmt}\n"),
        **_interface(node, "lan1", f"Address={node.lan}\nConfigureWithoutCarrier=yes\n"),
    }
    for wan in node.wans:
        if wan.dhcp:
            lines = "DHCP=ipv4\n[DHCPv4]\nClientIdentifier=mac\nUseDNS=no\nUseHostname=no\n"
        else:
            lines = f"Address={wan.address}\nGateway={wan.gateway}\n"
            if wan != node.wans[0]:
                lines = f"Address={wan.address}\n[Route]\nGateway={wan.gateway}\nMetric=2000\n"
        if wan.vrf:
            lines = f"VRF={wan.vrf}\n{lines}"
            files |= _vrf(wan.vrf, table=VRF_TABLES + int(wan.interface[-1]))
        files |= _interface(node, wan.interface, lines)
    links: dict[str, str] = {}
    if node.platform == "ios":
        files |= cisco.files(node)
        links |= cisco.LINKS
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        directory = tarfile.TarInfo("root/.ssh")
        directory.type, directory.mode = tarfile.DIRTYPE, 0o700
        tar.addfile(directory)
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            entry.mtime = int(time.time())
            entry.mode = 0o600 if name.endswith(("_key", "authorized_keys")) else 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))
        for name, target in links.items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    return packed.getvalue()


def _interface(node: Node, name: str, lines: str) -> dict[str, str]:
    """Name an interface by its MAC address, and configure it, as systemd does on any Debian router."""
    mac = node.mac(name)
    return {
        f"etc/systemd/network/10-{name}.link": (
            f"[Match]\nMACAddress={mac}\nDriver=uml-vector\n[Link]\nName={name}\n"
        ),
        f"etc/systemd/network/10-{name}.network": (
            f"[Match]\nName={name}\n[Network]\nIPv6AcceptRA=no\nLLDP=no\n{lines}"
        ),
    }


def _vrf(name: str, table: int) -> dict[str, str]:
    """A VRF device; routes of the interfaces in it go to its table, and what has none there goes nowhere."""
    return {
        f"etc/systemd/network/05-{name}.netdev": f"[NetDev]\nName={name}\nKind=vrf\n[VRF]\nTable={table}\n",
        f"etc/systemd/network/05-{name}.network": (
            f"[Match]\nName={name}\n[Network]\nLinkLocalAddressing=no\n"
            f"[Route]\nTable={table}\nType=unreachable\nDestination=0.0.0.0/0\nMetric=4278198272\n"
        ),
    }


def address(state: State, node: Node, interface: str) -> str:
    """The IPv4 address that an interface has now, without prefix length; empty if none."""
    out = ssh.run(state, node, f"ip -4 -o addr show dev {interface}").split()
    return out[3].split("/")[0] if len(out) > 3 else ""
