# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab: boots a topology, breaks it on request, and leaves nothing behind.

lab = Lab.up(topology.load("fleet"), "fleet")
lab.ssh("hub1", "uname -r")
lab.client("spoke1", "ping", "-c", "1", "10.1.0.10")
lab.down()
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path

from . import capture, impair, node, pcap, processes, ssh, state, topology, wiring
from .host import TO_RUN, LabError, doctor, install, run, say
from .image import image
from .kernel import kernel


def build(debians: Iterable[int]) -> None:
    """Make the kernel and the images of these Debian releases, unless the cache has them."""
    if missing := doctor():
        raise LabError("\n".join(missing))
    install(TO_RUN)
    kernel()
    for debian in sorted(set(debians)):
        image(debian)


class Lab:
    """One running lab. Get it with :meth:`up` or :meth:`open`."""

    def __init__(self, record: state.State) -> None:
        self.state = record
        self.name = record.name
        self.topology = topology.parse(record.topology, f"lab {record.name}")

    @classmethod
    def open(cls, name: str) -> Lab:
        """A lab that is already there."""
        record = state.find(name)
        if record is None:
            running = ", ".join(state.names()) or "none"
            raise LabError(f"no lab {name} (running: {running}); write: lab up TOPOLOGY --name {name}")
        return cls(record)

    @classmethod
    def up(cls, what: topology.Topology, name: str) -> Lab:
        """Boot a topology and wait until every router is up.

        A complete lab of the same name and topology is used as it is (routers that are off are started);
        anything else of that name is removed first.
        """
        build(router.debian for router in what.nodes.values())
        with state.exclusive(name):
            record = state.find(name)
            if record and record.ready and record.topology == what.text:
                lab = cls(record)
                lab._start([router for router in what.nodes.values() if not lab.is_on(router.name)])
                return lab
            _remove(name)
            record = state.State(name, what.text, wiring.namespaces(name, what), str(state.disks(name)))
            taken = [space for space in record.namespaces if (processes.NETNS / space).exists()]
            if taken:
                raise LabError(f"network namespace {taken[0]} exists and is not ours; choose another --name")
            record.save()
            lab = cls(record)
            Path(record.disks).mkdir(parents=True, exist_ok=True, mode=0o700)
            ssh.known_hosts()
            wiring.connect(record, what)
            _each(what.nodes.values(), lambda router: node.prepare(record, router))
            lab._start(list(what.nodes.values()))
            record.ready = True
            record.save()
            return lab

    @staticmethod
    def remove(name: str) -> None:
        """Remove a lab, whatever state it is in. No lab of that name is fine too."""
        with state.exclusive(name):
            _remove(name)

    def down(self) -> None:
        """Remove this lab: processes, namespaces, disks, record."""
        Lab.remove(self.name)

    # --- routers ---

    def _start(self, routers: Sequence[topology.Node]) -> None:
        if not routers:
            return
        say(f"booting {', '.join(router.name for router in routers)}")
        started = time.monotonic()
        program = kernel()
        for router in routers:
            node.boot(self.state, router, program)

        def wait(router: topology.Node) -> None:
            word = node.wait_ready(self.state, router)
            self._impair_again(router)
            say(f"{router.name} is {word} after {time.monotonic() - started:.0f} s")

        _each(routers, wait)
        # A router may fall deaf a few seconds after its boot, while the others still boot.
        _each(routers, lambda router: node.wait_ready(self.state, router))

    def ssh(self, name: str, command: str, *, timeout: float = 60) -> str:
        """Run a shell command on a router as root. Raises LabError if it fails."""
        return ssh.run(self.state, self.topology.node(name), command, timeout=timeout)

    def is_on(self, name: str) -> bool:
        return bool(node.pids(self.state, self.topology.node(name)))

    def kill(self, *names: str) -> None:
        """Cut the power of routers; their disks stay as they were at that moment."""
        for name in names:
            node.kill(self.state, self.topology.node(name))

    def start(self, *names: str) -> None:
        """Boot routers that are off, from the disks they have."""
        self._start([self.topology.node(name) for name in names if not self.is_on(name)])

    def reboot(self, *names: str) -> None:
        """Reboot routers in good order (systemctl reboot) and wait until they are up again."""

        def one(name: str) -> None:
            router = self.topology.node(name)
            before = self.ssh(name, "cat /proc/sys/kernel/random/boot_id")
            with contextlib.suppress(LabError):  # the connection may end before the command does
                self.ssh(name, "systemctl reboot", timeout=20)
            self._wait_new_boot(router, before)
            self._impair_again(router)

        _each(names, one)

    def _wait_new_boot(self, router: topology.Node, before: str) -> None:
        deadline = time.monotonic() + node.BOOT_SECONDS
        silence = node.Silence(self.state, router)
        while time.monotonic() < deadline:
            ssh.hang_up(self.state, router)
            if silence.too_long():
                say(f"{router.name} hangs while it shuts down; switching it off")
                node.kill(self.state, router)
            if not self.is_on(router.name):
                node.boot(self.state, router, kernel())
            with contextlib.suppress(LabError):
                if self.ssh(router.name, "cat /proc/sys/kernel/random/boot_id", timeout=10) != before:
                    node.wait_ready(self.state, router)
                    return
                silence.broken()
            time.sleep(0.5)
        raise LabError(f"{router.name}: no new boot after {node.BOOT_SECONDS} s")

    def reset(self, *names: str) -> None:
        """Give routers fresh disks and boot them: they are as after the installation. No name means all."""
        routers = [self.topology.node(name) for name in names or self.topology.nodes]
        for router in routers:
            node.kill(self.state, router)
            node.prepare(self.state, router)
            self._forget_impairments(router)
        self._start(routers)

    # --- links ---

    def cut(self, link: str) -> None:
        """Take out the cable of a link (NODE or NODE:INTERFACE)."""
        impair.cut(self.state, *self.topology.link(link))

    def restore(self, link: str) -> None:
        """Plug the cable in again."""
        impair.restore(self.state, *self.topology.link(link))

    def impair(self, link: str, **what: float) -> None:
        """Make a link bad: delay (ms each way), loss (% each way), mtu (bytes). Nothing named: good again.

        It stays over a reboot of the router by the lab (start, reboot), not over one from inside.
        """
        router, interface = self.topology.link(link)
        bad = {key: value for key, value in what.items() if value}
        impair.apply(self.state, self.topology, router, interface, bad)
        key = f"{router.name}:{interface}"
        self.state.impairments = {
            name: value for name, value in self.state.impairments.items() if name != key
        }
        if bad:
            self.state.impairments[key] = bad
        self.state.save()

    def _impair_again(self, router: topology.Node) -> None:
        for link, what in self._impairments(router).items():
            impair.apply(self.state, self.topology, *self.topology.link(link), what)

    def _impairments(self, router: topology.Node) -> Mapping[str, dict[str, float]]:
        return {
            link: what for link, what in self.state.impairments.items() if link.startswith(f"{router.name}:")
        }

    def _forget_impairments(self, router: topology.Node) -> None:
        gone = self._impairments(router)
        for link in gone:
            impair.forget(self.state, self.topology, *self.topology.link(link))
        self.state.impairments = {
            link: what for link, what in self.state.impairments.items() if link not in gone
        }
        self.state.save()

    def lease(self, link: str, address: str, *, now: bool = True, timeout: float = 60) -> None:
        """Let the provider give a DHCP WAN another address.

        With ``now`` the router asks again at once, as after a modem's reconnect, and this waits until it
        has the address; otherwise the router learns it when its lease (120 s) runs out.
        """
        router, interface = self.topology.link(link)
        wan = next((wan for wan in router.wans if wan.interface == interface and wan.dhcp), None)
        if wan is None:
            raise LabError(f"{link} has no DHCP; its address is in the topology")
        try:
            new = IPv4Address(address)
        except ValueError:
            raise LabError(f"lease {address}: write an IPv4 address of {wan.address.network}") from None
        if new not in wan.address.network or new == wan.gateway:
            raise LabError(f"lease {new}: write an address of {wan.address.network}, not {wan.gateway}")
        wiring.change_lease(self.state, router, wan, new)
        if not now:
            return
        self.ssh(router.name, f"networkctl reconfigure {interface}")
        deadline = time.monotonic() + timeout
        while (has := node.address(self.state, router, interface)) != str(new):
            if time.monotonic() > deadline:
                raise LabError(f"{link} still has {has or 'no address'} after {timeout:.0f} s, not {new}")
            time.sleep(0.3)

    # --- proofs ---

    def client(self, name: str, *argv: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command on the LAN client of a router; it does not raise when the command fails."""
        return subprocess.run(
            wiring.netns(wiring.client(self.name, self.topology.node(name).name), *argv),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def capture_start(self, *links: str) -> list[Path]:
        """Capture on links, all WANs if none is named; earlier captures of the same links are replaced."""
        chosen = links or self.topology.wan_links()
        return [capture.begin(self.state, *self.topology.link(link)) for link in chosen]

    def capture_stop(self, *links: str) -> list[Path]:
        """End captures, all that run if none is named, and return their files."""
        if not links:
            links = tuple(
                link for link in self._links() if capture.running(self.state, *self.topology.link(link))
            )
        return [capture.finish(self.state, *self.topology.link(link)) for link in links]

    def captured(self) -> pcap.Count:
        """Stop all captures and count what they saw."""
        self.capture_stop()
        return pcap.count(sorted((Path(self.state.disks) / "captures").glob("*.pcap")))

    def _links(self) -> list[str]:
        return [*self.topology.wan_links(), *(f"{name}:lan1" for name in self.topology.nodes)]

    def status(self) -> list[str]:
        """One line for each router."""
        lines = []
        for router in self.topology.nodes.values():
            links = [
                f"{wan.interface} {'dhcp' if wan.dhcp else wan.address} via {wan.via}"
                + (" (cut)" if impair.is_cut(self.state, router, wan.interface) else "")
                for wan in router.wans
            ]
            power = "on " if self.is_on(router.name) else "off"
            lines.append(
                f"{router.name:10} {power} Debian {router.debian}  {router.management}  {', '.join(links)}"
                f"  lan1 {router.lan}  client {router.client.ip}"
            )
        return lines


def _remove(name: str) -> None:
    record = state.find(name)
    if record is None:
        state.clean(name)
        return
    processes.end(processes.inside(record.namespaces))
    for namespace in record.namespaces:
        if (processes.NETNS / namespace).exists():
            run(["ip", "netns", "del", namespace])
    record.forget()


def _each(routers: Iterable[object], work: Callable[..., object]) -> None:
    """Do the same for several routers at once; the first mistake is raised when all are done."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        jobs = [pool.submit(work, router) for router in routers]
    wrong = [str(error) for job in jobs if isinstance(error := job.exception(), LabError)]
    for job in jobs:
        if job.exception() and not isinstance(job.exception(), LabError):
            job.result()
    if wrong:
        raise LabError("\n".join(wrong))
