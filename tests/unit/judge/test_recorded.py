# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What real routers told of a spoke and its hub while one thing was broken (Debian 13, FRR 10.3,
no BFD between them).

Each file is named after the fault and holds what diagnose saw of both: state, packets sent, state again.
Elsewhere in the fleet other things were broken at the time; between these two it is this one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.dump import parse_device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.diagnosis import diagnose, name_of
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.present_diagnosis import console
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.scope import Scope
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.sight import Sight
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.verdict import parse_probes, parse_state

FILES = sorted((Path(__file__).parent / "data").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_recorded_fault_is_named_first_at_the_spoke(path: Path) -> None:
    seen = json.loads(path.read_text(encoding="utf-8"))
    sights = {
        host: Sight(
            parse_device(told["device"]),
            parse_state(told["state"]),
            parse_probes(told["probes"]),
            parse_state(told["earlier"]),
        )
        for host, told in seen.items()
    }
    asked = Scope(tuple(seen), tuple(seen))
    for host, sight in sights.items():
        sight.others = {name: other for name, other in sights.items() if name != host}
        sight.toward = asked.toward(host)
    diagnosis = diagnose(asked, sights, {})
    assert diagnosis.first is not None
    assert (name_of(diagnosis.first), diagnosis.first.host) == (path.stem, next(iter(seen))), console(
        diagnosis
    )
