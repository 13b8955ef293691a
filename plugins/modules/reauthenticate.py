# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.reauthenticate``: IKE SAs anew, with the keys of now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reauthenticate
short_description: Makes IKE SAs anew with the keys that a router has now
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - For every IKE SA that this router began before O(mark), a second one is made with the peer, by the
    connection and the certificate of now, and then the old one is ended. No packet is lost.
  - SAs that a peer began are left to the peer.
  - An old SA stays where no new one could be made.
options:
  state:
    description:
      - V(marked) returns the moment of now, by the router's own count.
      - V(anew) makes SAs anew that are older than O(mark), V(looked) only looks which are.
    type: str
    choices: [marked, anew, looked]
    required: true
  mark:
    description: The moment that an earlier task returned, on this router.
    type: float
requirements:
  - charon-systemd with its vici socket on the router
attributes:
  check_mode:
    description: Looks only.
    support: full
  diff_mode:
    description: Has none.
    support: none
"""

EXAMPLES = r"""
- name: From now on
  mgre.dmvpn.reauthenticate:
    state: marked
  register: marked

- name: Authenticate anew
  mgre.dmvpn.reauthenticate:
    state: anew
    mark: "{{ marked.mark }}"
"""

RETURN = r"""
mark:
  description: Seconds since the router started.
  returned: when O(state=marked)
  type: float
made:
  description: How many SAs were made anew.
  returned: success
  type: int
  sample: 2
left:
  description: SAs that are still old, with C(peer), C(identity), C(age), C(initiator) and C(why).
  returned: success
  type: list
  elements: dict
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.linux.host import Host
from ..module_utils.linux.observe_run import Unreadable
from ..module_utils.linux.observe_vici import list_sas
from ..module_utils.linux.reauth import PATIENCE, old_sas, reauthenticate
from ..module_utils.linux.vici import Vici


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["marked", "anew", "looked"], "required": True},
            "mark": {"type": "float"},
        },
        required_if=[("state", "anew", ("mark",)), ("state", "looked", ("mark",))],
        supports_check_mode=True,
    )
    if module.params["state"] == "marked":
        module.exit_json(changed=False, mark=time.monotonic())
    try:
        if module.check_mode or module.params["state"] == "looked":
            made, left = 0, old_sas(list_sas(), time.monotonic() - module.params["mark"])
        else:
            with Vici.opened(timeout=2 * PATIENCE) as vici:
                made, left = reauthenticate(Host(), vici.request, list_sas, module.params["mark"])
    except Unreadable as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=made > 0, made=made, left=[sa.to_dict() for sa in left])


if __name__ == "__main__":
    main()
