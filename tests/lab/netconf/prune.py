# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cisco's YANG models cut down to what netconfd can load. Made at test time, in a temporary folder.

yuma123 2.13 ends itself on some of their statements, and refuses nodes that two modules add to one place. So
``refine``, ``must``, ``status`` and all prose go, and every ``augment`` of a module that a DMVPN does not
need. What stays has its types, ranges, choices, keys and leafrefs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PREFIX = "Cisco-IOS-XE-"
# What netconfd is told to load; the rest comes with it.
LOADED = ("native", "nhrp", "tunnel", "crypto", "bgp", "ospf", "eigrp", "bfd", "route-map")
# Modules whose augments stay: the loaded ones, and what their leafrefs lead to.
AUGMENTING = {*LOADED, "ip", "interfaces", "aaa", "acl", "isis", "ospfv3", "eigrp-obsolete", "ospf-obsolete"}
# Places that are cut away, so nothing can be added to them.
LOST = ("ATM", "snmp", "summary")
DROPPED = {"refine", "must", "status", "description", "reference", "organization", "contact"}
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|//[^\n]*|/\*.*?\*/|[{};]|[^\s{};"\']+', re.DOTALL)


@dataclass
class Statement:
    words: list[str]
    body: list[Statement] | None = None


def statements(text: str) -> list[Statement]:
    """A module as a tree of statements."""
    tokens = (token for token in TOKEN.findall(text) if not token.startswith(("//", "/*")))
    return _block(tokens)


def _block(tokens: Iterator[str]) -> list[Statement]:
    found: list[Statement] = []
    words: list[str] = []
    for token in tokens:
        if token == "}":
            break
        if token == ";":
            found.append(Statement(words))
            words = []
        elif token == "{":
            found.append(Statement(words, _block(tokens)))
            words = []
        else:
            words.append(token)
    return found


def kept(statement: Statement, module: str) -> bool:
    word = statement.words[0]
    # Extensions (tailf:, cisco-semver:) have a prefix.
    if word in DROPPED or ":" in word:
        return False
    if word != "augment":
        return True
    target = " ".join(statement.words[1:])
    return module.removeprefix(PREFIX) in AUGMENTING and not any(place in target for place in LOST)


def written(body: list[Statement], module: str, depth: int = 0) -> Iterator[str]:
    for statement in body:
        if not kept(statement, module):
            continue
        line = " " * depth + " ".join(statement.words)
        if statement.body is None:
            yield f"{line};"
        else:
            yield f"{line} {{"
            yield from written(statement.body, module, depth + 1)
            yield " " * depth + "}"


def prune(source: Path, target: Path) -> None:
    """Writes the cut models of ``source`` into the folder ``target``."""
    for file in sorted(source.glob("*.yang")):
        text = "\n".join(written(statements(file.read_text(encoding="utf-8")), file.stem))
        (target / file.name).write_text(text + "\n", encoding="utf-8")
