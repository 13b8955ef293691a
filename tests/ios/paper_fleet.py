# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet of which one Cisco hub is there and the rest on paper, and a failover check of that hub.

Nothing is sent to the Linux routers: their reports are written as verify writes them. So what packets go
through when a Cisco router fails is not shown by it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.mgre.dmvpn.plugins.module_utils.state import Interface, State
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.dump import dump_device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.report import HostReport
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.result import Result
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.sight import Sight
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.judge.store import save

from .conftest import Router, Run

WAN = "GigabitEthernet1"
CLOUD = {
    "name": "blue",
    "number": 10,
    "prefix": "10.255.0.0/24",
    "transport": "internet",
    "hubs": ["r1", "h2"],
    "spokes": "branches",
    "routing": {"asn": 65000, "summaries": ["10.0.0.0/9"]},
}
PLAY = """\
- hosts: all
  gather_facts: false
  module_defaults:
    mgre.dmvpn.failover:
      fault: "{{ fault | default('hub_wan') }}"
      target: r1
      window: CHG1234
      duration: "{{ duration | default(3) }}"
      warmup: "{{ warmup | default(2) }}"
      settle: 3
  tasks:
    - mgre.dmvpn.failover: {step: plan}
      run_once: true
    - mgre.dmvpn.failover_part: {step: look}
      when: inventory_hostname == 'r1'
    - mgre.dmvpn.failover: {step: permit}
      run_once: true
    - ansible.builtin.meta: end_play
      when: ansible_check_mode
    - mgre.dmvpn.failover_part: {step: break}
      when: inventory_hostname == 'r1'
"""


class Fleet:
    """A Cisco hub that is there, a Linux hub and two Linux spokes that are on paper."""

    def __init__(self, router: Router) -> None:
        self.router = router
        hosts: dict[str, dict[str, Any]] = {}
        for number, name in enumerate(("r1", "h2", "s1", "s2"), 1):
            cisco = name == "r1"
            wan = {"interface": WAN if cisco else "wan1", "address": f"198.51.100.{number}"}
            hosts[name] = {
                "dmvpn_clouds": [CLOUD],
                "dmvpn_site": number,
                "dmvpn_lans": [f"10.{number}.0.0/24"],
                "dmvpn_transports": {"internet": wan},
                "dmvpn_platform": "ios" if cisco else "linux",
            }
        groups = {"all": list(hosts), "branches": ["s1", "s2"]}
        artifacts = router.folder / "artifacts"
        for name, device in load_fleet(hosts, groups).devices.items():
            folder = artifacts / "bundle" / name
            folder.mkdir(parents=True)
            (folder / "intent.json").write_text(json.dumps(dump_device(device)))
            lan = Interface("lan", up=True, addresses=[f"10.{device.site}.0.1"])
            good = HostReport(name, results=[Result(name, "sa", 3, "blue", "pass", "", "")])
            save(artifacts / "report", good, Sight(device, State(interfaces=[lan]), []))
        alone = {"ansible_connection": "local"}
        self.inventory = json.dumps(
            {"all": {"hosts": {"r1": router.variables} | {name: alone for name in hosts if name != "r1"}}}
        )

    def check(self, *flags: str, **given: Any) -> Run:
        return self.router.play(PLAY, "-e", json.dumps(given), *flags, inventory=self.inventory)

    @property
    def handed_on(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file("r1.break.json").read_text())
        return found

    def file(self, name: str) -> Path:
        return self.router.folder / "artifacts" / "report" / "failover" / name
