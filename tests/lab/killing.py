# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kills a change of a router at a named moment: its run, its controller, the path to it, or its power."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.mgre.dmvpn.tests.lab import Lab, LabError, ssh, wiring
from ansible_collections.mgre.dmvpn.tests.lab.fleet import until
from ansible_collections.mgre.dmvpn.tests.lab.host import run
from ansible_collections.mgre.dmvpn.tests.lab.routers import Routers

TRAP = Path(__file__).with_name("trap.py")
VAR = "/var/lib/mgre-dmvpn"
WHOLE = 240  # seconds in which a router has to be whole again, a boot included
MORE = "ps -eo comm= | grep -x pimd; ip -o link show type gre | cut -d: -f 2-"


@dataclass(frozen=True, slots=True)
class Point:
    """One way to be killed. ``ends`` is the state, or the two, in which the router has to end."""

    moment: str
    what: str
    ends: str = "old"
    node: str = "spoke1"

    def __str__(self) -> str:
        return f"{self.node}-{self.moment}-{self.what}".replace(" ", "_")


class Victim:
    """A router between two releases, one confirmed and one that a change would bring."""

    def __init__(self, routers: Routers, node: str) -> None:
        self.routers, self.lab, self.node = routers, routers.lab, node
        self.old = self.state()
        self.bundle = self.other()
        self.play(self.bundle, confirm=True).wait()
        self.new = self.state()
        self.play(routers.bundle, confirm=True).wait()
        assert self.state() == self.old and self.new != self.old

    def state(self) -> str:
        return self.routers.state(self.node) + self.lab.ssh(self.node, MORE)

    def other(self) -> Path:
        """A bundle for which every step has something to do, there and back, and whose tunnel works."""

        def spoil(path: str, *edits: tuple[str, str], add: str = "") -> None:
            file = bundle / self.node / path
            text = file.read_text()
            for pattern, new in edits:
                text, count = re.subn(pattern, new, text)
                assert count, (path, pattern)
            file.write_text(text + add)

        bundle = self.routers.spoiled(self.node, "/etc/mgre-dmvpn/daemons", lambda text: text + "pimd=yes\n")
        target = bundle.with_name(f"bundle-{self.node}")
        if target.exists():
            run(["rm", "-r", str(target)])
        bundle = bundle.rename(target)
        spoil("etc/mgre-dmvpn/frr.conf", add="ip route 10.127.0.0/16 blackhole 250\n")
        spoil("etc/mgre-dmvpn/guard.nft", add="# another guard\n")
        spoil("etc/mgre-dmvpn/nhrp-events.json", add="\n")
        spoil("etc/sysctl.d/90-mgre-dmvpn.conf", add="net.ipv4.icmp_ratelimit = 999\n")
        spoil("etc/strongswan.d/mgre-dmvpn.conf", (r"retransmit_tries = \d+", "retransmit_tries = 4"))
        spoil("etc/swanctl/conf.d/mgre-dmvpn.conf", add="# another file\n")
        spoil(
            "etc/systemd/system/mgre-dmvpn-blue.service",
            (r"(type gre .*)ttl 64", r"\1ttl 63"),
            (r"(ExecStart=/usr/sbin/ip route replace blackhole) \S+ (.*)", r"\g<0>\n\1 10.126.0.0/16 \2"),
        )
        return bundle

    def play(self, bundle: Path, confirm: bool, within: int = 600) -> subprocess.Popen[bytes]:
        """Applies in a session of its own; the change is pending at the end unless it is confirmed."""
        tasks = [{"mgre.dmvpn.linux_apply": {"bundle": str(bundle), "confirm_within": within}}]
        if confirm:
            tasks.append({"mgre.dmvpn.commit": {"state": "confirmed"}})
        return self.begin(tasks)

    def changed(self, within: int, edit: tuple[str, Callable[[str], str]], wait: int = 20) -> str:
        """Applies a bundle with one file edited, proves and confirms as the role does; what Ansible said."""
        path, spoil = edit
        bundle = self.routers.spoiled(self.node, path, spoil)
        tasks = [
            {
                "mgre.dmvpn.linux_apply": {
                    "bundle": str(bundle),
                    "confirm_within": within,
                    "why": "CHG-4711",
                },
                "register": "linux_result",
            },
            {
                "mgre.dmvpn.prove": {
                    "commit": "{{ linux_result.commit }}",
                    "seconds": "{{ linux_result.pending }}",
                    "reached": "{{ linux_result.reached }}",
                    "wait": wait,
                    "bundle_dir": str(bundle),
                }
            },
            {"mgre.dmvpn.commit": {"state": "confirmed", "commit": "{{ linux_result.commit }}"}},
        ]
        name = self.routers.folder / "changed.yml"
        name.write_text(yaml.safe_dump([{"hosts": self.node, "gather_facts": False, "tasks": tasks}]))
        done = self.routers.play(str(name))
        # Warnings are folded.
        return " ".join((done.stdout + done.stderr).split())

    def begin(self, tasks: list[dict[str, Any]]) -> subprocess.Popen[bytes]:
        name = self.routers.folder / f"play-{self.node}.yml"
        name.write_text(yaml.safe_dump([{"hosts": self.node, "gather_facts": False, "tasks": tasks}]))
        return subprocess.Popen(
            self.routers.command(str(name)),
            cwd=self.routers.folder,
            env=self.routers.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    # How the router is reached when its management is cut: from its LAN.

    def beside(self, command: str) -> str:
        router = self.lab.topology.node(self.node)
        options = {
            "IdentityFile": str(ssh.key()),
            "UserKnownHostsFile": str(ssh.known_hosts()),
            "HostKeyAlias": str(router.management),
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "ConnectTimeout": "5",
        }
        flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        done = self.lab.client(self.node, "ssh", "-F", "/dev/null", *flags, f"root@{router.lan.ip}", command)
        if done.returncode:
            raise LabError(f"{self.node}: {command!r}: {done.stderr.strip()}")
        return done.stdout

    # The trap

    def set_trap(self, action: str, moment: str) -> None:
        words = " ".join(shlex.quote(word) for word in moment.split(" ", 1))
        self.lab.ssh(
            self.node,
            "rm -f /run/trap.*; systemctl reset-failed trap 2>/dev/null; "
            f"cat > /run/trap.py <<'END'\n{TRAP.read_text()}END\n"
            f"systemd-run --quiet --collect --unit=trap python3 -I /run/trap.py {action} {words}",
        )
        until(lambda: "armed" in self.lab.ssh(self.node, "ls /run/trap.* || true"), "the trap is set")

    def sprung(self) -> int:
        """Waits for the trap; the process that it has stopped or killed."""
        until(lambda: "hit" in self.beside("ls /run/trap.* || true"), "the trap is sprung", 120)
        return int(self.beside("cat /run/trap.hit"))

    # How it is afterwards

    def whole(self, seconds: float = WHOLE) -> float:
        """Waits until no change is open, and everything about it is gone; seconds that it took."""
        begun = time.monotonic()
        gone = (
            f"test ! -e {VAR}/journal.json && test ! -e {VAR}/undo.pyz && "
            "test ! -e /etc/systemd/system/mgre-dmvpn-undo-boot.service && "
            "! systemctl is-active --quiet mgre-dmvpn-undo.timer && echo gone"
        )

        def over() -> bool:
            with contextlib.suppress(LabError):
                return "gone" in self.beside(f"{gone} || true")
            return False

        until(over, f"{self.node} is whole", seconds)
        return time.monotonic() - begun

    def which(self) -> str:
        state = self.state()
        return {self.old: "old", self.new: "new"}.get(state, f"neither: {state}")

    def carries(self) -> None:
        """Packets between the LANs cross, for a second without a loss."""
        source, target = ("spoke1", "10.1.0.10") if self.node == "spoke1" else ("hub1", "10.11.0.10")

        def answered() -> bool:
            done = self.lab.client(source, "ping", "-q", "-c", "5", "-i", "0.2", "-W", "1", target)
            return "5 received" in done.stdout

        until(answered, f"{source} pings {target}", 120)

    def back_to_old(self) -> None:
        """For the next point."""
        if self.state() != self.old:
            assert self.play(self.routers.bundle, confirm=True).wait() == 0
            assert self.state() == self.old

    def last_verdict(self) -> tuple[str, str]:
        last = json.loads(self.lab.ssh(self.node, f"tail -n 1 {VAR}/history.jsonl"))
        return last["verdict"], last["because"]


@contextlib.contextmanager
def no_path(lab: Lab, node: str) -> Iterator[None]:
    """The management cable is out, at the far end."""
    port = wiring.tap(node, "mgmt0")
    core = wiring.core(lab.name)
    run(["ip", "-n", core, "link", "set", port, "nomaster"])
    try:
        yield
    finally:
        run(["ip", "-n", core, "link", "set", port, "master", "mgmt"])


@contextlib.contextmanager
def no_way_back(victim: Victim) -> Iterator[None]:
    """The router's own answers to the controller are lost: what a wrong route does."""
    victim.beside("ip route add blackhole 192.168.250.1/32")
    try:
        yield
    finally:
        with contextlib.suppress(LabError):  # gone with a boot
            victim.beside("ip route del blackhole 192.168.250.1/32")


def end_controller(victim: Victim, play: subprocess.Popen[bytes]) -> None:
    """SIGKILL to ansible-playbook, to all that it started, and to the connections that it left open."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(play.pid, signal.SIGKILL)
    play.wait()
    ssh.hang_up(victim.lab.state, victim.lab.topology.node(victim.node))
