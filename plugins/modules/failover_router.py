#!/usr/bin/python
# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shell around the armed fault and the probes on a router."""

from __future__ import annotations

DOCUMENTATION = r"""
module: failover_router
short_description: One step of a failover check on a Linux router
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - The part of M(mgre.dmvpn.failover_part) that runs on the router. Use that module instead.
options:
  step:
    description:
      - V(look) tells whether a fault is armed and which interfaces this connection uses. It changes nothing.
      - V(probe) starts to send along O(flows); V(collect) stops it and returns what was seen.
      - V(break) arms the fault, which ends by itself after O(seconds), also after a reboot of the router.
      - V(restore) ends it now.
    type: str
    required: true
    choices: [look, probe, break, restore, collect]
  fault:
    description: What to break.
    type: str
    choices: [hub_wan, hub_router, spoke_wan, brownout, mtu, nhrpd, bgpd, charon]
  wans:
    description: WAN interfaces to break.
    type: list
    elements: str
    default: []
  seconds:
    description: How long the fault lasts, 600 at most.
    type: int
    default: 20
  loss:
    description: Percentage of packets that V(brownout) loses in each direction.
    type: int
    default: 30
  mtu:
    description: Largest IP packet that V(mtu) lets pass.
    type: int
    default: 1300
  flows:
    description: Where to send packets to.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the flow.
        type: str
        required: true
      source:
        description: LAN address of this router.
        type: str
        required: true
      target:
        description: LAN address of another router.
        type: str
        required: true
      size:
        description: Bytes of each IP packet.
        type: int
        default: 84
  rate:
    description: Packets a second in each flow.
    type: int
    default: 25
  limit:
    description: Seconds after which probes end should nobody stop them.
    type: int
    default: 300
requirements:
  - root
  - systemd and nft on the router
attributes:
  check_mode:
    description: Looks, and breaks nothing.
    support: partial
    details: In check mode only V(look) runs; every other step is left out.
"""

EXAMPLES = r"""
- name: Is a fault armed?
  mgre.dmvpn.failover_router:
    step: look
"""

RETURN = r"""
armed:
  description: The fault that the router has now, null for none.
  returned: with O(step=look)
  type: str
management:
  description: Interfaces that the connection uses, null if it is not one of SSH.
  returned: with O(step=look)
  type: list
  elements: str
times:
  description: Seconds of uptime at which the fault came and went.
  returned: with O(step=look), O(step=break) and O(step=restore)
  type: dict
seen:
  description: What the probes saw.
  returned: with O(step=collect)
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import fault
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.fault_scripts import SCRIPTS, Settings
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import Host

FLOW = {
    "name": {"type": "str", "required": True},
    "source": {"type": "str", "required": True},
    "target": {"type": "str", "required": True},
    "size": {"type": "int", "default": 84},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "step": {
                "type": "str",
                "required": True,
                "choices": ["look", "probe", "break", "restore", "collect"],
            },
            "fault": {"type": "str", "choices": list(SCRIPTS)},
            "wans": {"type": "list", "elements": "str", "default": []},
            "seconds": {"type": "int", "default": 20},
            "loss": {"type": "int", "default": 30},
            "mtu": {"type": "int", "default": 1300},
            "flows": {"type": "list", "elements": "dict", "default": [], "options": FLOW},
            "rate": {"type": "int", "default": 25},
            "limit": {"type": "int", "default": 300},
        },
        required_if=[("step", "break", ("fault",))],
        supports_check_mode=True,
    )
    given, step, host = module.params, module.params["step"], Host()
    if module.check_mode and step != "look":
        module.exit_json(changed=False, skipped=True)
    try:
        if step == "look":
            module.exit_json(
                changed=False,
                armed=fault.armed(host),
                management=fault.management(host),
                times=fault.times(host),
            )
        if step == "probe":
            fault.begin_probes(host, given["flows"], given["rate"], given["limit"])
            module.exit_json(changed=False)
        if step == "collect":
            module.exit_json(changed=False, seen=fault.end_probes(host))
        if step == "break":
            settings = Settings(tuple(given["wans"]), given["loss"], given["mtu"])
            fault.arm(host, given["fault"], settings, given["seconds"])
            module.exit_json(changed=True, times=fault.times(host))
        fault.disarm(host)
        module.exit_json(changed=True, times=fault.times(host))
    except fault.Refused as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename or fault.FOLDER}: {error.strerror}")


if __name__ == "__main__":
    main()
