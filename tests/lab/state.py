# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a lab has made, written down before it is made: a tool that was killed can be cleaned up after."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .host import RUN, LabError, cache, locked

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")


@dataclass(slots=True)
class State:
    """The record of one lab, /run/mgre-lab/NAME/state.json.

    ``namespaces`` and ``disks`` say what to remove; every process of a lab runs in one of its namespaces.
    """

    name: str
    topology: str
    namespaces: list[str]
    disks: str
    ready: bool = False
    impairments: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        return RUN / self.name

    def save(self) -> None:
        """Write the record so that a reader sees the old one or the new one, never a part."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.directory / "state.json.tmp"
        with draft.open("w") as out:
            json.dump(asdict(self), out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        draft.rename(self.directory / "state.json")

    def forget(self) -> None:
        """Remove disks and record, the record last."""
        shutil.rmtree(self.disks, ignore_errors=True)
        remove(self.directory)


def remove(directory: Path) -> None:
    """Remove a lab's directory, the record after everything else."""
    for path in directory.iterdir() if directory.exists() else ():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "state.json":
            path.unlink()
    shutil.rmtree(directory, ignore_errors=True)


def check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise LabError(f"lab name {name}: write at most 16 of a-z, 0-9 and -")
    return name


def find(name: str) -> State | None:
    """The record of a lab, or None if there is no such lab."""
    try:
        text = (RUN / check_name(name) / "state.json").read_text()
    except FileNotFoundError:
        return None
    return State(**json.loads(text))


def names() -> list[str]:
    """Every lab that this machine has a record of."""
    return sorted(path.parent.name for path in RUN.glob("*/state.json"))


def disks(name: str) -> Path:
    """Where the routers' copy-on-write disks and the captures lie: they need space, so not in /run."""
    return cache() / "disks" / name


def clean(name: str) -> None:
    """Remove what a lab without a record may have left (it was killed before or after everything else)."""
    shutil.rmtree(disks(name), ignore_errors=True)
    remove(RUN / check_name(name))


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Only one command at a time makes or removes a lab of this name."""
    lock = RUN / f".lock-{check_name(name)}"
    with locked(lock, f"another command works on lab {name}: waiting for it"):
        yield
        if not (RUN / name).exists():
            lock.unlink()
