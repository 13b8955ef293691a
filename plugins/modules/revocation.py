# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: revocation
short_description: Puts a router on the private CA's revocation list, or lets it in again
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Used by C(playbooks/revoke.yml), with C(run_once). It contacts no router; M(mgre.dmvpn.certificate) brings
    the list to the routers, M(mgre.dmvpn.evict) ends what they have with the revoked one.
  - All certificates that the CA has ever issued to the router are revoked, and it gets no other one until it
    is readmitted.
options:
  state:
    description: V(complete) reports which routers know.
    type: str
    choices: [revoked, readmitted, complete]
    required: true
  router:
    description: Inventory name of the router. It need not be in the inventory any more.
    type: str
    required: true
  authority_dir:
    description: Directory of the private CA on the controller.
    type: path
  passphrase:
    description: Passphrase of the CA's key.
    type: str
  bundle_dir:
    description: Where M(mgre.dmvpn.render) wrote.
    type: path
    default: artifacts/bundle
requirements:
  - pydantic and cryptography on the controller
attributes:
  action:
    description: Is an action plugin and runs on the controller.
    support: full
  check_mode:
    description: Says whether the list would change.
    support: full
"""

EXAMPLES = r"""
- name: A router was stolen
  mgre.dmvpn.revocation:
    state: revoked
    router: branch12
    authority_dir: /srv/dmvpn/pki
  run_once: true
"""

RETURN = r"""
told:
  description: Routers that know.
  returned: when O(state=complete)
  type: list
  elements: str
left:
  description: Routers that do not.
  returned: when O(state=complete)
  type: list
  elements: str
"""
