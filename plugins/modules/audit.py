# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.audit``: a Linux router compares itself with its bundle."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit
short_description: What of a router differs from the inventory, and who could have changed it
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Compares a router with what M(mgre.dmvpn.render) wrote for it, as M(mgre.dmvpn.linux_apply) and
    M(mgre.dmvpn.ios_apply) do in check mode, and looks at packages, versions with known faults,
    certificates, the clock and algorithms. Changes nothing.
  - Each difference has an owner. V(ours) is a file, line, unit or setting of the collection, V(theirs)
    configuration of somebody else that reaches into it, V(default) what a daemon, kernel or router does when
    nobody says otherwise.
  - Writes what it found to O(audit_dir), for M(mgre.dmvpn.audit_report). Differences do not fail the task.
options:
  bundle_dir:
    description: Where M(mgre.dmvpn.render) wrote.
    type: path
    default: artifacts/bundle
  audit_dir:
    description: Directory on the controller for what was found. Files are readable by their owner only.
    type: path
    default: artifacts/audit
  manifest:
    description: Set by the action plugin. What the bundle holds for this router.
    type: dict
  intent:
    description: Set by the action plugin. The router as the inventory means it.
    type: dict
  texts:
    description: Set by the action plugin. The files by path, with references in the place of secrets.
    type: dict
  programs:
    description: Set by the action plugin. The event daemon's files by name.
    type: dict
  secrets:
    description: Set by the action plugin. The secrets by reference.
    type: dict
  look:
    description: Set by the action plugin. What to observe beside that.
    type: dict
requirements:
  - pydantic on the controller, hier_config for IOS routers
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: The lines that differ are in the result.
    support: none
  action:
    description: Has an action plugin that reads the bundle, and compares IOS routers on the controller.
    support: full
"""

EXAMPLES = r"""
- name: Compare the router with the inventory
  mgre.dmvpn.audit:
  register: audit
"""

RETURN = r"""
verdict:
  description: V(clean), V(DRIFT), or V(NOT PROVEN) if something could not be read.
  returned: success
  type: str
  sample: DRIFT
differences:
  description: What differs.
  returned: success
  type: list
  elements: dict
  contains:
    area:
      description: Part of the audit.
      type: str
      sample: files
    subject:
      description: What differs.
      type: str
      sample: /etc/mgre-dmvpn/guard.nft
    owner:
      description: V(ours), V(theirs) or V(default).
      type: str
    what:
      description: How it differs.
      type: str
      sample: was changed on the router
    by:
      description: Who could have done it.
      type: str
    since:
      description: When at the latest, seconds since 1970, null if that is not known.
      type: float
    severity:
      description: V(drift), V(unknown), or V(note), which leaves a router clean.
      type: str
    lines:
      description: Lines of configuration, V(+) what the router lacks, V(-) what it has too much. No secrets.
      type: list
      elements: str
    remedy:
      description: What to do.
      type: str
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.linux.audit import applied, audit
from ..module_utils.linux.host import Host
from ..module_utils.linux.observe import observe
from ..module_utils.linux.release import BadBundle, from_bundle


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
            "audit_dir": {"type": "path", "default": "artifacts/audit"},
            # What the action plugin adds.
            "manifest": {"type": "dict"},
            "intent": {"type": "dict"},
            "texts": {"type": "dict"},
            "programs": {"type": "dict"},
            "secrets": {"type": "dict", "no_log": True},
            "look": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    given: dict[str, Any] = module.params
    if given["manifest"] is None:
        module.fail_json(msg="there is no manifest; this module works through its action plugin")
    host, look = Host(), given["look"]
    state = observe(look["units"], look["certificates"], look["firewall"])
    began = time.monotonic()
    try:
        wanted = from_bundle(given["manifest"], given["texts"], given["programs"], given["secrets"] or {})
        found = audit(host, wanted, given["intent"] or {})
    except BadBundle as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename or 'the router'}: {error.strerror}")
    module.exit_json(
        changed=False,
        applied=applied(host),
        differences=[one.to_dict() for one in found],
        state=state.to_dict(),
        spent=time.monotonic() - began,
    )


if __name__ == "__main__":
    main()
