# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: render
short_description: Turns the inventory into the files of every router
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Checks the whole fleet in the inventory and writes one directory of files per router on the controller.
  - Runs on the controller and contacts no router. Run it once for all hosts (O(ignore:run_once)).
    It renders every host of the inventory, also those that C(--limit) excludes.
  - If anything is wrong with the inventory, it writes nothing and tells all of it in one message.
  - The same inventory gives the same bytes. Only files that differ are written.
    Files that a host no longer needs, and the files of hosts that are gone, are removed; foreign files stay.
  - Secrets are not read into the files. A reference such as C(@@secret:psk/blue@@) stands in their place.
options:
  output:
    description:
      - Directory for the bundle. A relative path starts at the directory in which C(ansible-playbook) runs.
      - What is made is readable for its owner only.
    type: path
    default: artifacts/bundle
requirements:
  - pydantic >= 2.10 on the controller
attributes:
  check_mode:
    description: Writes to a temporary directory that is gone when C(ansible-playbook) ends.
    support: full
  diff_mode:
    description: Shows unified diffs of the files, at most 5,000 lines.
    support: full
  action:
    description: Runs on the controller.
    support: full
extends_documentation_fragment: []
"""

EXAMPLES = r"""
- name: Render the fleet
  mgre.dmvpn.render:
    output: artifacts/bundle
  run_once: true
  register: rendered

- name: Show which routers would get other files
  ansible.builtin.debug:
    var: rendered.hosts
  run_once: true
"""

RETURN = r"""
bundle_dir:
  description: Directory that holds the bundle; in check mode the temporary one.
  returned: success
  type: str
  sample: /home/ops/dmvpn/artifacts/bundle
hosts:
  description: Hosts with at least one file that changed, in the order of the inventory.
  returned: success
  type: list
  elements: str
  sample: [branch11]
removed:
  description: Hosts that left the fleet and whose files were removed.
  returned: success
  type: list
  elements: str
  sample: []
rendered:
  description: Number of routers in the fleet.
  returned: success
  type: int
  sample: 5
"""
