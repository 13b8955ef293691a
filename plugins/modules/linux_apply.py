# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.linux_apply``: one router's transaction."""

from __future__ import annotations

DOCUMENTATION = r"""
module: linux_apply
short_description: Puts one router's rendered files on it, in one transaction
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Brings a Linux router to what M(mgre.dmvpn.render) wrote for it. Reads only that router's directory of
    the bundle.
  - Validates everything with the daemons' own checkers before it changes anything, changes only what differs,
    and puts everything back if a step fails. A run that was killed is undone by the next one.
  - With O(confirm_within) the change is pending when the module ends. The router undoes it by itself, as a
    whole, unless M(mgre.dmvpn.commit) confirms it in that time; also when the run is killed, the connection
    is gone, or the router is booted. See C(docs/commit.md).
  - Keeps what is not its own, see C(docs/sharing.md). FRR lines that were there before stay, other nftables
    tables, other swanctl connections and other units are not touched.
  - Secrets are resolved on the controller, from C(dmvpn_psks) and C(dmvpn_nhrp_secrets), which may be
    vaulted. They are never part of a diff or a message.
options:
  state:
    description:
      - V(present) applies the bundle.
      - V(absent) takes everything of the collection off the router, the tunnels first and the guard last.
        It needs no bundle.
    type: str
    choices: [present, absent]
    default: present
  bundle:
    description:
      - Directory on the controller that M(mgre.dmvpn.render) wrote. Required with O(state=present).
    type: path
  confirm_within:
    description:
      - Seconds for which the change waits to be confirmed. V(0) confirms it at once, and then nothing on the
        router undoes a run that was killed before the next one.
      - Where the same change is pending already, it has that time anew. Another one is refused meanwhile.
    type: int
    default: 0
    version_added: 0.2.0
  why:
    description: The reason for the change, as the router's history keeps it.
    type: str
    default: ""
    version_added: 0.2.0
  who:
    description: Set by the action plugin. User and host of the controller.
    type: str
  look:
    description: Set by the action plugin. What to observe before the change.
    type: dict
  fingerprint_key:
    description:
      - A secret of the controller, with which the C(forecast) of check mode says more and has fingerprints
        that tell nothing to whoever lacks it.
    type: str
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
requirements:
  - Debian 12 or 13 on the router
  - FRR with frr-pythontools, charon-systemd and strongswan-swanctl 5.9.6 or newer on the router
attributes:
  check_mode:
    description: Compares and validates, and touches nothing.
    support: full
  diff_mode:
    description: Shows files with references in the place of secrets, and the FRR lines that come and go.
    support: full
  action:
    description: Has an action plugin that reads the bundle and resolves secrets on the controller.
    support: full
notes:
  - The last ten states before a change are kept in C(/var/lib/mgre-dmvpn/generations) on the router, readable
    for root only.
"""

EXAMPLES = r"""
- name: Apply what was rendered
  mgre.dmvpn.linux_apply:
    bundle: artifacts/bundle

- name: Take the collection's configuration off the router
  mgre.dmvpn.linux_apply:
    state: absent
"""

RETURN = r"""
reasons:
  description: Changed files, and what did not run as its files say.
  returned: success
  type: list
  elements: str
  sample: [/etc/mgre-dmvpn/frr.conf, "FRR: 2 lines to add, 1 to remove"]
forecast:
  description:
    - What the run to come would do, for M(mgre.dmvpn.rollout). C(new) is whether nothing of the collection
      was ever applied, C(stale) whether only what the router keeps for later runs differs.
    - With O(fingerprint_key), also C(acts), what the steps would do, C(diff), the lines, and C(wanted) and
      C(state), fingerprints of the release and of the router.
  returned: in check mode
  type: dict
  sample: {changed: true, new: false}
generation:
  description: Number of the state before this run, as kept on the router.
  returned: when something was changed
  type: int
  sample: 3
commit:
  description: The name of the change, for M(mgre.dmvpn.commit).
  returned: when something was changed
  type: str
  sample: 3-2026-03-01T22:00:00Z
pending:
  description: Seconds that the change waits to be confirmed; V(0) when it is confirmed already.
  returned: success
  type: int
  sample: 300
reached:
  description: The peers, each as cloud and name, that the router reached just before the change.
  returned: when the change is pending
  type: list
  elements: list
  sample: [[blue, hub1]]
step:
  description: The step that failed.
  returned: when a step failed
  type: str
  sample: ipsec
restored:
  description: Whether the router is as it was before.
  returned: when a step failed
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.linux.answer import outcome_of
from ..module_utils.linux.forecast import forecast
from ..module_utils.linux.host import Host
from ..module_utils.linux.observe import observe
from ..module_utils.linux.outcome import Outcome, Terms
from ..module_utils.linux.release import BadBundle, from_bundle
from ..module_utils.linux.transaction import apply, remove


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "bundle": {"type": "path"},
            "confirm_within": {"type": "int", "default": 0},
            "why": {"type": "str", "default": ""},
            # What the action plugin adds.
            "who": {"type": "str"},
            "look": {"type": "dict"},
            "fingerprint_key": {"type": "str", "no_log": True},
            "manifest": {"type": "dict"},
            "intent": {"type": "dict"},
            "texts": {"type": "dict"},
            "programs": {"type": "dict"},
            "secrets": {"type": "dict", "no_log": True},
        },
        supports_check_mode=True,
    )
    outcome, result = outcome_of(module, lambda: work(module.params, module.check_mode))
    if outcome.generation is not None:
        result["generation"] = outcome.generation
    if outcome.before is not None:
        result["before"] = outcome.before
    if module.check_mode:
        key = module.params["fingerprint_key"] or ""
        result["forecast"] = forecast(Host(), outcome, key)
    module.exit_json(**result)


def work(arguments: dict[str, Any], check: bool) -> Outcome:
    """The whole run, without Ansible around it."""
    host = Host()
    look = arguments["look"]
    terms = Terms(
        arguments["confirm_within"],
        arguments["who"] or "",
        arguments["why"],
        (lambda: observe(look["units"], look["certificates"], look["firewall"]).to_dict()) if look else None,
    )
    if arguments["state"] == "absent":
        return remove(host, check=check, terms=terms)
    if arguments["manifest"] is None:
        raise BadBundle("there is no manifest; this module works through its action plugin")
    wanted = from_bundle(
        arguments["manifest"], arguments["texts"], arguments["programs"], arguments["secrets"] or {}
    )
    return apply(host, wanted, arguments["intent"] or {}, check=check, terms=terms)


if __name__ == "__main__":
    main()
