# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the steps of a failover check hand on to each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.store import NoPlan, Store


@pytest.mark.parametrize("left", [None, "", '{"fault": "hub_wan"}'])
def test_a_step_before_the_plan_says_which_one_to_run(tmp_path: Path, left: str | None) -> None:
    store = Store(tmp_path)
    if left is not None:
        store.folder.mkdir()
        (store.folder / "plan.json").write_text(left)
    with pytest.raises(
        NoPlan, match=r"^there is no plan in .*failover; run the step permit of failover first$"
    ):
        store.load_plan()
