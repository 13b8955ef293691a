# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cisco's YANG models for the tests, which are not part of the collection (their licence).

Their folder comes from ``DMVPN_YANG_DIR``; its default is a sibling of the checkout.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from yangson import DataModel  # type: ignore[import-untyped]
from yangson.schemanode import (  # type: ignore[import-untyped]
    CaseNode,
    ChoiceNode,
    ContainerNode,
    InternalNode,
    LeafListNode,
    LeafNode,
    ListNode,
    SchemaNode,
)
from yangson.statement import Statement  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT.parent / "shared" / "data" / "yang" / "ios-xe-17.15.1"
PREFIX = "Cisco-IOS-XE-"
STATUS = re.compile(r"\bstatus\s+(deprecated|obsolete)\s*;")
# In the place of ``status``, which would take the node out of the model: a statement that keeps the word.
MARK = "mgre-status"
NODES = ("container", "leaf", "leaf-list", "list", "choice", "case")


class NoModels(Exception):
    """The folder of the models is missing; its text says what to set."""


def folder() -> Path:
    """Where the models are. Raises ``NoModels``."""
    path = Path(os.environ.get("DMVPN_YANG_DIR", DEFAULT))
    if not any(path.glob(f"{PREFIX}native.yang")):
        raise NoModels(
            f"{path}: Cisco's YANG models of IOS-XE 17.15.1 are not there; set DMVPN_YANG_DIR to the folder "
            "that holds Cisco-IOS-XE-native.yang"
        )
    return path


@dataclass
class Module:
    name: str
    text: str
    revision: str
    namespace: str | None
    belongs_to: str | None
    features: list[str] = field(default_factory=list)


def read(source: Path) -> list[Module]:
    """All modules and submodules of a folder, with what a YANG library lists of each."""
    found = []
    for file in sorted(source.glob("*.yang")):
        text = file.read_text(encoding="utf-8")

        def first(pattern: str, text: str = text) -> str | None:
            match = re.search(pattern, text, re.MULTILINE)
            return match[1] if match else None

        name, revision = first(r"^\s*(?:sub)?module\s+([\w-]+)"), first(r"^\s*revision\s+\"?([\d-]{10})")
        assert name and revision, f"{file.name} is no YANG module"
        found.append(
            Module(
                name=name,
                text=text,
                revision=revision,
                namespace=first(r"^\s*namespace\s+\"([^\"]+)\""),
                belongs_to=first(r"^\s*belongs-to\s+([\w-]+)"),
                features=re.findall(r"^\s*feature\s+([\w-]+)", text, re.MULTILINE),
            )
        )
    return found


def library(modules: list[Module]) -> str:
    """The YANG library (RFC 7895) of these modules, all features on."""
    entries = []
    for module in modules:
        if module.belongs_to:
            continue
        entry: dict[str, object] = {
            "name": module.name,
            "revision": module.revision,
            "namespace": module.namespace,
            "conformance-type": "import" if module.name.startswith("ietf-") else "implement",
            "feature": module.features,
        }
        parts = [part for part in modules if part.belongs_to == module.name]
        if parts:
            entry["submodule"] = [{"name": part.name, "revision": part.revision} for part in parts]
        entries.append(entry)
    return json.dumps({"ietf-yang-library:modules-state": {"module-set-id": "test", "module": entries}})


def load(scratch: Path) -> DataModel:
    """The data model, from a copy below ``scratch``. Takes about 20 s."""
    modules = read(folder())
    for module in modules:
        prefix = re.search(r"^\s*prefix\s+\"?([\w-]+)", module.text, re.MULTILINE)
        assert prefix
        text = STATUS.sub(lambda found, own=prefix[1]: f'{own}:{MARK} "{found[1]}";', module.text)  # type: ignore[misc]
        (scratch / f"{module.name}.yang").write_text(text, encoding="utf-8")
        SchemaNode._stmt_callback[f"{module.belongs_to or module.name}:{MARK}"] = "_mgre_status_stmt"
    SchemaNode._mgre_status_stmt = _remember
    return DataModel(library(modules), [str(scratch)])


def _remember(node: SchemaNode, statement: Statement, _context: object) -> None:
    """Keeps a node's own status; that of an ``augment`` or ``uses`` is not one of the node around it."""
    if statement.superstmt is not None and statement.superstmt.keyword in NODES:
        node.mgre_status = statement.argument


def obsolete(node: SchemaNode) -> bool:
    """Whether the model calls this node deprecated or obsolete."""
    return hasattr(node, "mgre_status")


def children(node: SchemaNode) -> Iterator[SchemaNode]:
    """The data nodes below a node; choices and cases are not in the data."""
    for child in getattr(node, "children", ()):
        if isinstance(child, ChoiceNode | CaseNode):
            yield from children(child)
        else:
            yield child


def child(node: SchemaNode, module: str, name: str) -> SchemaNode | None:
    wanted = (f"{PREFIX}{module}", name)
    return next((each for each in children(node) if (each.ns, each.name) == wanted), None)


__all__ = [
    "ContainerNode",
    "DataModel",
    "InternalNode",
    "LeafListNode",
    "LeafNode",
    "ListNode",
    "NoModels",
    "SchemaNode",
    "child",
    "children",
    "folder",
    "load",
    "obsolete",
]
