# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: decommission
short_description: The files of a fleet without one of its clouds
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - The beginning of C(playbooks/decommission.yml). Runs on the controller and contacts no router.
  - Renders what routers become that stay in another cloud, and tells which ones leave the fleet.
  - Fails if what is left would be no fleet, with everything that is wrong.
options:
  cloud:
    description: The cloud that goes, which is still in the inventory.
    type: str
    default: ""
  output:
    description: Directory for the files. It is not that of C(render.yml).
    type: path
    default: artifacts/decommission
requirements:
  - pydantic >= 2.10 on the controller
attributes:
  check_mode:
    description: Writes to O(output) all the same, since no router is changed by that.
    support: full
  diff_mode:
    description: The differences are shown for each router when they are applied.
    support: none
  action:
    description: Runs on the controller.
    support: full
"""

EXAMPLES = r"""
- name: See what becomes of its members
  mgre.dmvpn.decommission:
    cloud: blue
  register: plan
"""

RETURN = r"""
bundle_dir:
  description: Where the files are.
  returned: success
  type: str
stay:
  description: By role in the cloud that goes, routers that stay in another one.
  returned: success
  type: dict
  sample: {spoke: [branch11], hub: [hub1]}
leave:
  description: By role in the cloud that goes, routers that leave the fleet.
  returned: success
  type: dict
  sample: {spoke: [branch12], hub: []}
"""
