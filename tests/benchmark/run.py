# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rendering a large fleet, side by side with other ways to do it; prints ratios and peak memory.

    python tests/benchmark/run.py --sites 1000 5000

Exit status 1 if an aim of docs/benchmark.md is missed. Each measurement is a process of its own; they run
one after the other. Ratios are of CPU seconds, which other work on the machine changes least; files go to
memory where there is /dev/shm, because a disk is not what is measured. Needs pyavd and ansible-core in the
environment of this interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".build" / "collections"
PACKAGE = "ansible_collections.mgre.dmvpn"
AVD_DEVICES = 50  # the time per device does not depend on their number


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall-clock and CPU seconds, number of devices, and MiB of the largest process."""

    seconds: float
    cpu: float
    devices: int
    peak_mib: float

    @property
    def per_device(self) -> float:
        """CPU seconds per device."""
        return self.cpu / self.devices


@dataclass(frozen=True, slots=True)
class Aim:
    """One line of the verdict: ``value`` must be at most (or, with ``least``, at least) ``limit``."""

    text: str
    value: float
    limit: float
    least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.least else self.value <= self.limit

    def line(self) -> str:
        sign = ">=" if self.least else "<="
        return f"  {'met   ' if self.met else 'MISSED'} {self.text}: {self.value:.2f} ({sign} {self.limit:g})"


@dataclass(frozen=True, slots=True)
class Result:
    """All measurements for one number of sites."""

    sites: int
    library: Measured
    bare: Measured
    mixed: Measured
    mixed_bare: Measured
    pyavd: Measured
    nothing: Measured
    first: Measured
    again: Measured

    def table(self) -> Iterator[str]:
        yield f"{self.sites} sites"
        rows = {
            "load, check and render (library)": self.library,
            "bare Jinja2, contexts ready": self.bare,
            "library, every second router Cisco's": self.mixed,
            "bare Jinja2, every second Cisco's": self.mixed_bare,
            f"pyavd.get_device_config ({self.pyavd.devices} devices)": self.pyavd,
            "ansible-playbook, nothing to do": self.nothing,
            "ansible-playbook render.yml, first run": self.first,
            "ansible-playbook render.yml, second run": self.again,
        }
        for name, measured in rows.items():
            yield (
                f"  {name:<42} {measured.seconds:8.2f} s {measured.cpu:8.2f} s CPU"
                f" {measured.per_device * 1000:8.2f} ms/device {measured.peak_mib:6.0f} MiB"
            )

    def aims(self) -> list[Aim]:
        return [
            Aim("library / bare Jinja2", self.library.per_device / self.bare.per_device, 3),
            Aim("library / bare Jinja2, half Cisco", self.mixed.per_device / self.mixed_bare.per_device, 3),
            Aim("pyavd / library, per device", self.pyavd.per_device / self.library.per_device, 20, True),
            Aim("render.yml / doing nothing", self.first.cpu / self.nothing.cpu, 1.5),
            Aim("peak memory of the library, MiB", self.library.peak_mib, 1024),
            Aim("peak memory of render.yml, MiB", self.first.peak_mib, 1024),
        ]


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(COLLECTIONS),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_DEVEL_WARNING": "false",
    }


def library_like(kind: str, sites: int) -> Measured:
    done = subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.tests.benchmark.measure", kind, str(sites)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"benchmark: {kind} failed\n{done.stderr}")
    return Measured(**json.loads(done.stdout))


def playbook(path: Path, inventory: Path, devices: int, *extra: str) -> Measured:
    """``ansible-playbook`` as a user runs it; its memory is that of its largest process."""
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        "-i",
        str(inventory),
        str(path),
        *extra,
    ]
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        child = subprocess.Popen(command, env=environment(), stdout=output, stderr=subprocess.STDOUT)
        status, usage = os.wait4(child.pid, 0)[1:]
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        if child.returncode:
            sys.exit(f"benchmark: {' '.join(command)} failed\n{output.read()[-4000:]}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, devices, usage.ru_maxrss / 1024)


def write_inventory(sites: int, path: Path) -> int:
    """The sample fleet as one YAML inventory, as a user would have it; returns the number of hosts."""
    sys.path.insert(0, str(COLLECTIONS))
    from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.generate import sample_inventory

    hostvars, groups = sample_inventory(sites)
    common = shared(list(hostvars.values()))
    tree = {
        "all": {
            "vars": common,
            "hosts": {
                host: {name: value for name, value in own.items() if name not in common}
                for host, own in hostvars.items()
            },
            "children": {
                group: {"hosts": dict.fromkeys(hosts)} for group, hosts in groups.items() if group != "all"
            },
        }
    }
    path.write_text(yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
    return len(hostvars)


def shared(hosts: list[dict[str, object]]) -> dict[str, object]:
    """Variables that every host has with the same value: a user writes them once, for the group."""
    return {name: value for name, value in hosts[0].items() if all(own.get(name) == value for own in hosts)}


def measure(sites: int, scratch: Path) -> Result:
    inventory = scratch / f"inventory-{sites}.yml"
    devices = write_inventory(sites, inventory)
    noop = scratch / "nothing.yml"
    noop.write_text("- hosts: all\n  gather_facts: false\n  tasks: [{meta: noop}]\n", encoding="utf-8")
    render = (ROOT / "playbooks" / "render.yml", inventory, devices)
    output = ("-e", f"dmvpn_bundle_dir={scratch / f'bundle-{sites}'}")
    return Result(
        sites=sites,
        library=library_like("library", sites),
        bare=library_like("bare", sites),
        mixed=library_like("mixed", sites),
        mixed_bare=library_like("mixed_bare", sites),
        pyavd=library_like("pyavd", AVD_DEVICES),
        nothing=playbook(noop, inventory, devices),
        first=playbook(*render, *output),
        again=playbook(*render, *output),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures rendering side by side with other ways.")
    parser.add_argument("--sites", type=int, nargs="+", default=[1000, 5000], help="number of spokes")
    parser.add_argument("--quick", action="store_true", help="300 sites only")
    arguments = parser.parse_args()
    missed = False
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mgre-dmvpn-benchmark-", dir=memory) as scratch:
        for sites in [300] if arguments.quick else arguments.sites:
            result = measure(sites, Path(scratch))
            print("\n".join((*result.table(), *(aim.line() for aim in result.aims()))), flush=True)
            missed |= not all(aim.met for aim in result.aims())
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
