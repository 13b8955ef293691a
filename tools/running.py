# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs stages, alone or beside each other, and counts what passed and failed of them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "tests" / "output" / "junit"
ANSIBLE_TEST_UNITS = ("tools/ansible-test", "units")


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

    rows: tuple[Stages, ...]


Stages = Generator[Stage | Together] | Generator[Stage] | Generator[Together]


@dataclass(frozen=True, slots=True)
class Count:
    passed: int = 0
    failed: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed)


interrupted = threading.Event()


def run_all(stages: Stages) -> Count:
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
