# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``playbooks/audit.yml`` on IOS routers: drift on a device, named with its owner, and nothing sent."""

from __future__ import annotations

import json
from typing import Any

from .conftest import CHECKOUT, NHRP, PSK, SITE, Make, Router, Run
from .overlay import alive
from .test_site import fleet

CLI = "configuration"


def audit(router: Router, inventory: str) -> tuple[Run, dict[str, list[dict[str, Any]]]]:
    """What the audit says of each router's configuration; what is told of the overlay is made up here."""
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
    for router in (hub, spoke):
        alive(router, hub)
    inventory = json.dumps(fleet(hub, spoke))
    run = hub.play(SITE, inventory=inventory)
    assert run.code == 0, run.output
    # A value changed, and a line taken out that has a default.
    text = hub.text.replace(" ip nhrp network-id 10\n", " ip nhrp network-id 11\n")
    hub.device.replace(text.replace(" ip mtu 1400\n", ""))
    run, found = audit(hub, inventory)
    assert run.code != 0
    owners = {(one["owner"], line) for one in found["r1"] for line in one["lines"]}
    assert {("ours", "+ ip nhrp network-id 10"), ("default", "+ ip mtu 1400")} <= owners, found["r1"]
    assert found["r2"] == []
