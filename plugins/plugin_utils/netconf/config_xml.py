# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Facts as XML, and a router's XML as facts."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from .paths import NAMESPACE, VALUE, Facts, Path, settled, sorted_paths

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
# What edit-config may do with an element; "" merges it.
Operations = Mapping[Path, str]


def config_xml(facts: Facts, operations: Operations | None = None) -> str:
    """``<config>`` with all facts, two spaces of indent per level, the keys of an entry first.

    ``operations`` marks paths, such as ``{path: "remove"}``; they need not be among the facts.
    """
    marks = operations or {}
    held = settled(facts)
    # Elements are written once, however many facts are below them.
    lines = [f'<config xmlns="{BASE}">']
    open_path: Path = ()
    for path in sorted_paths({*held, *marks}):
        common = _common(open_path, path)
        _close(lines, open_path, len(common))
        for depth in range(len(common), len(path) - 1):
            _open(lines, path, depth)
        open_path = path[:-1]
        _leaf(lines, path, held.get(path, ""), marks.get(path, ""))
    _close(lines, open_path, 0)
    lines.append("</config>")
    return "\n".join(lines) + "\n"


def _common(one: Path, other: Path) -> Path:
    length = 0
    while length < min(len(one), len(other) - 1) and one[length] == other[length]:
        length += 1
    return other[:length]


def _tag(path: Path, depth: int) -> str:
    """An element's name, with its namespace where that differs from the element above it."""
    step = path[depth]
    inherited = path[depth - 1].module if depth else ""
    return step.name if step.module == inherited else f'{step.name} xmlns="{NAMESPACE}{step.module}"'


def _open(lines: list[str], path: Path, depth: int, mark: str = "") -> None:
    indent = "  " * (depth + 1)
    lines.append(f"{indent}<{_tag(path, depth)}{mark}>")
    lines.extend(f"{indent}  <{key}>{escape(value)}</{key}>" for key, value in path[depth].keys)


def _close(lines: list[str], path: Path, depth: int) -> None:
    lines.extend(
        f"{'  ' * (level + 1)}</{path[level].name}>" for level in range(len(path) - 1, depth - 1, -1)
    )


def _leaf(lines: list[str], path: Path, value: str, operation: str) -> None:
    depth = len(path) - 1
    step = path[-1]
    indent = "  " * (depth + 1)
    mark = f' xmlns:nc="{BASE}" nc:operation="{operation}"' if operation else ""
    tag = _tag(path, depth)
    if step.keys and step.keys[0][0] != VALUE:
        _open(lines, path, depth, mark)
        lines.append(f"{indent}</{step.name}>")
        return
    text = step.keys[0][1] if step.keys else value
    lines.append(f"{indent}<{tag}{mark}>{escape(text)}</{step.name}>" if text else f"{indent}<{tag}{mark}/>")
