# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: branches
short_description: Checks new branches against the whole fleet, and enters rows of a table as hosts
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - The beginning of C(playbooks/add_branch.yml). Runs on the controller and contacts no router.
  - Checks rows and the whole fleet with them, and tells everything that is wrong at once; a row is named by
    its file and line. Nothing is written then.
  - Rows are entered as hosts into one file of the inventory's directory. Lines are only ever added. A row
    whose host is in the inventory already changes nothing, and is refused if it says something else.
options:
  branch:
    description: Hosts of the inventory, separated by commas.
    type: str
    default: ""
  branches:
    description:
      - CSV or YAML file with one branch a row. One of this and O(branch) is needed.
    type: str
    default: ""
  branches_file:
    description:
      - YAML file of the inventory that gets new hosts. The default is C(added_branches.yml) in the first
        directory that C(-i) names.
    type: str
    default: ""
  touch_others:
    description: Whether branches are taken that other routers would have to be changed for.
    type: bool
    default: false
requirements:
  - pydantic >= 2.10 on the controller
attributes:
  check_mode:
    description: Checks everything and writes nothing.
    support: full
  diff_mode:
    description: Shows the lines that are added to the inventory.
    support: full
  action:
    description: Runs on the controller.
    support: full
"""

EXAMPLES = r"""
- name: Check, and enter rows as hosts
  mgre.dmvpn.branches:
    branches: rollout-march.csv
  register: checked

- name: Read the inventory again
  ansible.builtin.meta: refresh_inventory
"""

RETURN = r"""
branches:
  description: The new branches, in the order given.
  returned: success
  type: list
  elements: str
  sample: [branch11]
entered:
  description: Those of them that were not in the inventory.
  returned: success
  type: list
  elements: str
  sample: [branch11]
sites:
  description: Each new branch in one line.
  returned: success
  type: dict
  sample: {branch11: "site 11; blue 10.255.0.11 by hub1, hub2; LANs 10.11.0.0/24"}
hub_ends:
  description: By Linux hub, what it knows the branches by, as M(mgre.dmvpn.forget) takes it.
  returned: success
  type: dict
  sample: {hub1: [{name: branch11, overlay: 10.255.0.11, interface: dmvpn10}]}
files:
  description: Files of the inventory that mention a branch.
  returned: success
  type: list
  elements: str
  sample: [inventory/hosts.yml, inventory/host_vars/branch11.yml]
others:
  description: Routers whose files differ because of the new branches; none with a dynamic routing protocol.
  returned: success
  type: list
  elements: str
  sample: []
"""
