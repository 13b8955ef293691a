# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bundles on disk: only what differs is written, each file atomically, stale files of ours are removed.

A host's directory is ours if its ``manifest.json`` is; only files that a manifest lists are ever removed.
Directories are made 0700 and files 0600.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..findings import Finding, FindingsError
from .bundle import FORMAT, Bundle

OWN = ("manifest.json", "intent.json")
HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]*")
DIFF_LINES = 5000  # for one run; a first rendering of a fleet would else print every file of it


@dataclass(slots=True)
class Written:
    """What a run changed (or would change): hosts in order, and unified diffs as text.

    ``removed`` are hosts that left the fleet. ``diff`` is cut off at ``DIFF_LINES`` lines.
    """

    hosts: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    diff: list[str] = field(default_factory=list)
    cut: int = 0

    def add_diff(self, lines: Iterable[str]) -> None:
        for line in lines:
            if len(self.diff) < DIFF_LINES:
                self.diff.append(line)
            else:
                self.cut += 1

    def diff_text(self) -> str:
        tail = [f"... and {self.cut} more lines"] if self.cut else []
        return "".join(f"{line}\n" for line in (*self.diff, *tail))


def write_bundles(
    bundles: Iterable[Bundle], output: Path, *, compare_with: Path | None = None, diff: bool = False
) -> Written:
    """Writes all bundles under ``output``. ``OSError`` when that is not possible.

    With ``compare_with`` (check mode) everything is written to ``output``, and what is reported as changed
    is the difference to ``compare_with``, which stays as it is.
    """
    base = compare_with or output
    result = Written()
    make_parents(str(output), set())
    for bundle in bundles:
        if not HOST_NAME.fullmatch(bundle.host):
            raise FindingsError([bad_name(bundle.host)])
        result.hosts.append(bundle.host)
        wanted = bundle.contents()
        held = base / bundle.host
        stale = sorted(set(listed(held)) - set(wanted))
        root = str(held)
        known = os.path.isdir(root)
        changed = [
            (path, text) for path, text in wanted.items() if not (known and same(f"{root}/{path}", text))
        ]
        if changed or stale:
            result.changed.append(bundle.host)
            if diff:
                texts = dict(changed) | dict.fromkeys(stale, "")
                for path in sorted(texts):
                    result.add_diff(differences(bundle.host, path, held / path, texts[path]))
        if compare_with:
            write_all(output / bundle.host, wanted.items())
        else:
            remove(held, stale)
            write_all(held, changed)
    for host in departed(base, set(result.hosts)):
        result.removed.append(host)
        if not compare_with:
            remove(base / host, (*listed(base / host), *OWN))
    return result


def bad_name(host: str) -> Finding:
    return Finding(
        host=host,
        subject="inventory_hostname",
        problem="the name cannot be the name of a directory",
        remedy="rename the host: letters, digits and . _ - only",
    )


def listed(directory: Path) -> list[str]:
    """Relative paths that the manifest in a host's directory lists; none if it is not one of ours."""
    try:
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        if manifest["bundle"] != FORMAT:
            return []
        paths = [str(entry["path"]).lstrip("/") for entry in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [path for path in paths if ".." not in path.split("/")]


def departed(output: Path, present: set[str]) -> Iterator[str]:
    """Hosts that have a bundle of ours but are in the fleet no longer."""
    if not output.is_dir():
        return
    for entry in sorted(os.scandir(output), key=lambda entry: entry.name):
        if entry.name not in present and entry.is_dir(follow_symlinks=False) and listed(Path(entry.path)):
            yield entry.name


def same(path: str, text: str) -> bool:
    """Whether a file holds this text and nobody else may read it."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read() == text.encode() and os.fstat(file.fileno()).st_mode & 0o777 == 0o600
    except OSError:
        return False


def differences(host: str, path: str, held: Path, text: str) -> Iterator[str]:
    try:
        before = held.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        before = []
    name = f"{host}/{path}"
    return difflib.unified_diff(before, text.splitlines(), name, name, lineterm="")


def make_parents(path: str, made: set[str]) -> None:
    """Makes a directory and its parents, 0700 what is new; ``made`` are those that are known to be there."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
    except FileNotFoundError:
        make_parents(os.path.dirname(path), made)
        os.mkdir(path, 0o700)
    made.add(path)


def write_all(directory: Path, contents: Iterable[tuple[str, str]]) -> None:
    """The manifest first: whatever follows is listed, so an interrupted run leaves nothing unknown.

    Paths are text here, not ``Path``, which would cost as much as the writing itself.
    """
    made: set[str] = set()
    for path, text in sorted(contents, key=lambda item: item[0] != "manifest.json"):
        target = f"{directory}/{path}"
        parent, name = os.path.split(target)
        if parent not in made:
            make_parents(parent, made)
        new = f"{parent}/.{name}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with open(os.open(new, flags, 0o600), "wb", buffering=0) as file:
            file.write(text.encode())
        os.replace(new, target)


def remove(directory: Path, paths: Iterable[str]) -> None:
    """Removes files of a host and the directories that this leaves empty."""
    emptied: set[Path] = set()
    for path in paths:
        (directory / path).unlink(missing_ok=True)
        emptied.update((directory / path).relative_to(directory).parents)
    for relative in sorted(emptied, key=lambda path: len(path.parts), reverse=True):
        try:
            (directory / relative).rmdir()
        except OSError:  # something that is not ours is in it
            continue
