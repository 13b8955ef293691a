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
  - One step of a failover check. C(playbooks/failover.yml) puts the steps in order; use that playbook.
  - Breaks one thing on one router while packets go along the flows that matter, reports for each flow what
    happened to it, and compares that with C(dmvpn_objectives) of the inventory.
  - The fault is armed on the router itself and ends there by its own timer. It ends when the controller
    dies, too, and when the router is restarted.
  - Nothing is broken without a name of the change window, on a fleet that is not green, while another fault
    is armed, or where Ansible reaches the router by what would be broken. All reasons are told at once.
options:
  step:
    description:
      - V(plan) refuses what cannot be. It contacts no router.
      - V(look) asks each router for faults and for the interface that it is reached by.
      - V(permit) makes the plan, from what verify and V(look) saw, or refuses it with all reasons.
      - V(probe) starts to send packets along the flows.
      - V(break) breaks, and waits until the router has restored itself.
      - V(collect) fetches what the packets saw.
      - V(report) prints the report, writes C(failover.json) and C(failover.xml) (JUnit), and fails unless it
        is green.
      - V(plan), V(permit) and V(report) are for C(run_once), the others run on each router.
    type: str
    required: true
    choices: [plan, look, permit, probe, break, collect, report]
  fault:
    description:
      - V(hub_wan) and V(spoke_wan) cut a WAN without loss of carrier.
      - V(hub_router) makes a hub silent and stops all that forwards.
      - V(nhrpd), V(bgpd) and V(charon) kill a daemon, which is started again as always.
      - V(brownout) loses packets of a WAN, V(mtu) those above a size.
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
  - systemd, nft and Python 3.11 on Linux routers
attributes:
  action:
    description: Is an action plugin; it runs M(mgre.dmvpn.failover_router) on the router.
    support: full
  check_mode:
    description: Up to V(permit) all is done, which says what would be broken. The playbook ends there.
    support: full
  platform:
    description: The router that is broken runs Linux. Routers at the ends of flows run Linux or IOS.
    support: full
    platforms: posix
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
times:
  description: Seconds of the router's uptime at which the fault came and went.
  returned: with O(step=break), on the target
  type: dict
verdict:
  description: V(green), V(RED) or V(NOT PROVEN).
  returned: with O(step=report)
  type: str
report_json:
  description: The report for programs.
  returned: with O(step=report)
  type: str
"""
