# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.second_psk``: a router accepts two PSKs while they roll."""

from __future__ import annotations

DOCUMENTATION = r"""
module: second_psk
short_description: Lets a router accept the old and the new PSK of a cloud
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Used by C(playbooks/rotate_keys.yml). The new secret is that of C(dmvpn_psks), the old one is the one that
    the router uses. Which of them it uses is left to M(mgre.dmvpn.linux_apply).
  - SAs that stand are not touched.
options:
  state:
    description: V(absent) lets the router accept only the secret that it uses.
    type: str
    choices: [present, absent]
    default: present
  bundle_dir:
    description: Where M(mgre.dmvpn.render) wrote; it says which secrets the router needs.
    type: path
    default: artifacts/bundle
  secrets:
    description: Set by the action plugin. The new secrets by cloud.
    type: dict
requirements:
  - strongswan-swanctl on the router
attributes:
  check_mode:
    description: Compares only.
    support: full
  diff_mode:
    description: Shows nothing, because all there is are secrets.
    support: none
  action:
    description: Has an action plugin that resolves secrets on the controller.
    support: full
"""

EXAMPLES = r"""
- name: Accept both
  mgre.dmvpn.second_psk:
"""

RETURN = r"""
changed:
  description: Whether the router accepts other secrets beside the inventory's than before.
  returned: always
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.linux.host import CommandFailed, Host
from ..module_utils.linux.second_psk import accept, drop


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
            # What the action plugin adds.
            "secrets": {"type": "dict", "no_log": True},
        },
        supports_check_mode=True,
    )
    host, check = Host(), module.check_mode
    try:
        if module.params["state"] == "absent":
            changed = drop(host, check=check)
        else:
            changed = accept(host, module.params["secrets"] or {}, check=check)
    except (CommandFailed, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
