# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running a program on the router, and reading values from what it says without trusting their types."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

# No VTYSH_PAGER: an empty one makes vtysh print nothing for "show running-config".
ENVIRONMENT = {
    "LC_ALL": "C",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "SYSTEMD_COLORS": "0",
}


class Unreadable(Exception):
    """A section of the state cannot be read; the message says why, in one line."""


class Sections:
    """Reads the sections of a state; why one cannot be read is kept in ``unreadable``."""

    def __init__(self, unreadable: dict[str, str]) -> None:
        self._unreadable = unreadable

    def known(self, section: str, read: Callable[[], T]) -> T | None:
        """What ``read`` returns, None if it cannot."""
        try:
            return read()
        except Unreadable as error:
            self._unreadable[section] = str(error)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            self._unreadable[section] = f"output of an unknown form ({type(error).__name__}: {error})"
        return None


def run(argv: Sequence[str], timeout: float = 15.0, accept: tuple[int, ...] = (0,)) -> str:
    """The standard output of a program. Raises :class:`Unreadable` if it is missing, fails or hangs."""
    name = argv[0]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
            env=ENVIRONMENT,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise Unreadable(f"{name} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Unreadable(f"{name} did not answer in {timeout:g} s") from None
    except OSError as error:
        raise Unreadable(f"{name}: {error.strerror}") from None
    if done.returncode not in accept:
        # The first line names the fault; what follows points at the place.
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Unreadable(f"{name}: {said[0] if said else f'exit status {done.returncode}'}")
    return done.stdout


def parse(text: str, source: str) -> Any:
    """JSON. Raises :class:`Unreadable` for anything else."""
    try:
        return json.loads(text)
    except ValueError:
        first = text.strip().splitlines()[:1]
        raise Unreadable(f"{source} did not answer with JSON: {first[0] if first else 'nothing'}") from None


def read(path: str) -> str | None:
    """A small file's content without surrounding blanks, None if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None


def exists(path: str) -> bool:
    return os.path.exists(path)


def integer(value: Any) -> int | None:
    """A whole number, also if it is written as text; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None


def text(value: Any) -> str | None:
    """A text that says something: None for "-", "" and what is not a text."""
    return value if isinstance(value, str) and value not in ("", "-") else None


def truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def rows(value: Any) -> list[dict[str, Any]]:
    """The objects of a list. Raises :class:`Unreadable` if it is not a list."""
    if not isinstance(value, list):
        raise Unreadable("unknown output: a list was expected")
    return [row for row in value if isinstance(row, dict)]


def table(value: Any) -> dict[str, Any]:
    """An object. Raises :class:`Unreadable` if it is something else."""
    if not isinstance(value, dict):
        raise Unreadable("unknown output: an object was expected")
    return value
