#!/usr/bin/python
# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shell around one look at a Linux router."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health
short_description: Measure the health of a router's DMVPN
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Reads the state of a router as M(mgre.dmvpn.state_info) does and sends 20 small pings to each of its
    next hop servers over the tunnel, in one round trip, and gives both as metrics.
  - Compares with its last look, which it keeps on the controller, so that it also counts registrations and
    sessions that were lost and SAs that were rekeyed in between.
  - An IOS router (connection C(ansible.netcommon.network_cli)) is asked by its show commands and pings five
    times.
  - Changes nothing on the router. What a metric means stands in C(docs/reference/metrics.md).
options:
  bundle_dir:
    description: Where C(render.yml) wrote.
    type: path
    default: artifacts/bundle
  health_dir:
    description: Directory on the controller for the looks, one file for each router.
    type: path
    default: artifacts/health
  interval:
    description: Seconds until the next look is due; an alert tells when it is long overdue.
    type: int
    default: 3600
  plan:
    description: Set by the action plugin. What is to be measured.
    type: dict
requirements:
  - root
  - pydantic on the controller
attributes:
  action:
    description: Has an action plugin, which reads what is wanted of the router.
    support: full
  check_mode:
    description: Runs in check mode, since it changes nothing on a router.
    support: full
"""

EXAMPLES = r"""
- name: Measure
  mgre.dmvpn.health:
  register: measured

- name: Show the loss to each hub
  ansible.builtin.debug:
    msg: "{{ measured.metrics | selectattr('name', 'equalto', 'nhs_loss_ratio') }}"
"""

RETURN = r"""
metrics:
  description: The values.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the metric without C(mgre_dmvpn_).
      type: str
    labels:
      description: C(site) and what else tells values of the metric apart.
      type: dict
    value:
      description: The value.
      type: float
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mgre.dmvpn.plugins.module_utils.health_plan import parse_plan
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.health import look


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
            "health_dir": {"type": "path", "default": "artifacts/health"},
            "interval": {"type": "int", "default": 3600},
            "plan": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    if module.params["plan"] is None:
        module.fail_json(msg="plan: is missing; the action plugin of this module sets it")
    found = look(parse_plan(module.params["plan"]))
    module.exit_json(
        changed=False,
        state=found.state.to_dict(),
        pings=[{"address": p.address, "loss": p.loss, "rtt": p.rtt} for p in found.pings],
        xfrm=found.xfrm,
        time=found.time,
        duration=found.duration,
    )


if __name__ == "__main__":
    main()
