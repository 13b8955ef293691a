# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.forget``: a hub lets go of peers that are no more."""

from __future__ import annotations

DOCUMENTATION = r"""
module: forget
short_description: Makes a Linux router forget peers that are no more
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Ends the SAs, NHRP registrations, BGP neighbours and BFD sessions with the named peers, and with nobody
    else. All of them would end by themselves, the last of them ten minutes later.
  - Fails if one of them is back after O(wait) seconds, because then the peer still runs.
options:
  peers:
    description: The peers.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name in the inventory, which is in its certificate.
        type: str
        required: true
      overlay:
        description: Its tunnel address.
        type: str
        required: true
      interface:
        description: The tunnel of this router in the same cloud.
        type: str
        required: true
  keep:
    description:
      - Peers as they are now, that had another name, tunnel address or NBMA address before.
      - What they use now stays. It has the same suboptions as O(peers).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Its name.
        type: str
        required: true
      overlay:
        description: Its tunnel address.
        type: str
        required: true
      interface:
        description: The tunnel of this router in the same cloud.
        type: str
        required: true
  wait:
    description: Seconds until all of it has to be gone.
    type: int
    default: 20
requirements:
  - FRR and strongSwan on the router
attributes:
  check_mode:
    description: Tells what would be ended.
    support: full
  diff_mode:
    description: The result lists it.
    support: none
"""

EXAMPLES = r"""
- name: Let go of a branch that was closed
  mgre.dmvpn.forget:
    peers:
      - {name: branch11, overlay: 10.255.0.11, interface: dmvpn10}
"""

RETURN = r"""
forgotten:
  description: What there was, in words.
  returned: success
  type: list
  elements: str
  sample: [BGP neighbour 10.255.0.11, NHRP 10.255.0.11 at 198.51.100.10]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.linux.forget import Peer, StillThere, forget, held
from ..module_utils.linux.host import Host


def main() -> None:
    options = {name: {"type": "str", "required": True} for name in ("name", "overlay", "interface")}
    module = AnsibleModule(
        argument_spec={
            "peers": {"type": "list", "elements": "dict", "required": True, "options": options},
            "keep": {"type": "list", "elements": "dict", "default": [], "options": options},
            "wait": {"type": "int", "default": 20},
        },
        supports_check_mode=True,
    )
    host = Host()
    peers, keep = (
        [Peer(one["name"], one["overlay"], one["interface"]) for one in module.params[given]]
        for given in ("peers", "keep")
    )
    try:
        if module.check_mode:
            words = held(host, peers, keep).words()
        else:
            words = forget(host, peers, module.params["wait"], keep)
    except StillThere as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(words), forgotten=words)


if __name__ == "__main__":
    main()
