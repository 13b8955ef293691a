# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: failover_part
short_description: One router's part in a failover check
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - The steps of a failover check that need a router. C(playbooks/failover.yml) puts them in order with those
    of M(mgre.dmvpn.failover); use that playbook.
  - On Linux the fault is armed on the router itself and ends there by its own timer.
  - On IOS (connection C(ansible.netcommon.network_cli)) the controller shuts the WAN down under the router's
    revert timer, starts it again in time and cancels the timer. If the controller dies, the timer restores.
options:
  step:
    description:
      - V(look) asks for faults and for the interfaces that the router is reached by. It changes nothing.
      - V(probe) starts to send packets along the flows that begin at this router, which runs Linux.
      - V(break) breaks, if this is the router to be broken, and waits until it is restored.
      - V(collect) fetches what the packets saw.
    type: str
    required: true
    choices: [look, probe, break, collect]
  bundle_dir:
    description: Where C(render.yml) wrote.
    type: path
    default: artifacts/bundle
  report_dir:
    description: Where the plan is, and what this step learns is written.
    type: path
    default: artifacts/report
requirements:
  - pydantic on the controller
  - systemd, nft and Python 3.11 on Linux routers
  - C(archive) with a C(path) on the router's own file system on IOS routers
attributes:
  action:
    description: Is an action plugin; on Linux it runs M(mgre.dmvpn.failover_router) on the router.
    support: full
  check_mode:
    description: V(look) asks; every other step is left out.
    support: full
  platform:
    description: Linux and IOS routers.
    support: full
    platforms: posix, ios
"""

EXAMPLES = r"""
- name: Is a fault armed anywhere, and by which interface is each router reached?
  mgre.dmvpn.failover_part:
    step: look
"""

RETURN = r"""
times:
  description:
    - Seconds at which the fault came and went; of the router's uptime on Linux, of the controller's own clock
      on IOS.
  returned: with O(step=break), on the target
  type: dict
"""
