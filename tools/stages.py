# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs named groups of checks one after the other and says what each took.

A failing stage does not stop the ones behind it: one run shows everything that is wrong. The last line
counts tests, ``N passed, N failed``; a stage that reports none counts as one. Exit status 1 if
anything failed, a test that pytest skipped included: a missing tool is a failure. 2 for a wrong argument.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence

from running import ANSIBLE_TEST_UNITS, RESULTS, ROOT, Count, Stage, Stages, Together, run_all

# Through this path the checkout is importable as ansible_collections.mgre.dmvpn.
COLLECTION = ".build/collections/ansible_collections/mgre/dmvpn"
SHEBANG = re.compile(rb"#!.*\b(ba|da)?sh\b")
# What breaks a live fleet, and for how many seconds `make test-long` does it over and over.
SOAKED = tuple(
    f"tests/lab/test_{name}.py"
    for name in (
        "apply",
        "fleet",
        "diagnose",
        "guard",
        "convergence",
        "failover",
        "front_door_vrf",
        "ios_alive",
        "multicast",
        "commit",
        "plan",
        "rollout",
        "branches",
        "bootstrap",
        "keys",
        "psk",
        "secrets",
    )
)
SOAK_SECONDS = 3600
SCENARIOS = ROOT / "extensions" / "molecule"
LAB_DOWN = ("tests/lab/lab", "down")
# Designs whose parts the lab tests and the other scenarios break as well: once, before the hour.
SOAKED_SCENARIOS = (
    "dual_hub",
    "dual_transport",
    "front_door_vrf",
    "hub_only",
    "load_shared_cloud_hub",
    "regional_hubs",
)
# Designs whose routers are stand-ins on this machine: nothing is booted for them.
UNBOOTED_SCENARIOS = ("netconf",)
# Tests on labs of their own in which nothing is timed: two rows, the second with the scenarios.
BESIDE = ("apply", "commit", "ios_alive", "old_frr")
BESIDE_SCENARIOS = ("lab", "mixed")
QUICK = ("pytest", "-q", "-m", "not lab", "--timeout=150", "-n2")
FAILED = ("--last-failed", "--last-failed-no-failures=none")
TYPED = (
    "plugins/plugin_utils",
    "plugins/module_utils",
    "tests/lab",
    "tests/yang",
    "tests/netconf",
    "tests/monitoring",
)


def lint() -> Generator[Together]:
    sanity = Stage("ansible-test-sanity", ("tools/ansible-test", "sanity"), quiet=True)
    yield Together((linters(), row(sanity)))


def row(*stages: Stage) -> Generator[Stage]:
    yield from stages


def linters() -> Generator[Stage]:
    yield Stage("ruff", ("ruff", "check", "--quiet", "."), quiet=True)
    yield Stage("ruff-format", ("ruff", "format", "--quiet", "--diff", "."), quiet=True)
    yield Stage("mypy", ("mypy", *typed()), quiet=True)
    yield Stage("mypy-demo", ("mypy", "tools/demo"), quiet=True)
    yield Stage("mypy-tools", ("env", "MYPYPATH=tools", "mypy", "tools"), quiet=True)
    # The event daemon's files are installed side by side and import each other by their bare names.
    programs = "roles/linux/files"
    yield Stage("mypy-event-daemon", ("env", f"MYPYPATH={programs}", "mypy", programs), quiet=True)
    yield Stage("shellcheck", ("shellcheck", *shell_scripts()), quiet=True)
    yield Stage("yamllint", ("yamllint", "--strict", "."), quiet=True)
    yield Stage("ansible-lint", ("ansible-lint", "--offline", "--nocolor", "-q"), quiet=True)


def unit() -> Generator[Stage]:
    yield Stage("unit", (*QUICK, "tests/unit"))


def golden() -> Generator[Stage]:
    """What needs neither root nor routers besides the unit tests, the lab's own logic included."""
    yield Stage("golden", (*QUICK, "tests/golden", "tests/monitoring", "tests/lab"))


def cisco() -> Generator[Together]:
    """Every Cisco line against Cisco's models; apply over NETCONF and over the command line."""
    # One process: the models take it 20 s to load, and there is one NETCONF server.
    netconf = Stage("netconf", ("pytest", "-q", "tests/yang", "tests/netconf"), quiet=True)
    ios = Stage("ios", ("pytest", "-q", "--numprocesses=auto", "tests/ios"), quiet=True)
    yield Together((row(netconf, *map(molecule_test, UNBOOTED_SCENARIOS)), row(ios)))


def package() -> Generator[Together]:
    """The collection as others take it: ansible-test's way of running the unit tests, and the tarball."""
    units = Stage("ansible-test-units", (*ANSIBLE_TEST_UNITS, "--python", "default"), quiet=True)
    yield Together((row(units), row(Stage("package", ("pytest", "-q", "tests/package"), quiet=True))))


