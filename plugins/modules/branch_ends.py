# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.branch_ends``: as whom its hubs know a router now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: branch_ends
short_description: As whom its hubs know a Linux router now
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Reads the name in the router's certificate and the addresses of its tunnels, before one of them changes.
  - Optionally refuses a router that is somebody else, because its entry in the inventory leads to another
    router's address.
options:
  name:
    description: What the inventory calls it.
    type: str
    required: true
  others:
    description: Hosts of the inventory. A router with the certificate of another of them is refused.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: See as whom the router is known
  mgre.dmvpn.branch_ends:
    name: "{{ inventory_hostname }}"
  register: before
"""

RETURN = r"""
name:
  description: The name in its certificate; that of the inventory without one.
  returned: success
  type: str
  sample: branch11
ends:
  description: Name, tunnel address and interface for each tunnel.
  returned: success
  type: list
  elements: dict
  sample: [{name: branch11, overlay: 10.255.0.11, interface: dmvpn10}]
"""

import re

from ansible.module_utils.basic import AnsibleModule

CERTIFICATE = "/etc/swanctl/x509/mgre-dmvpn.crt"


def named(module: AnsibleModule) -> str:
    """The name in the router's certificate, empty without one."""
    openssl = module.get_bin_path("openssl")
    if not openssl:
        return ""
    command = [openssl, "x509", "-in", CERTIFICATE, "-noout", "-subject", "-nameopt", "multiline,utf8"]
    code, out, _err = module.run_command(command)
    found = re.search(r"^\s*commonName\s*= (\S.*)$", out, re.MULTILINE)
    return found[1] if found and not code else ""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "others": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    wanted: str = module.params["name"]
    name = named(module) or wanted
    if name != wanted and name in module.params["others"]:
        module.fail_json(
            msg=f"{wanted}: ansible_host: the router there has the certificate of {name}, which is in the "
            f"inventory, too; nothing was changed. Write {wanted}'s own address, or take {name} out if "
            "it was renamed"
        )
    _code, out, _err = module.run_command(["ip", "-o", "-4", "address", "show"], check_rc=True)
    found = re.findall(r"^\d+: (dmvpn\d+) +inet (\d+\.\d+\.\d+\.\d+)", out, re.MULTILINE)
    ends = [{"name": name, "overlay": overlay, "interface": interface} for interface, overlay in found]
    module.exit_json(changed=False, name=name, ends=ends)


if __name__ == "__main__":
    main()
