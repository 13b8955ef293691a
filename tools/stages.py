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
import threading
import time
from collections import Counter
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "tests" / "output" / "junit"
# Through this path the checkout is importable as ansible_collections.mgre.dmvpn.
COLLECTION = ".build/collections/ansible_collections/mgre/dmvpn"
SHEBANG = re.compile(rb"#!.*\b(ba|da)?sh\b")
# What breaks a live fleet, and for how many seconds `make test-long` does it over and over.
SOAKED = tuple(
    f"tests/lab/test_{name}.py"
    for name in (
        "fleet",
        "diagnose",
        "guard",
        "convergence",
        "failover",
        "ios_alive",
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
# Designs whose parts the lab tests and the other scenarios break as well: once, before the hour.
SOAKED_SCENARIOS = (
    "cisco_dual_hub",
    "cisco_hub_linux_spokes",
    "dual_hub",
    "front_door_vrf",
    "hub_only",
)
# Tests on labs of their own in which nothing is timed: they may run beside other labs.
BESIDE = ("apply", "commit", "lab", "mixed")
QUICK = ("pytest", "-q", "-m", "not lab", "--timeout=150", "-n2")
ANSIBLE_TEST_UNITS = ("tools/ansible-test", "units")
FAILED = ("--last-failed", "--last-failed-no-failures=none")
TYPED = (
    "plugins/plugin_utils",
    "plugins/module_utils",
    "tests/lab",
    "tests/yang",
    "tests/netconf",
    "tests/monitoring",
    "tools",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One command; those with ``junit`` report each test, ``quiet`` ones print nothing while they pass.

    What fails of one that has ``again`` is run once more, with these arguments.
    """

    name: str
    command: tuple[str, ...]
    quiet: bool = False
    again: tuple[str, ...] | None = None

    @property
    def junit(self) -> Path | None:
        reports = self.command[0] == "pytest" or self.command[:2] == ANSIBLE_TEST_UNITS
        return RESULTS / f"{self.name}.xml" if reports else None


@dataclass(frozen=True, slots=True)
class Together:
    """Rows of stages that run beside each other: routers wait more than they compute."""

    rows: tuple[Generator[Stage], ...]


@dataclass(frozen=True, slots=True)
class Count:
    passed: int = 0
    failed: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed)


def lint() -> Generator[Stage]:
    yield Stage("ruff", ("ruff", "check", "--quiet", "."), quiet=True)
    yield Stage("ruff-format", ("ruff", "format", "--quiet", "--diff", "."), quiet=True)
    yield Stage("mypy", ("mypy", *typed()), quiet=True)
    yield Stage("mypy-demo", ("mypy", "tools/demo"), quiet=True)
    # The event daemon's files are installed side by side and import each other by their bare names.
    programs = "roles/linux/files"
    yield Stage("mypy-event-daemon", ("env", f"MYPYPATH={programs}", "mypy", programs), quiet=True)
    yield Stage("shellcheck", ("shellcheck", *shell_scripts()), quiet=True)
    yield Stage("yamllint", ("yamllint", "--strict", "."), quiet=True)
    yield Stage("ansible-lint", ("ansible-lint", "--offline", "--nocolor", "-q"), quiet=True)
    yield Stage("ansible-test-sanity", ("tools/ansible-test", "sanity"), quiet=True)


def unit() -> Generator[Stage]:
    yield Stage("unit", (*QUICK, "tests/unit"))


def golden() -> Generator[Stage]:
    """What needs neither root nor routers besides the unit tests, the lab's own logic included."""
    yield Stage("golden", (*QUICK, "tests/golden", "tests/monitoring", "tests/lab"))


def cisco() -> Generator[Stage]:
    """Every Cisco line against Cisco's models; apply over NETCONF and over the command line."""
    # One process: the models take it 20 s to load, and there is one NETCONF server.
    yield Stage("netconf", ("pytest", "-q", "tests/yang", "tests/netconf"))
    yield Stage("ios", ("pytest", "-q", "--numprocesses=auto", "tests/ios"))


def package() -> Generator[Stage]:
    """The collection as others take it: ansible-test's way of running the unit tests, and the tarball."""
    yield Stage("ansible-test-units", (*ANSIBLE_TEST_UNITS, "--python", "default"), quiet=True)
    yield Stage("package", ("pytest", "-q", "tests/package"))


def lab() -> Generator[Stage | Together]:
    """The tests that boot routers: two labs at once first, then alone what measures a live fleet."""
    yield Together((lab_tests("lab-beside", BESIDE, quiet=True), molecule()))
    files = (ROOT / "tests" / "lab").glob("test_*.py")
    alone = sorted({file.stem.removeprefix("test_") for file in files} - set(BESIDE))
    yield from lab_tests("lab", alone, quiet=False)


def lab_tests(name: str, files: Sequence[str], *, quiet: bool) -> Generator[Stage]:
    paths = [f"tests/lab/test_{file}.py" for file in files]
    # Each with a cache of its own, which is where pytest keeps what failed.
    cache = ("-o", f"cache_dir=.build/pytest-{name}")
    yield Stage(name, ("pytest", "-q", "-m", "lab and not soak", *cache, *paths), quiet, again=FAILED)


def scenarios() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "extensions" / "molecule").glob("*/molecule.yml"))


def molecule() -> Generator[Stage]:
    """Molecule scenarios: one of each kind."""
    yield from on_one_lab([name for name in scenarios() if name not in SOAKED_SCENARIOS])


def on_one_lab(chosen: Sequence[str]) -> Generator[Stage]:
    """Molecule scenarios, those of the same topology on one lab."""
    name = f"test-{os.getpid()}"
    test = ("molecule", "test", "--scenario-name")
    shared = ("env", f"MGRE_LAB={name}", "MGRE_LAB_KEEP=1")
    down = ("tests/lab/lab", "down", name)
    try:
        for scenario in chosen:
            alone = (ROOT / "extensions/molecule" / scenario / "inventory/group_vars/all/lab.yml").exists()
            lab_of = ("env", f"MGRE_LAB={name}-alone") if alone else shared
            yield Stage(f"molecule-{scenario}", (*lab_of, *test, scenario), quiet=True, again=())
    except GeneratorExit:  # interrupted: nobody asks for the stage that takes the routers down
        for lab_name in (name, f"{name}-alone"):
            subprocess.run((*down[:-1], lab_name), cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
        raise
    yield Stage("lab-down", down, quiet=True)


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


GROUPS = {
    "lint": lint,
    "unit": unit,
    "golden": golden,
    "cisco": cisco,
    "package": package,
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


interrupted = threading.Event()


def run_all(stages: Generator[Stage | Together] | Generator[Stage]) -> Count:
    """Runs stages one after the other, and those that are together beside each other."""
    total = Count()
    with closing(stages):
        for stage in stages:
            if interrupted.is_set():
                break
            if isinstance(stage, Together):
                with ThreadPoolExecutor(len(stage.rows)) as threads:
                    try:
                        total = sum(threads.map(run_all, stage.rows), start=total)
                    except KeyboardInterrupt:
                        # Their programs have been interrupted too, by the terminal.
                        interrupted.set()
                        raise
            else:
                total += run(stage)
    return total


def run(stage: Stage) -> Count:
    """Runs a stage, and what fails of it once more if it may; what fails twice fails, and a skip always."""
    count = once(stage)
    if not count.failed or stage.again is None or outcomes(stage)["skipped"]:
        return count
    say(f"{stage.name}: what failed runs once more, because user-mode Linux hangs now and then")
    second = once(Stage(f"{stage.name}-again", (*stage.command, *stage.again), stage.quiet))
    return Count(count.passed + second.passed, second.failed)


def once(stage: Stage) -> Count:
    """Runs a stage and prints its name, verdict and seconds; of a linter only what it found."""
    say(stage.name)
    command = list(stage.command)
    if stage.junit:
        stage.junit.unlink(missing_ok=True)
        if command[0] == "pytest":
            command.append(f"--junit-xml={stage.junit}")
    started = time.monotonic()
    output = subprocess.PIPE if stage.quiet else None
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
        )
        status = done.returncode
        if status and stage.quiet:
            sys.stdout.buffer.write(done.stdout)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", flush=True)
        status = 127
    count = counted(stage, status)
    verdict = "failed" if count.failed else "passed"
    say(f"{stage.name}: {verdict}, {time.monotonic() - started:.1f} s")
    return count


def say(words: str) -> None:
    """A line of our own, in one piece beside what other stages say."""
    sys.stdout.write(f"== {words}\n")
    sys.stdout.flush()


def counted(stage: Stage, status: int) -> Count:
    """The tests of a finished stage. Skipped ones are failures: what was not tried is not proven."""
    if stage.junit is None or not stage.junit.exists():
        return Count(failed=1) if status else Count(passed=1)
    found = outcomes(stage)
    failed = found["failures"] + found["errors"] + found["skipped"]
    if status and not failed:
        failed = 1  # pytest found no test, or broke outside of one
    return Count(max(0, found["tests"] - failed), failed)


def outcomes(stage: Stage) -> Counter[str]:
    """How many tests, failures, errors and skips pytest has reported; none without a report."""
    found: Counter[str] = Counter()
    if stage.junit and stage.junit.exists():
        for suite in ElementTree.parse(stage.junit).getroot().iter("testsuite"):
            found.update(
                {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")}
            )
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
