# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collection as a user gets it: built, installed from the tarball elsewhere, and read there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py"))
ROLES = sorted(path.parent.parent.name for path in (CHECKOUT / "roles").glob("*/meta/argument_specs.yml"))


def run(*command: str, cwd: Path, collections: Path) -> str:
    """What the command prints; its failure is the test's. It sees no collection but ``collections``."""
    environment = os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(collections)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tarball installed, built from what git knows and not from leftovers."""
    work = tmp_path_factory.mktemp("package")
    source = work / "source"
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=CHECKOUT, text=True
    )
    for name in filter(None, listed.split("\0")):
        if (CHECKOUT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, source / name)
    installed = work / "collections"
    build = ("ansible-galaxy", "collection", "build", "--output-path", str(work))
    run(*build, cwd=source, collections=installed)
    (tarball,) = work.glob("mgre-dmvpn-*.tar.gz")
    run(
        *("ansible-galaxy", "collection", "install", "--offline", "--no-deps"),
        *("--collections-path", str(installed), str(tarball)),
        cwd=work,
        collections=installed,
    )
    return installed


def ansible_doc(kind: str, collections: Path, *arguments: str) -> dict[str, Any]:
    output = run(
        "ansible-doc", "--json", "--type", kind, *arguments, cwd=collections, collections=collections
    )
    loaded: dict[str, Any] = json.loads(output)
    return loaded


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_documented_with_examples_and_return_values(collections: Path, name: str) -> None:
    page = ansible_doc("module", collections, f"mgre.dmvpn.{name}")[f"mgre.dmvpn.{name}"]
    assert page["doc"]["short_description"]
    assert page["examples"]
    assert page["return"]


@pytest.mark.parametrize("name", ROLES)
def test_every_role_documents_each_of_its_entry_points(collections: Path, name: str) -> None:
    page = ansible_doc("role", collections, f"mgre.dmvpn.{name}")[f"mgre.dmvpn.{name}"]
    assert page["entry_points"]
    assert all(point["short_description"] for point in page["entry_points"].values())


def test_every_role_has_an_argument_spec() -> None:
    assert sorted(path.name for path in (CHECKOUT / "roles").iterdir() if path.is_dir()) == ROLES


def test_the_action_group_names_every_module() -> None:
    runtime = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text())
    assert runtime["action_groups"]["dmvpn"] == [f"mgre.dmvpn.{name}" for name in MODULES]


def test_the_tarball_carries_neither_caches_nor_results(collections: Path) -> None:
    root = collections / "ansible_collections" / "mgre" / "dmvpn"
    unwanted = {".build", ".git", ".ansible", "__pycache__", "output"}
    assert not [path for path in root.rglob("*") if unwanted & set(path.relative_to(root).parts)]
    assert (root / "LICENSE").is_file()


def test_playbooks_of_the_installed_collection_parse(collections: Path) -> None:
    playbooks = sorted((CHECKOUT / "playbooks").glob("*.yml"))
    assert playbooks
    for playbook in playbooks:
        run(
            *("ansible-playbook", "--syntax-check", "-i", "localhost,", f"mgre.dmvpn.{playbook.stem}"),
            cwd=collections,
            collections=collections,
        )
