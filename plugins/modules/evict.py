# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.evict``: ends what a router has with a peer."""

from __future__ import annotations

DOCUMENTATION = r"""
module: evict
short_description: Ends a router's SAs with a peer and takes back its NHRP bindings
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - For a peer whose certificate was revoked. The peer is known by the C(CN) of its certificate.
  - Without a revocation list the peer comes back at once, see C(playbooks/revoke.yml).
options:
  peer:
    description: Inventory name of the peer.
    type: str
    required: true
requirements:
  - charon-systemd and FRR on the router
attributes:
  check_mode:
    description: Counts, and ends nothing.
    support: full
  diff_mode:
    description: Has none.
    support: none
"""

EXAMPLES = r"""
- name: Put a stolen router out
  mgre.dmvpn.evict:
    peer: branch12
"""

RETURN = r"""
sas:
  description: How many IKE SAs were ended.
  returned: success
  type: int
bindings:
  description: Tunnel addresses whose bindings were taken back.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.linux.evict import evict
from ..module_utils.linux.host import CommandFailed, Host
from ..module_utils.linux.observe_run import Unreadable
from ..module_utils.linux.observe_vici import list_sas
from ..module_utils.linux.vici import Vici


def main() -> None:
    module = AnsibleModule(
        argument_spec={"peer": {"type": "str", "required": True}}, supports_check_mode=True
    )
    try:
        with Vici.opened(timeout=30) as vici:
            done = evict(Host(), vici.request, list_sas, module.params["peer"], check=module.check_mode)
    except (Unreadable, CommandFailed) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(done.sas or done.bindings), sas=done.sas, bindings=done.bindings)


if __name__ == "__main__":
    main()
