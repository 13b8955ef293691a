# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Host entries into an inventory file as text: lines are put in between, no line that is there changes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

HEADING = """\
---
# Branches that add_branch.yml entered. It only ever adds; change and delete entries as in any inventory.
"""


class NoPlace(Exception):
    """The file is not laid out so that entries can be put in; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A host with its variables, below its first group; in the others it is only named."""

    name: str
    groups: tuple[str, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)


class Opaque(yaml.SafeLoader):
    """Reads tags such as ``!vault`` as what they are: something to keep."""


Opaque.add_multi_constructor("!", lambda loader, suffix, node: (suffix, str(node.value)))


def with_entries(text: str, entries: Sequence[Entry]) -> str:
    """The file with further hosts. Raises :class:`NoPlace`."""
    new = text if text.strip() else HEADING
    wanted = _parsed(text) or {}
    for entry in entries:
        for place, group in enumerate(entry.groups):
            variables = dict(entry.variables) if not place else {}
            new = _inserted(new, group, _lines(entry.name, variables))
            held = wanted.setdefault(group, {})
            if not isinstance(held, dict) or not isinstance(held.setdefault("hosts", {}), dict):
                raise NoPlace(_advice(group))
            held["hosts"][entry.name] = variables or None
    if _parsed(new) != wanted:
        raise NoPlace(_advice(entries[0].groups[0]))
    return new


def _advice(group: str) -> str:
    return (
        f"it is not laid out as add_branch.yml left it ({group}: and below it, indented by two blanks, "
        "hosts:); name another file in branches_file, or write the entries yourself"
    )


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        data = yaml.load(text, Loader=Opaque)
    except yaml.YAMLError as error:
        raise NoPlace(f"it is no YAML: {str(error).splitlines()[0]}; mend it first") from None
    if data is not None and not isinstance(data, dict):
        raise NoPlace("it holds no groups; name another file in branches_file")
    return data


def _lines(name: str, variables: Mapping[str, Any]) -> str:
    """One host, indented as below ``GROUP: hosts:``; values that hold nothing but values on one line."""
    key = yaml.safe_dump(name).splitlines()[0]
    lines = [f"    {key}:"]
    for variable, value in variables.items():
        flow = None if isinstance(value, (dict, list)) else False
        body = yaml.safe_dump(
            {variable: value}, sort_keys=False, default_flow_style=flow, allow_unicode=True, width=120
        )
        lines += [f"      {line}" for line in body.splitlines()]
    return "".join(f"{line}\n" for line in lines)


def _inserted(text: str, group: str, lines: str) -> str:
    """``lines`` behind the last host of a group; a group that is not there is made at the end."""
    text = text if text.endswith("\n") else f"{text}\n"
    key = re.escape(yaml.safe_dump(group).splitlines()[0])
    section = re.search(rf"^{key}:[ ]*\n[ ]{{2}}hosts:[ ]*\n(?:[ ]{{4}}.*\n)*", text, re.MULTILINE)
    if section is None:
        return f"{text}{yaml.safe_dump(group).splitlines()[0]}:\n  hosts:\n{lines}"
    return f"{text[: section.end()]}{lines}{text[section.end() :]}"
