# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The aims of docs/benchmark.md on a small fleet. Ratios of one run, so a slow machine does not matter;
looser than the aims, because a busy one does, and because what is paid once weighs more on few sites."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.benchmark.run import Result, measure

SITES = 300


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    measured = measure(SITES, Path(tmp_path_factory.mktemp("benchmark")))
    print("\n".join(measured.table()))
    return measured


def test_library_costs_little_more_than_its_templates(result: Result) -> None:
    assert result.library.per_device < 4.5 * result.bare.per_device
    assert result.mixed.per_device < 4.5 * result.mixed_bare.per_device


def test_library_is_far_faster_than_pyavd(result: Result) -> None:
    assert result.pyavd.per_device > 15 * result.library.per_device


def test_playbook_costs_little_more_than_reading_the_inventory(result: Result) -> None:
    assert result.first.cpu < 2 * result.nothing.cpu


def test_memory_stays_small(result: Result) -> None:
    assert max(result.library.peak_mib, result.first.peak_mib) < 512
