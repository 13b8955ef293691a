# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_report
short_description: The health of all routers of a play
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Gathers what M(mgre.dmvpn.health) measured, prints what is missing, ageing, flapping or lossy beside the
    last look, and writes the metrics to C(mgre_dmvpn.prom), whole and readable by everybody, for
    node_exporter's textfile collector on the controller.
  - The file leaves out routers that write their own (C(dmvpn_metrics)), so that nothing is told twice.
  - Use it with C(run_once). It contacts no router.
options:
  state:
    description: V(begin) puts the looks of the last run aside, V(complete) reports.
    type: str
    choices: [begin, complete]
    default: complete
  bundle_dir:
    description: Where C(render.yml) wrote. Hosts that it wrote nothing for are not in the fleet.
    type: path
    default: artifacts/bundle
  health_dir:
    description: Where M(mgre.dmvpn.health) wrote.
    type: path
    default: artifacts/health
  metrics_dir:
    description: Where the metrics file goes; O(health_dir) if not given.
    type: path
requirements:
  - pydantic on the controller
attributes:
  action:
    description: Is an action plugin and runs on the controller.
    support: full
  check_mode:
    description: Runs in check mode, since it changes nothing on a router.
    support: full
"""

EXAMPLES = r"""
- name: Report
  mgre.dmvpn.health_report:
    metrics_dir: /var/lib/prometheus/node-exporter
  run_once: true
"""

RETURN = r"""
metrics_file:
  description: The file that was written.
  returned: when O(state=complete)
  type: str
notes:
  description: The lines of the table.
  returned: when O(state=complete)
  type: list
  elements: dict
  contains:
    site:
      description: The router.
      type: str
    cloud:
      description: The cloud, or a dash.
      type: str
    peer:
      description: The next hop server, or a dash.
      type: str
    what:
      description: What it is about.
      type: str
    now:
      description: What is seen now.
      type: str
    last_look:
      description: What the last look saw, or a dash.
      type: str
"""
