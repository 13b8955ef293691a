# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout
short_description: One step of a rollout in waves
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Puts the routers that differ from the inventory in order and keeps account of how far the rollout is.
    C(playbooks/site.yml) puts the steps in order; use that playbook.
  - Two hubs of one cloud are never in one wave, nor are two routers of one site; C(dmvpn_rollout) in the
    inventory has the sizes. A cloud that nobody runs yet has nothing to lose, so all of its hubs come first
    and at once.
  - What is kept is in the folder C(rollout) of the report directory, readable by its owner only. A run that
    stopped goes on with what is not done, as long as the files of its routers are the same.
options:
  step:
    description:
      - V(begin) forgets what earlier runs saw. With O(plan) or O(plan_dir), the fact C(rollout_key_file) is
        the key of fingerprints.
      - V(plan) writes C(plan.json) and C(plan.html) into O(plan_dir).
      - V(look) keeps what a router would change.
      - V(order) makes the waves, or takes those of O(plan) if inventory and routers are still the same. It
        returns the facts C(rollout_hosts) and C(rollout_sizes).
      - V(wave) begins the wave that the hosts of this batch are.
      - V(told) keeps whether a router was proven.
      - V(judge) returns the facts C(rollout_good), and C(rollout_causes) by host.
      - V(left) keeps how a router of a wave that was not proven was left.
      - V(end) says how far the rollout is, or why it stopped.
      - V(look), V(told) and V(left) run for each router, the others are for C(run_once).
    type: str
    required: true
    choices: [begin, look, plan, order, wave, told, judge, left, end]
  forecast:
    description: With O(step=look), what M(mgre.dmvpn.linux_apply) or M(mgre.dmvpn.ios_apply) returned of that
      name.
    type: dict
    default: {}
  certificate:
    description: With O(step=look), why M(mgre.dmvpn.certificate) would give the router another certificate.
    type: list
    elements: str
    default: []
  proven:
    description: With O(step=told), whether the router does what the inventory says.
    type: bool
    default: false
  cause:
    description: With O(step=told), why not.
    type: str
    default: ''
  left:
    description: With O(step=left), how. V(kept) is a router that confirmed by itself because it cannot wait.
    type: str
    choices: [undone, kept, unknown]
    default: unknown
  together:
    description: Put all routers into one wave, whatever C(dmvpn_rollout) says.
    type: bool
    default: false
  plan:
    description: A C(plan.json) to carry out.
    type: path
    default: ''
  plan_dir:
    description: Where a plan is written, with its page and the key of its fingerprints, for the owner only.
    type: path
    default: ''
  bundle_dir:
    description: Where C(render.yml) wrote.
    type: path
    default: artifacts/bundle
  report_dir:
    description: The directory of reports.
    type: path
    default: artifacts/report
requirements:
  - pydantic on the controller
attributes:
  action:
    description: Is an action plugin and runs on the controller.
    support: full
  check_mode:
    description: Says what the waves would be.
    support: full
"""

EXAMPLES = r"""
- name: Put those that differ in order
  mgre.dmvpn.rollout:
    step: order
  run_once: true
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
waves:
  description: Names of hosts, by wave.
  returned: with O(step=order)
  type: list
  elements: list
told:
  description: What was said about the rollout.
  returned: with O(step=end)
  type: str
"""
