# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every line that can be rendered has its place in Cisco's models, with a value that they take."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf import (
    rules_crypto,
    rules_routing,
    rules_tunnel,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.exceptions import EXCEPTIONS
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.paths import parse
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.payload import (
    NATIVE,
    exempt,
    mapped_lines,
    payload_facts,
    section_lines,
    table,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.places import places
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.table import lookup
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.fleet import render_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.render.ios import CONFIG
from ansible_collections.mgre.dmvpn.tests.unit.fleet.test_examples import EXAMPLES, load
from ansible_collections.mgre.dmvpn.tests.yang.checks import invalid, misfit, misfits, place, place_problems
from ansible_collections.mgre.dmvpn.tests.yang.corpus import GOLDEN, OURS, resolved, text_of, with_foreign
from ansible_collections.mgre.dmvpn.tests.yang.schema import DataModel, LeafNode


def label(file: Path) -> str:
    return f"{file.parents[1].name}-{file.parent.name}" if file.name == "config.ios" else file.stem


@pytest.mark.parametrize("file", [*OURS, *GOLDEN], ids=label)
def test_each_line_has_its_place(model: DataModel, file: Path) -> None:
    wrong = [
        f"{line}: {problem}"
        for line, facts in mapped_lines(text_of(file))
        for path, value in facts.items()
        if (problem := misfit(model, path, value))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("file", [*OURS, *GOLDEN], ids=label)
def test_payload_is_valid(model: DataModel, file: Path) -> None:
    assert invalid(model, with_foreign(text_of(file))) is None


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yml")))
def test_each_example_inventory_has_its_places(model: DataModel, name: str) -> None:
    for bundle in render_fleet(load(name)):
        for file in bundle.files:
            if file.path == CONFIG:
                assert misfits(model, payload_facts(resolved(file.text))) == [], bundle.host
                assert invalid(model, with_foreign(resolved(file.text))) is None, bundle.host


def test_the_table_names_no_place_that_is_not_there(model: DataModel) -> None:
    wrong = place_problems(model, places().children[NATIVE[0].kind])
    assert not wrong, "\n".join(wrong)


def test_defaults_are_those_of_the_models(model: DataModel) -> None:
    for area in (rules_tunnel, rules_crypto, rules_routing):
        for text in area.DEFAULTS:
            path, value = parse(text)
            node, _problem = place(model, (*NATIVE, *path), strict=False)
            assert isinstance(node, LeafNode), text
            assert node.default == node.type.parse_value(value), text


def test_each_exception_is_needed_and_has_a_reason() -> None:
    """An exception is for a line that is rendered and has no rule."""
    lines = {pair for file in [*OURS, *GOLDEN] for pair in section_lines(file.read_text(encoding="utf-8"))}
    for each in EXCEPTIONS:
        held = [line for section, line in lines if section == each.section and exempt(section, line)]
        assert held, f"no configuration has a line like {each.pattern!r}"
        assert not any(lookup(table().get(each.section, ()), line) for line in held), each
        assert len(each.reason.split()) >= 5, each


def test_something_was_looked_at() -> None:
    assert sum(len(payload_facts(text_of(file))) for file in OURS) > 150
    assert len(GOLDEN) > 20
