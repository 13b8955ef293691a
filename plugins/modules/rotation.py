# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation
short_description: Begin and end of a rotation of keys
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Used by C(playbooks/rotate_keys.yml), with C(run_once). It contacts no router.
  - Remembers in O(keys_dir), without a secret, when a rotation began, so that an interrupted one goes on.
  - With O(state=complete) says how far each router is, and fails if one is not done.
options:
  state:
    description:
      - V(begin) begins, or goes on with what was interrupted.
      - V(accepted) fails, and ends the play, unless every router accepts old and new keys.
      - V(complete) reports.
    type: str
    choices: [begin, accepted, complete]
    required: true
  kind:
    description: What is rotated.
    type: str
    choices: [certificates, psk]
    required: true
  keyed:
    description: Name of the variable with the result of the task that gave a router its new key.
    type: str
    default: pki_result
  bundle_dir:
    description: Where M(mgre.dmvpn.render) wrote.
    type: path
    default: artifacts/bundle
  keys_dir:
    description: Directory on the controller for what has to be remembered.
    type: path
    default: artifacts/keys
requirements:
  - pydantic on the controller
attributes:
  action:
    description: Is an action plugin and runs on the controller.
    support: full
  check_mode:
    description: Remembers nothing and fails nobody.
    support: full
"""

EXAMPLES = r"""
- name: Begin
  mgre.dmvpn.rotation:
    state: begin
    kind: certificates
  run_once: true
"""

RETURN = r"""
begun:
  description: When the rotation began, seconds since 1970.
  returned: when O(state=begin)
  type: float
goes_on:
  description: Whether an earlier run began it.
  returned: when O(state=begin)
  type: bool
done:
  description: Routers that are done.
  returned: when O(state=complete)
  type: list
  elements: str
left:
  description: Routers that are not.
  returned: when O(state=complete)
  type: list
  elements: str
"""
