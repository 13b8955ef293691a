# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``playbooks/audit.yml`` on IOS routers: each kind of drift on the device, named with its owner, none sent."""

from __future__ import annotations

import json
from typing import Any

from .conftest import CHECKOUT, NHRP, PSK, Make, Router, Run
from .test_site import fleet

CLI = "configuration"


def audit(router: Router, inventory: str) -> tuple[Run, dict[str, list[dict[str, Any]]]]:
    """What the audit says of each router's configuration; a stand-in does not show what the observer reads."""
    before = router.device.startup()
    run = router.play(f"- import_playbook: {CHECKOUT}/playbooks/audit.yml\n", inventory=inventory)
    assert router.device.startup() == before
    path = router.folder / "artifacts" / "audit" / "audit.json"
    told = path.read_text()
    assert PSK not in told + run.output and NHRP not in told + run.output
    return run, {
        held["host"]: [one for one in held["differences"] if one["area"] == CLI]
        for held in json.loads(told)["hosts"]
    }


def test_drift(make: Make) -> None:
    hub, spoke = make(), make(name="r2")
    inventory = json.dumps(fleet(hub, spoke))
    run = hub.play((CHECKOUT / "playbooks" / "site.yml").read_text(), inventory=inventory)
    assert run.code == 0, run.output
    _run, clean = audit(hub, inventory)
    assert clean == {"r1": [], "r2": []}
