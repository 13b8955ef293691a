# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: failover
short_description: Break one thing on purpose and measure what that does to the flows between sites
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - One step of a failover check. C(playbooks/failover.yml) puts the steps in order with those of
    M(mgre.dmvpn.failover_part); use that playbook.
  - Breaks one thing on one router while packets go along the flows that matter, reports for each flow what
    happened to it, and compares that with C(dmvpn_objectives) of the inventory.
  - A timer of the router takes the fault back, also when the controller dies, and so does a restart of the
    router.
  - Nothing is broken without a name of the change window, on a fleet that is not green, while another fault
    is armed, or where Ansible reaches the router by what would be broken. All reasons are told at once.
options:
  step:
    description:
      - V(plan) refuses what cannot be. It contacts no router.
      - V(permit) makes the plan, from what verify and M(mgre.dmvpn.failover_part) saw, or refuses it with all
        reasons.
      - V(report) prints the report, writes C(failover.json) and C(failover.xml) (JUnit), and fails unless it
        is green.
      - All of them are for C(run_once).
    type: str
    required: true
    choices: [plan, permit, report]
  fault:
    description:
      - V(hub_wan) and V(spoke_wan) cut a WAN without loss of carrier. On IOS they shut it down.
      - V(hub_router) makes a hub silent and stops all that forwards. On IOS it shuts all its WANs down.
      - V(nhrpd), V(bgpd) and V(charon) kill a daemon, which is started again as always.
      - V(brownout) loses packets of a WAN, V(mtu) those above a size.
      - On IOS V(hub_wan), V(spoke_wan) and V(hub_router) are possible.
    type: str
    default: ''
  target:
    description: The router that is broken.
    type: str
    default: ''
  transport:
    description: The transport whose WAN is broken. The first that carries a cloud if not given.
    type: str
    default: ''
  window:
    description: Name of the change window. The report repeats it.
    type: str
    default: ''
  sites:
    description: Routers at the ends of flows. Hubs, four spokes and O(target) if not given.
    type: list
    elements: str
    default: []
  duration:
    description: Seconds that the fault lasts, 600 at most. V(0) is the objective and 10 s, 15 at least.
    type: int
    default: 0
  warmup:
    description: Seconds of packets before the fault.
    type: int
    default: 8
  settle:
    description: Seconds of packets after the fault.
    type: int
    default: 10
  loss:
    description: Percentage of packets that V(brownout) loses in each direction.
    type: int
    default: 30
  mtu:
    description: Largest IP packet that V(mtu) lets pass. V(0) is 200 bytes less than the cloud's path MTU.
    type: int
    default: 0
  bundle_dir:
    description: Where C(render.yml) wrote.
    type: path
    default: artifacts/bundle
  report_dir:
    description: Where verify's reports are, and this one is written.
    type: path
    default: artifacts/report
requirements:
  - pydantic on the controller
attributes:
  action:
    description: Is an action plugin; it contacts no router.
    support: full
  check_mode:
    description: Up to V(permit) all is done, which says what would be broken. The playbook ends there.
    support: full
  platform:
    description: Routers run Linux or IOS. Flows begin at Linux routers.
    support: full
    platforms: posix, ios
"""

EXAMPLES = r"""
- name: Is that possible at all
  mgre.dmvpn.failover:
    step: plan
    fault: hub_wan
    target: hub1
    window: CHG1234
  run_once: true
"""

RETURN = r"""
plan:
  description: What is going to be broken, in a sentence.
  returned: with O(step=permit)
  type: str
verdict:
  description: V(green), V(RED) or V(NOT PROVEN).
  returned: with O(step=report)
  type: str
report_json:
  description: The report for programs.
  returned: with O(step=report)
  type: str
"""
