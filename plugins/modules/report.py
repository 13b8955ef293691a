# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: The verdict over all routers of a play
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Gathers what M(mgre.dmvpn.adjacency) wrote of each router in the play, prints a table and one
    paragraph for each thing to repair, writes C(report.json) and C(report.xml) (JUnit), and fails if not
    everything is green.
  - A router without a report was not reached, which is red. With O(state=begin) before, old reports do
    not count.
  - Use it with C(run_once). It contacts no router.
options:
  bundle_dir:
    description: Where C(render.yml) wrote. Hosts that it wrote nothing for are not in the fleet.
    type: path
    default: artifacts/bundle
  report_dir:
    description: Where M(mgre.dmvpn.adjacency) wrote and the report is written.
    type: path
    default: artifacts/report
  state:
    description: V(begin) removes what an earlier run wrote of the play's routers, V(complete) reports.
    type: str
    choices: [begin, complete]
    default: complete
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
  mgre.dmvpn.report:
  run_once: true
"""

RETURN = r"""
green:
  description: Whether everything was proven on every router.
  returned: when O(state=complete)
  type: bool
report_json:
  description: The report for programs.
  returned: when O(state=complete)
  type: str
report_junit:
  description: The report for CI systems.
  returned: when O(state=complete)
  type: str
"""