def checks() -> Generator[Together]:
    """All that needs no router; beside it the kernel and the disks of the routers are made."""
    before = (lint(), golden(), cisco(), package())
    yield Together(
        (one_after_another(*before), row(Stage("lab-build", ("tests/lab/lab", "build"), quiet=True)))
    )


def one_after_another(*groups: Stages) -> Generator[Stage | Together]:
    for group in groups:
        yield from group


def lab() -> Generator[Stage | Together]:
    """The tests that boot routers: two labs at once first, then alone what measures a live fleet."""
    second = one_after_another(molecule(), lab_tests("lab-second", BESIDE_SCENARIOS, quiet=True))
    yield Together((lab_tests("lab-first", BESIDE, quiet=True), second))
    files = (ROOT / "tests" / "lab").glob("test_*.py")
    alone = sorted({file.stem.removeprefix("test_") for file in files} - {*BESIDE, *BESIDE_SCENARIOS})
    yield from lab_tests("lab", alone, quiet=False)


def lab_tests(name: str, files: Sequence[str], *, quiet: bool) -> Generator[Stage]:
    paths = [f"tests/lab/test_{file}.py" for file in files]
    # Each with a cache of its own, which is where pytest keeps what failed.
    cache = ("-o", f"cache_dir=.build/pytest-{name}")
    yield Stage(name, ("pytest", "-q", "-m", "lab and not soak", *cache, *paths), quiet, again=FAILED)


def scenarios() -> list[str]:
    return sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))


def molecule() -> Generator[Stage]:
    """Molecule scenarios: one of each kind."""
    others = (*SOAKED_SCENARIOS, *UNBOOTED_SCENARIOS)
    yield from on_one_lab([name for name in scenarios() if name not in others])


def on_one_lab(chosen: Sequence[str]) -> Generator[Stage]:
    """Molecule scenarios: those of the same topology on one lab, then those with routers of their own."""
    alone = [name for name in chosen if (SCENARIOS / name / "inventory/group_vars/all/lab.yml").exists()]
    shared = f"test-{os.getpid()}"
    try:
        for scenario in chosen:
            if scenario not in alone:
                yield molecule_test(scenario, "env", f"MGRE_LAB={shared}", "MGRE_LAB_KEEP=1")
        yield Stage("lab-down", (*LAB_DOWN, shared), quiet=True)
        for scenario in alone:
            yield molecule_test(scenario, "env", f"MGRE_LAB={shared}-alone")
    except GeneratorExit:  # interrupted: nobody asks for the stage that takes the routers down
        for lab_name in (shared, f"{shared}-alone"):
            subprocess.run((*LAB_DOWN, lab_name), cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
        raise


def molecule_test(scenario: str, *environment: str) -> Stage:
    command = (*environment, "molecule", "test", "--scenario-name", scenario)
    return Stage(f"molecule-{scenario}", command, quiet=True, again=())


def long() -> Generator[Stage]:
    """A fleet is broken in many ways for an hour: what happens once in ten times shows."""
    yield from on_one_lab(SOAKED_SCENARIOS)
    begun = time.monotonic()
    for number in itertools.count(1):
        yield Stage(f"long-{number}", ("pytest", "-q", "-m", "lab", *SOAKED))
        if time.monotonic() - begun > SOAK_SECONDS:
            return


def benchmark() -> Generator[Stage]:
    yield Stage("benchmark", ("pytest", "-q", "-s", "tests/benchmark"))


GROUPS: dict[str, Callable[[], Stages]] = {
    "lint": lint,
    "unit": unit,
    "golden": golden,
    "cisco": cisco,
    "package": package,
    "checks": checks,
    "lab": lab,
    "molecule": molecule,
    "long": long,
    "benchmark": benchmark,
}


def existing(*paths: str) -> tuple[str, ...]:
    return tuple(path for path in paths if (ROOT / path).is_dir())


def typed() -> tuple[str, ...]:
    return tuple(f"{COLLECTION}/{path}" for path in existing(*TYPED))


def shell_scripts() -> list[str]:
    """Files of the checkout whose first line names a shell."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    found = []
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            with (ROOT / name).open("rb") as file:
                if SHEBANG.match(file.readline(80)):
                    found.append(name)
    return found


def main(groups: list[str]) -> int:
    unknown = [name for name in groups if name not in GROUPS]
    if unknown or not groups:
        print(f"usage: stages.py {'|'.join(GROUPS)} ...", file=sys.stderr)
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    # A fixed PATH: a version manager's shims confuse tools that look for interpreters.
    system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ["PATH"] = f"{ROOT}/.build/venv/bin:{system}"
    # Else Molecule and ansible-lint install a copy of the collection and test that.
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = f"{ROOT}/.build/collections"
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    total = Count()
    for name in groups:
        total += run_all(GROUPS[name]())
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
