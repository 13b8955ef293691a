# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Any way from one configuration to another: looked at after every line by a router of the tests' own."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.remediate import remediate
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.steps import commands
from hypothesis import given
from hypothesis import strategies as st
from simulator import Router, flat, read, show

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "golden" / "render" / "bundles"
CONFIGS = {
    path.stem if path.parent == HERE / "configs" else "/".join(path.parts[-3:-1]): path.read_text()
    for path in sorted([*(HERE / "configs").glob("*.ios"), *GOLDEN.glob("*/*/config.ios")])
} | {"nothing": ""}
NAMES = sorted(CONFIGS)
PAIRS = list(itertools.product([name for name in NAMES if "/" not in name], repeat=2))
FOREIGN = (HERE / "foreign.txt").read_text()
# Shown or hidden, they mean the same since 15.7.
SINCE = ("ip nhrp shortcut", "ip nhrp map multicast dynamic")
# What every release does without the line, so that nobody has to add it.
ALWAYS = (
    "hello-interval 5",
    "hold-time 15",
    "set security-association lifetime seconds 3600",
    "lifetime 86400",
)


def check(running: str, intended: str, foreign: str = "") -> None:
    found = remediate(running, intended)
    if found.conflicts:
        assert all("not ours" in text for text in found.conflicts)
        return
    router = Router(running)
    router.run(commands(found.steps))
    assert not router.wrong, router.wrong[0]
    left = set(router.troubles()) & {t for t in router.before if "MGRE-" in t or "protection" in t}
    assert not left, left
    mine = {line for line in flat(router.tree) if line not in set(flat(read(foreign)))}
    wanted = set(flat(read(intended))) - set(flat(read(foreign)))
    hidden = {line for line in mine ^ wanted if line[-1] in SINCE and "version 15.5" not in running}
    hidden |= {line for line in wanted - mine if line[-1] in ALWAYS}
    assert mine - hidden == wanted - hidden
    assert not set(flat(read(foreign))) - set(flat(router.tree)), "foreign lines are gone"
    assert not remediate(f"{show(router.tree)}", intended).steps, "a second run would change something"


@pytest.mark.parametrize(("have", "want"), PAIRS)
def test_every_configuration_becomes_every_other(have: str, want: str) -> None:
    head = "version 15.5\n"
    check(head + CONFIGS[have], CONFIGS[want], foreign=head)


@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.data())
def test_from_a_configuration_with_holes(have: str, want: str, data: st.DataObject) -> None:
    rows = CONFIGS[have].splitlines()
    heads = [at for at, row in enumerate(rows) if not row.startswith((" ", "!"))]
    gone = data.draw(st.sets(st.integers(0, max(len(rows) - 1, 0)), max_size=8))
    # A tunnel without its description is somebody else's; no router shows the lines of a family or a
    # neighbor without the one that makes it.
    kept = [
        row
        for at, row in enumerate(rows)
        if at not in gone
        or at in heads
        or row.startswith((" description ", " address-family "))
        or " peer-group" in row
    ]
    head = f"version {data.draw(st.sampled_from(['15.5', '17.15']))}\n"
    check(head + "\n".join(kept) + "\n", CONFIGS[want], foreign=head)


@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.data())
def test_from_a_configuration_with_objects_missing(have: str, want: str, data: st.DataObject) -> None:
    sections = [part.strip("\n") for part in CONFIGS[have].split("\n!\n") if part.strip("!\n ")]
    kept = data.draw(st.lists(st.sampled_from(sections or [""]), unique=True))
    running = "version 15.5\n" + "\n!\n".join(kept) + "\n"
    check(running, CONFIGS[want], foreign="version 15.5\n")


@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.data())
def test_from_a_configuration_with_other_values(have: str, want: str, data: st.DataObject) -> None:
    """Digits change, so that every kind of line differs at some time."""
    rows = CONFIGS[have].splitlines()
    at = data.draw(st.sets(st.integers(0, max(len(rows) - 1, 0)), max_size=6))
    for number in at:
        row = rows[number] if rows else ""
        # It would become 1, which is the default: no router shows that line.
        if row == " ip ospf priority 0":
            continue
        if row.startswith(" ") and row[-1].isdigit() and not row.startswith(" address-family"):
            rows[number] = row[:-1] + str((int(row[-1]) + 1) % 10)
    head = "version 15.5\n"
    running = head + "\n".join(rows) + "\n"
    check(running, CONFIGS[want], foreign=head)


@pytest.mark.parametrize(("have", "want"), PAIRS)
def test_foreign_lines_stay(have: str, want: str) -> None:
    """Everything that a router may have beside ours, names and numbers close to ours among it."""
    check(FOREIGN + CONFIGS[have], CONFIGS[want], foreign=FOREIGN)
