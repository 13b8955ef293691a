# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether facts fit the models: each by its place, and all of them together."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.paths import (
    VALUE,
    Facts,
    Path,
    shown,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.places import ANY, Place
from ansible_collections.mgre.dmvpn.tests.yang.schema import (
    ContainerNode,
    DataModel,
    LeafListNode,
    LeafNode,
    ListNode,
    SchemaNode,
    child,
    obsolete,
)
from yangson.datatype import EmptyType  # type: ignore[import-untyped]
from yangson.exceptions import YangsonException  # type: ignore[import-untyped]


def misfit(model: DataModel, path: Path, value: str) -> str | None:
    """What is wrong with one fact, None if nothing is."""
    node, problem = place(model, path)
    if node is None:
        return problem
    step = path[-1]
    if isinstance(node, LeafListNode):
        return (
            wrong_value(node, step.keys[0][1], path)
            if [k for k, _v in step.keys] == [VALUE]
            else (f"{shown(path)} is a leaf-list: write [.=value]")
        )
    if isinstance(node, LeafNode):
        return wrong_value(node, value, path)
    if value:
        return f"{shown(path)} takes no value, and has {value!r}"
    if isinstance(node, ContainerNode) and not node.presence:
        return f"{shown(path)} is a container without presence: it says nothing"
    return None


def place(model: DataModel, path: Path, strict: bool = True) -> tuple[SchemaNode | None, str | None]:
    """The node of a path, or why there is none. ``strict``: its keys are values, not patterns."""
    node: SchemaNode = model.schema
    for depth, step in enumerate(path):
        above, found = node, child(node, step.module, step.name)
        here = shown(path[: depth + 1])
        if found is None:
            return None, f"{here}: the models have no {step.module}:{step.name} in {above.name or 'the root'}"
        node = found
        if obsolete(node):
            return None, f"{here} is deprecated or obsolete in the models"
        keys = [key for key, _value in step.keys]
        if isinstance(node, ListNode):
            wanted = [key for key, _module in node.keys]
            if keys != wanted:
                return None, f"{here}: the list's keys are {wanted}"
            for key, value in step.keys:
                leaf = next(each for each in node.children if each.name == key)
                if strict and (problem := wrong_value(leaf, value, path)):
                    return None, problem
        elif keys and not (isinstance(node, LeafListNode) and keys == [VALUE]):
            return None, f"{here} is no list"
    return node, None


def place_problems(model: DataModel, known: Place) -> list[str]:
    """What the table's places do not have in common with the models, from ``native`` on."""
    native = child(model.schema, "native", "native")
    assert native is not None
    return [*_place_problems(native, known, "native")]


def _place_problems(node: SchemaNode, known: Place, where: str) -> Iterator[str]:
    for (module, name), below in known.children.items():
        here = f"{where}/{name}"
        if name == ANY:
            # Any word may stand here; which ones fit is seen with the lines.
            continue
        found = child(node, module, name)
        if found is None or obsolete(found):
            yield f"{here}: {'obsolete' if found else 'not'} in the models"
            continue
        keys = tuple(key for key, _module in found.keys) if isinstance(found, ListNode) else ()
        if isinstance(found, LeafListNode):
            keys = (VALUE,)
        if keys != below.keys:
            yield f"{here}: the keys are {keys}, not {below.keys}"
        if below.leaf != (isinstance(found, LeafNode) and not isinstance(found.type, EmptyType)):
            yield f"{here}: a value there is {'not' if below.leaf else ''} what the models want"
        yield from _place_problems(found, below, here)


def wrong_value(node: SchemaNode, text: str, path: Path) -> str | None:
    assert isinstance(node, LeafNode | LeafListNode)
    value = node.type.parse_value(text)
    if value is None or value not in node.type:
        return f"{shown(path)}: the models do not take {text!r}"
    return None


def invalid(model: DataModel, payload: str) -> str | None:
    """Why a whole payload is not valid, None if it is."""
    root = ElementTree.fromstring(payload)
    try:
        model.from_xml(root).validate()
    except YangsonException as error:
        return f"{type(error).__name__}: {error}"
    return None


def misfits(model: DataModel, facts: Facts) -> list[str]:
    return [problem for path, value in facts.items() if (problem := misfit(model, path, value))]
