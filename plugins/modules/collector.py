#!/usr/bin/python
# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shell around the installer of the collector."""

from __future__ import annotations

DOCUMENTATION = r"""
module: collector
short_description: Let a Linux router measure its DMVPN itself
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Installs a collector that a systemd timer starts. It reads the state of the router as
    M(mgre.dmvpn.state_info) does, pings the next hop servers over the tunnel, and writes C(mgre_dmvpn.prom)
    for node_exporter's textfile collector, whole and readable by everybody. No secret is in it.
  - The router needs nothing but Python for it. node_exporter is its owner's to install.
  - The collector runs once when it is installed or changed. The task fails if that does.
options:
  state:
    description: V(absent) takes the collector, its memory and its metrics off the router.
    type: str
    choices: [present, absent]
    default: present
  bundle_dir:
    description: Where C(render.yml) wrote.
    type: path
    default: artifacts/bundle
  directory:
    description:
      - Absolute path of the textfile collector's directory. V(true) is C(/var/lib/prometheus/node-exporter),
        Debian's.
    type: raw
    default: true
  interval:
    description: Seconds between two looks, 15 to 86400.
    type: int
    default: 60
  programs:
    description: Set by the action plugin. The program's files by path.
    type: dict
  plan:
    description: Set by the action plugin. What is to be measured, as JSON.
    type: str
requirements:
  - root
  - pydantic on the controller
attributes:
  action:
    description: Has an action plugin, which reads what is wanted of the router.
    support: full
  check_mode:
    description: Tells what would change.
    support: full
"""

EXAMPLES = r"""
- name: Metrics for node_exporter, every minute
  mgre.dmvpn.collector:
"""

RETURN = r"""
differing:
  description: Files that differ, come or go, and the timer if it does not run.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mgre.dmvpn.plugins.module_utils.health_metrics import FILE
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import collector
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import CommandFailed, Host


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
            "directory": {"type": "raw", "default": True},
            "interval": {"type": "int", "default": 60},
            "programs": {"type": "dict"},
            "plan": {"type": "str"},
        },
        supports_check_mode=True,
    )
    params = module.params
    host = Host()
    try:
        if params["state"] == "absent":
            differing = collector.remove(host, module.check_mode)
        elif params["programs"] is None or params["plan"] is None:
            module.fail_json(msg="programs, plan: are missing; the action plugin of this module sets them")
        else:
            files = collector.wanted_files(params["programs"], params["plan"], params["interval"])
            metrics = f"{params['directory']}/{FILE}"
            differing = collector.install(host, files, params["directory"], metrics, module.check_mode)
    except CommandFailed as error:
        log = host.run("journalctl", "-q", "-n", "5", "-o", "cat", "-u", collector.SERVICE).out.strip()
        module.fail_json(msg=f"{error}\n{log}".strip())
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}")
    module.exit_json(changed=bool(differing), differing=differing)


if __name__ == "__main__":
    main()
