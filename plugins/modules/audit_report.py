# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_report
short_description: The audit of all routers of a play
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Gathers what M(mgre.dmvpn.audit) wrote of each router in the play, prints a table and a paragraph for each
    difference, writes C(audit.json) and C(audit.xml) (JUnit), and fails if not every router is as the
    inventory says.
  - A router without a report was not reached, which is a failure. With O(state=begin) before, old reports do
    not count.
  - Use it with C(run_once). It contacts no router.
options:
  state:
    description: V(begin) removes what an earlier run wrote of the play's routers, V(complete) reports.
    type: str
    choices: [begin, complete]
    default: complete
  bundle_dir:
    description: Where C(render.yml) wrote. Hosts that it wrote nothing for are not in the fleet.
    type: path
    default: artifacts/bundle
  audit_dir:
    description: Where M(mgre.dmvpn.audit) wrote and the report is written, readable by its owner only.
    type: path
    default: artifacts/audit
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
  mgre.dmvpn.audit_report:
  run_once: true
"""

RETURN = r"""
clean:
  description: Whether every router is as the inventory says.
  returned: when O(state=complete)
  type: bool
audit_json:
  description: The report for programs.
  returned: when O(state=complete)
  type: str
audit_junit:
  description: The report for CI systems.
  returned: when O(state=complete)
  type: str
"""
