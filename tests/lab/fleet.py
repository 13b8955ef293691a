# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demo's fleet on a booted lab, for tests: playbooks, packets between LANs, named conditions."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import wiring
from .lab import Lab

ROOT = Path(__file__).resolve().parents[2]
PINGS_PER_SECOND = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verify.yml said: its exit status, and host and name of each cause in report.json."""

    status: int
    causes: set[tuple[str, str]]
    output: str


class Fleet:
    """A lab and a copy of inventories/lab, with its own CA, bundle and reports in ``folder``."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.inventory = folder / "inventories" / "lab"
        shutil.copytree(ROOT / "inventories" / "lab", self.inventory)

    def play(
        self, name: str, *arguments: str, inventory: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook of the collection, as a user would."""
        playbook = ROOT / "playbooks" / f"{name}.yml"
        return self.run("ansible-playbook", str(playbook), *arguments, inventory=inventory)

    def run(
        self, program: str, *arguments: str, inventory: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of Ansible's programs on the fleet."""
        return subprocess.run(
            self.command(program, *arguments, inventory=inventory),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def command(self, program: str, *arguments: str, inventory: Path | None = None) -> list[str]:
        path = Path(sys.executable).with_name(program)
        return [str(path), *arguments, "-i", str(inventory or self.inventory)]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
            "ANSIBLE_NOCOLOR": "1",
            # A machine full of routers answers late at times.
            "ANSIBLE_TIMEOUT": "60",
            "ANSIBLE_SSH_RETRIES": "3",
            "MGRE_LAB": self.lab.name,
        }

    def site(self, *arguments: str, inventory: Path | None = None) -> str:
        """site.yml, which has to succeed; returns its output."""
        done = self.play("site", *arguments, inventory=inventory)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def verify(self, *hosts: str, wait: int = 0) -> Verdict:
        """verify.yml for some routers, or for all of them; ``wait`` seconds for green."""
        limit = ["--limit", ",".join(hosts)] if hosts else []
        report = self.folder / "artifacts" / "report" / "report.json"
        report.unlink(missing_ok=True)
        done = self.play("verify", *limit, "-e", f"verify_wait={wait}")
        output = done.stdout + done.stderr
        assert report.exists(), output
        said = json.loads(report.read_text())
        assert (said["verdict"] == "green") == (done.returncode == 0), output
        return Verdict(done.returncode, {(cause["host"], cause["cause"]) for cause in said["causes"]}, output)

    def wait_green(self, *hosts: str) -> None:
        """Everything is proven again, at the latest after nhrpd's next try to register (64 s)."""
        verdict = self.verify(*hosts, wait=90)
        assert verdict.status == 0, verdict.output

    def assert_clean_wans(self) -> None:
        """Ends the captures: there was ESP, and neither GRE nor a site address in the clear."""
        seen = self.lab.captured()
        assert seen.esp > 0, seen
        assert (seen.gre, seen.site) == (0, 0), seen

    def vtysh(self, node: str, *commands: str) -> str:
        return self.lab.ssh(node, "vtysh " + " ".join(f"-c '{command}'" for command in commands))

    def events(self, node: str) -> Callable[[], str]:
        """A function that tells what the NHRP event daemon of a router has logged from now on."""
        unit = "journalctl -q -o cat -u mgre-dmvpn-nhrp-events"
        last = self.lab.ssh(node, f"{unit} -n 1 --show-cursor")
        cursor = last.rpartition("-- cursor: ")[2].strip()
        return lambda: self.lab.ssh(node, f"{unit} --after-cursor '{cursor}'")

    def ping(self, source: str, target: str, count: int = 20) -> int:
        """Pings of one LAN client to another that were lost."""
        address = str(self.lab.topology.node(target).client.ip)
        interval = str(1 / PINGS_PER_SECOND)
        said = self.lab.client(
            source, "ping", "-q", "-n", "-c", str(count), "-i", interval, "-W", "2", address
        )
        return count - received(said.stdout)

    @contextmanager
    def traffic(self, *flows: tuple[str, str]) -> Iterator[dict[tuple[str, str], int]]:
        """Pings between LAN clients for as long as the block runs; afterwards, how many each flow lost."""
        lost: dict[tuple[str, str], int] = {}
        begun = time.monotonic()
        with ExitStack() as files:
            # Not pipes, which nobody reads meanwhile.
            said = {flow: files.enter_context(tempfile.TemporaryFile("w+")) for flow in flows}
            pings = [
                subprocess.Popen(
                    wiring.netns(
                        wiring.client(self.lab.name, source),
                        *("ping", "-n", "-i", str(1 / PINGS_PER_SECOND), "-W", "1"),
                        str(self.lab.topology.node(target).client.ip),
                    ),
                    stdout=said[source, target],
                )
                for source, target in flows
            ]
            try:
                yield lost
            finally:
                seconds = time.monotonic() - begun
                for ping in pings:
                    ping.send_signal(signal.SIGINT)
                for ping in pings:
                    ping.wait(timeout=20)
            for flow, file in said.items():
                file.seek(0)
                text = file.read()
                sent = re.search(r"(\d+) packets transmitted", text)
                assert sent and int(sent[1]) >= seconds * PINGS_PER_SECOND / 2, text
                # The last one may still be on its way.
                on_its_way = int(not re.search(rf"icmp_seq={int(sent[1]) % 65536} ", text))
                lost[flow] = int(sent[1]) - received(text) - on_its_way


def received(text: str) -> int:
    """Answers that a ping's output counts."""
    found = re.search(r"(\d+) received", text)
    assert found, text
    return int(found[1])


def until(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until ``condition`` holds; ``what`` says in the failure what did not happen."""
    deadline = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        if condition():
            return
        now = time.monotonic()
        assert now < deadline, f"not within {seconds:.0f} s: {what}"
        # At most half of the time goes into asking: a router that is asked without a break is slower.
        time.sleep(max(0.3, now - asked))
