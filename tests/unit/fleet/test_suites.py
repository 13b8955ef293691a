# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packet sizes against the figures of docs and field measurements, and the suites' names."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.suites import (
    SIZES,
    SUITES,
    largest_inner,
    path_needed,
)


@pytest.mark.parametrize(
    ("suite", "path_mtu", "nat_t", "inner"),
    [
        ("aes-gcm-256", 1500, False, 1438),
        ("aes-gcm-256", 1500, True, 1430),
        ("aes-gcm-128", 1500, False, 1438),
        ("aes-cbc-256", 1500, False, 1430),
        ("aes-cbc-256", 1500, True, 1414),
        # PPPoE takes 8 bytes of the path; what CBC then loses depends on its 16-byte blocks.
        ("aes-gcm-256", 1492, False, 1430),
        ("aes-gcm-256", 1492, True, 1422),
        ("aes-cbc-256", 1492, False, 1414),
        ("aes-cbc-256", 1492, True, 1414),
    ],
)
def test_largest_inner_packet(suite: str, path_mtu: int, nat_t: bool, inner: int) -> None:
    assert largest_inner(suite, path_mtu, nat_t) == inner


@pytest.mark.parametrize("suite", SUITES)
def test_path_needed_is_the_smallest_path_that_carries_a_packet(suite: str) -> None:
    for mtu in range(576, 9000, 7):
        path = path_needed(suite, mtu)
        assert largest_inner(suite, path, nat_t=True) >= mtu
        assert largest_inner(suite, path - 1, nat_t=True) < mtu


def test_every_suite_has_sizes_and_no_extended_sequence_numbers() -> None:
    assert SIZES.keys() == SUITES.keys()
    assert not any("esn" in suite.esp for suite in SUITES.values())
    assert SUITES["aes-gcm-256"].ike == "aes256gcm16-prfsha384-ecp384"
    assert SUITES["aes-gcm-256"].esp == "aes256gcm16"
