#!/usr/bin/python
# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shell around the path MTU probe."""

from __future__ import annotations

DOCUMENTATION = r"""
module: path_mtu
short_description: Measure the path MTU with real packets
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Sends ICMP echo requests with Don't Fragment set from the router to each target, all targets at once.
  - If none of the full size is answered, searches for the largest size that is.
  - On IOS (connection C(ansible.netcommon.network_cli)) the router's own C(ping) does it, five packets of
    the full size to each target, one target after the other.
  - Changes nothing. A target that does not answer is a result, not a failure.
options:
  targets:
    description: Where to send to.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: IPv4 address of the target.
        type: str
        required: true
      size:
        description: Size of the whole IPv4 packet in bytes, header included, as an MTU is.
        type: int
        required: true
      source:
        description: An own address to send from. The kernel chooses if not given.
        type: str
  count:
    description: Packets per size. One answer is enough for a size to pass. Linux only.
    type: int
    default: 3
  timeout:
    description: Seconds to wait for each answer. Linux only.
    type: float
    default: 1.0
  deadline:
    description: Seconds after which the search ends with what it knows.
    type: float
    default: 45.0
requirements:
  - root
attributes:
  check_mode:
    description: Runs in check mode, since it changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Do packets of the tunnel's MTU reach the hub?
  mgre.dmvpn.path_mtu:
    targets:
      - address: 10.255.0.1
        size: 1400
        source: 10.11.0.1
"""

RETURN = r"""
probes:
  description: One result per target, in the order of the targets.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The target.
      type: str
    source:
      description: The address sent from, null if the kernel chose.
      type: str
    size:
      description: The size asked for.
      type: int
    passed:
      description: The largest size that was answered, null if none was.
      type: int
    rtt:
      description: Median round-trip time of full-size packets in milliseconds, null without an answer.
      type: float
    loss:
      description: The share of full-size packets that was lost, 0 to 1.
      type: float
    error:
      description: What the kernel said, for example that there is no route.
      type: str
    told:
      description: Whether the kernel knew that a size was too large, by its route or by an ICMP error.
        false means that such packets vanished. null on IOS.
      type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import (
    COUNT,
    DEADLINE,
    OPTIONS,
    TIMEOUT,
    Target,
    probe_all,
    unfit,
)
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_run import Unreadable


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "targets": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": OPTIONS,
            },
            "count": {"type": "int", "default": COUNT},
            "timeout": {"type": "float", "default": TIMEOUT},
            "deadline": {"type": "float", "default": DEADLINE},
        },
        supports_check_mode=True,
    )
    params = module.params
    targets = [Target(**target) for target in params["targets"]]
    if why := unfit(targets):
        module.fail_json(msg=f"targets: {why}")
    if params["count"] < 1:
        module.fail_json(msg=f"count: {params['count']} packets cannot be answered; write 1 or more")
    try:
        probes = probe_all(targets, params["count"], params["timeout"], params["deadline"])
    except Unreadable as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, probes=[probe.to_dict() for probe in probes])


if __name__ == "__main__":
    main()
