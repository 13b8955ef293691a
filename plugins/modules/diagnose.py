# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnose
short_description: Name the first cause between two sites
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Walks services, kernel, tunnel, IKE and ESP, NHRP, routing and MTU between two sites, both ways, and names
    the first thing to repair, what shows it, and the remedy. C(playbooks/diagnose.yml) does all of it.
  - O(state=look) reads the state of a router with M(mgre.dmvpn.state_info), O(state=probe) sends packets from
    it along each layer and reads the state again, O(state=complete) compares the routers and fails unless
    everything was proven.
  - Routers that are not on the way are skipped without a connection. What one router cannot know (ESP that is
    lost one way, who refused a key, the way back) is judged from both ends.
  - Changes nothing on a router. Packets may make a shortcut, as users' packets do.
options:
  from:
    description: A router of the fleet. All routers are looked at if neither this nor O(to) is given.
    type: str
    default: ""
  to:
    description: Another router. If it is left out, O(from) is looked at with all its hubs.
    type: str
    default: ""
  state:
    description: The step. V(complete) belongs once at the end, with C(run_once).
    type: str
    choices: [look, probe, complete]
    required: true
  bundle_dir:
    description: Where C(render.yml) wrote.
    type: path
    default: artifacts/bundle
  report_dir:
    description: Where C(diagnose.json) and what was seen of each router (C(diagnose/<host>.json)) are
      written, readable by their owner only.
    type: path
    default: artifacts/report
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
- name: Look at the routers on the way
  mgre.dmvpn.diagnose:
    from: branch11
    to: branch12
    state: look

- name: Send packets along each layer, and look again
  mgre.dmvpn.diagnose:
    from: branch11
    to: branch12
    state: probe

- name: Name the first cause
  mgre.dmvpn.diagnose:
    from: branch11
    to: branch12
    state: complete
  run_once: true
"""

RETURN = r"""
green:
  description: Whether everything was proven on every router on the way.
  returned: when O(state=complete)
  type: bool
verdict:
  description: green, RED, or NOT PROVEN if something could not be read or reached.
  returned: when O(state=complete)
  type: str
host:
  description: The router of the first cause.
  returned: when O(state=complete) and there is a cause
  type: str
cause:
  description: The name of the first cause; C(docs/runbooks) has a section for each.
  returned: when O(state=complete) and there is a cause
  type: str
report_json:
  description: The diagnosis for programs.
  returned: when O(state=complete)
  type: str
"""
