# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prove
short_description: Proves a pending change of a router, or undoes it
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Opens a new connection to the router, gives its pending change the whole time again, and looks until the
    change is proven. It is proven when services, guard, tunnels and settings are as the inventory says, no
    peer is lost that was reached before, and a spoke has a hub of each cloud with SA, registration, routing
    neighbour and packets of full size from the overlay and from the LAN.
  - A spoke none of whose hubs answers at all, now or before, passes with a warning, because hubs may come
    later in a first rollout.
  - What is not proven is undone at once, and the task fails with the cause. A router that cannot be reached
    undoes the change by itself; the task waits for that and says what it found.
  - A Cisco router is proven by its show commands and its own ping, also where NETCONF changed it; what it
    does not show counts neither for nor against its own state, and against its hubs.
options:
  commit:
    description: The change, as M(mgre.dmvpn.linux_apply), M(mgre.dmvpn.ios_apply) or
      M(mgre.dmvpn.netconf_apply) returned it.
    type: str
    default: ""
  seconds:
    description: How long the change waits to be confirmed.
    type: int
    required: true
  reached:
    description: The peers, each as cloud and name, that the router reached before the change.
    type: list
    elements: list
    default: []
  absent:
    description: Whether the change takes the router out of the fleet. Then the new connection is the proof.
    type: bool
    default: false
  intent:
    description:
      - What the router has to be, where that is not what C(render.yml) wrote, as M(mgre.dmvpn.rollback)
        returned it. If it is empty, the new connection is the proof.
    type: dict
  wait:
    description: Seconds in which the change has to be proven, at most half of O(seconds).
    type: int
    default: 100
  bundle_dir:
    description: Where C(render.yml) wrote.
    type: path
    default: artifacts/bundle
requirements:
  - pydantic on the controller
attributes:
  action:
    description: Is an action plugin; only its modules run on the router.
    support: full
  check_mode:
    description: There is no pending change in check mode.
    support: none
"""

EXAMPLES = r"""
- name: Does the overlay work after the change?
  mgre.dmvpn.prove:
    commit: "{{ linux_result.commit }}"
    seconds: "{{ linux_result.pending }}"
    reached: "{{ linux_result.reached }}"
"""

RETURN = r"""
unproven:
  description: What could not be proven and was no reason to undo the change.
  returned: success
  type: list
  elements: str
"""
