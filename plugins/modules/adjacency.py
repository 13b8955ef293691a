# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: adjacency
short_description: Judge a router against the inventory
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Reads the state of the router as M(mgre.dmvpn.state_info) does, sends real packets as
    M(mgre.dmvpn.path_mtu) does, on Linux in the same round trip, and compares both with what
    C(playbooks/render.yml) wrote for it in C(intent.json).
  - Checks services, the guard, tunnels, certificates, SAs, NHRP registration, routing neighbours, BFD,
    routes and the path MTU. What fails is traced to its likely cause, so that one thing to repair is
    named and not its symptoms.
  - Writes C(<report_dir>/<host>.json), which M(mgre.dmvpn.report) gathers.
  - Changes nothing on the router.
options:
  bundle_dir:
    description: Where C(render.yml) wrote.
    type: path
    default: artifacts/bundle
  report_dir:
    description: Where the report of this router is written, readable by its owner only.
    type: path
    default: artifacts/report
  wait:
    description: Seconds to look again until everything is green. V(0) looks once more at most, to see
      which counters move.
    type: int
    default: 0
  fail_on_red:
    description: Whether the task fails if not everything is green. V(false) leaves the verdict to
      M(mgre.dmvpn.report).
    type: bool
    default: true
requirements:
  - pydantic on the controller
attributes:
  action:
    description: Is an action plugin; only its modules run on the router.
    support: full
  check_mode:
    description: Runs in check mode, since it changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Has the router converged?
  mgre.dmvpn.adjacency:
    wait: 60
"""

RETURN = r"""
green:
  description: Whether everything was proven.
  returned: success
  type: bool
verdict:
  description: green, RED, or NOT PROVEN if something could not be read.
  returned: success
  type: str
causes:
  description: The things to repair, each as C(name) and text.
  returned: success
  type: list
  elements: str
results:
  description: All results.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description: The check.
      type: str
    subject:
      description: What was judged.
      type: str
    outcome:
      description: pass, fail or unknown.
      type: str
    expected:
      description: What the inventory wants.
      type: str
    got:
      description: What was found.
      type: str
    root:
      description: Whether this is a thing to repair, not a consequence of another.
      type: bool
    cause:
      description: The likely cause, or which result it follows from.
      type: str
    remedy:
      description: What to do.
      type: str
"""
