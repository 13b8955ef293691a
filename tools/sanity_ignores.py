# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes tests/sanity/ignore-*.txt: run it when a plugin begins or ceases to import one of LIBRARIES.

ansible-test imports every plugin with nothing installed but what ansible-core needs; controller code that
reaches another library fails that, by intent (ADR 1). It also knows few interpreters. Everything
else is mended, not ignored. ansible-test says when an entry is missing or no longer needed.
"""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "ansible_collections.mgre.dmvpn."
LIBRARIES = {"cryptography", "hier_config", "pydantic"}  # of requirements.txt; ansible-test has jinja2
# Controller Pythons of each ansible-core that the collection supports.
PYTHONS = {
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.12", "3.13", "3.14"),
}
# What ansible-test takes for a first line outside of plugins/modules.
SHEBANGS = {b"#!/bin/sh", b"#!/usr/bin/env bash", b"#!/usr/bin/env python", b"#!/usr/bin/make -f"}


def dotted(path: Path) -> str:
    """The name that a file or folder of the collection is imported by."""
    return PACKAGE + ".".join(path.with_suffix("").parts)


def imported(path: Path) -> set[str]:
    """Full names of what a file cannot be loaded without, packages of ``from`` imports included."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                parent = path.relative_to(ROOT).parents[node.level - 1]
                module = f"{dotted(parent)}.{module}".rstrip(".")
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return names


def reach_libraries() -> list[Path]:
    """Plugin files that reach one of the libraries, on whatever way, when they are imported."""
    files = sorted(path.relative_to(ROOT) for path in (ROOT / "plugins").rglob("*.py"))
    imports = {file: imported(ROOT / file) for file in files}
    found = {file for file in files if LIBRARIES & {name.split(".")[0] for name in imports[file]}}
    while True:
        reached = {dotted(file) for file in found}
        more = {file for file in files if imports[file] & reached} - found
        if not more:
            return sorted(found)
        found |= more


def other_interpreters() -> list[str]:
    """Files of the checkout with a first line that ansible-test does not know: python3, nft."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    found = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and path.parent != ROOT / "plugins" / "modules":
            first = path.read_bytes().split(b"\n", 1)[0].strip()
            if first.startswith(b"#!") and first not in SHEBANGS:
                found.append(name)
    return found


def main() -> None:
    reaching, interpreters = reach_libraries(), other_interpreters()
    for core, pythons in PYTHONS.items():
        lines = [
            f"{name} import-{python} # needs requirements.txt" for name in reaching for python in pythons
        ]
        lines += [f"{name} shebang # its interpreter is right" for name in interpreters]
        (ROOT / "tests" / "sanity" / f"ignore-{core}.txt").write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
