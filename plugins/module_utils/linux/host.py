# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The router as the transaction touches it: its files below a root, and its programs through a runner.

Tests give a directory as root and a runner that records; nothing else in the transaction knows paths or
processes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

# Seconds; systemd itself gives a unit 90 to stop.
TIMEOUT = 150
ENVIRONMENT = {
    "LC_ALL": "C",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "SYSTEMD_COLORS": "0",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What a program did; 127 stands for a program that is not there, 124 for one that hung."""

    status: int
    out: str = ""
    err: str = ""

    @property
    def words(self) -> str:
        """The program's own words, without blank lines."""
        text = f"{self.err}\n{self.out}"
        return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def say(text: str) -> None:
    """A line for the journal of the unit that this runs in."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Runner(Protocol):
    """Runs a program to its end; never raises for what the program does."""

    def __call__(
        self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, timeout: float = TIMEOUT
    ) -> Result: ...


class CommandFailed(Exception):
    """A program that had to succeed did not; the message holds its own words."""

    def __init__(self, argv: Sequence[str], result: Result) -> None:
        self.argv = list(argv)
        self.result = result
        super().__init__(f"{' '.join(argv)}: {result.words or f'exit status {result.status}'}")


def run_program(
    argv: Sequence[str], *, environment: Mapping[str, str] | None = None, timeout: float = TIMEOUT
) -> Result:
    """The real :class:`Runner`."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
            env={**ENVIRONMENT, **(environment or {})},
            # The lock is the only one that children inherit: it is held until the last of them has ended.
            close_fds=False,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        return Result(127, err=f"{argv[0]} is not installed")
    except subprocess.TimeoutExpired:
        return Result(124, err=f"{argv[0]} did not answer in {timeout:g} s")
    except OSError as error:
        return Result(126, err=f"{argv[0]}: {error.strerror}")
    return Result(done.returncode, done.stdout, done.stderr)


@dataclass(slots=True)
class Host:
    """One router. Paths are absolute on the router; ``root`` is where that is here."""

    root: Path = Path("/")
    runner: Runner = run_program
    sleep: Callable[[float], None] = field(default=time.sleep)
    clock: Callable[[], float] = field(default=lambda: time.clock_gettime(time.CLOCK_BOOTTIME))

    def at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def run(
        self, *argv: str, environment: Mapping[str, str] | None = None, timeout: float = TIMEOUT
    ) -> Result:
        """Run a program, whatever comes of it."""
        return self.runner(argv, environment=environment, timeout=timeout)

    def must(self, *argv: str, environment: Mapping[str, str] | None = None, timeout: float = TIMEOUT) -> str:
        """Run a program that has to succeed; returns what it wrote. Raises :class:`CommandFailed`."""
        result = self.run(*argv, environment=environment, timeout=timeout)
        if result.status:
            raise CommandFailed(argv, result)
        return result.out

    def read(self, path: str) -> str | None:
        """The text of a file, None if there is none. Bytes that are not UTF-8 survive a round trip."""
        try:
            return self.at(path).read_text(encoding="utf-8", errors="surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def mode(self, path: str) -> int | None:
        try:
            return self.at(path).stat().st_mode & 0o7777
        except (FileNotFoundError, NotADirectoryError):
            return None

    def exists(self, path: str) -> bool:
        return self.at(path).exists()

    def directory(self, path: str, mode: int = 0o755) -> None:
        """Make a directory; ``mode`` is for those that are new."""
        target = self.at(path)
        if not target.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.mkdir()
            target.chmod(mode)

    def write(self, path: str, text: str | bytes, mode: int | None = None) -> None:
        """Replace a file at once and durably. Its owner stays, its mode too if none is given (else 0600)."""
        target = self.at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f".{target.name}.mgre-new")
        held = target.stat() if target.exists() else None
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:
            file.write(text.encode(errors="surrogateescape") if isinstance(text, str) else text)
            if held:
                os.fchown(descriptor, held.st_uid, held.st_gid)
            os.fchmod(descriptor, mode if mode is not None else (held.st_mode & 0o7777) if held else 0o600)
            file.flush()
            os.fsync(descriptor)
        os.replace(new, target)
        self._settle(target.parent)

    @staticmethod
    def _settle(folder: Path) -> None:
        """What came and went in a directory survives a power cut from here on."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, path: str, *, durable: bool = False) -> None:
        """Remove a file or a directory with all that is in it; nothing is there is fine too."""
        target = self.at(path)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        if durable and target.parent.is_dir():
            self._settle(target.parent)

    def remove_if_empty(self, path: str) -> None:
        target = self.at(path)
        if target.is_dir() and not any(target.iterdir()):
            target.rmdir()
