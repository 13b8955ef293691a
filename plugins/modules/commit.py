# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.commit``: ends a change that a router is to undo by itself."""

from __future__ import annotations

DOCUMENTATION = r"""
module: commit
short_description: Confirms, extends or undoes a pending change of a router
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Ends the change that M(mgre.dmvpn.linux_apply) or M(mgre.dmvpn.rollback) with C(confirm_within) has left
    pending. What is not confirmed in time the router undoes by itself.
  - A confirmation that comes too late, or for another change, fails and says what became of it.
  - Over C(ansible.netcommon.network_cli) it ends the change that M(mgre.dmvpn.ios_apply) with
    C(confirm=false) has left under a Cisco router's own timer, by C(configure confirm),
    C(configure revert timer) or C(configure revert now). Whether the router is as before it sees in the
    running configuration.
  - A change that M(mgre.dmvpn.netconf_apply) with C(confirm=false) has left as a confirmed commit it ends
    over a NETCONF session of its own, by the token in O(commit); one under the rollback timer it ends at the
    command line, as above.
options:
  state:
    description:
      - V(confirmed) keeps the change, V(undone) takes it back at once, V(extended) gives it O(seconds) from
        now, V(status) only tells.
    type: str
    choices: [confirmed, extended, undone, status]
    default: status
  commit:
    description: The change that is meant, as the module that made it returned it. Any if empty; a commit
      over NETCONF has to be named.
    type: str
    default: ""
  seconds:
    description: Seconds that the change has from now, with O(state=extended). The timer of a Cisco router
      counts in whole minutes, 2 to 120.
    type: int
    default: 300
  why:
    description: The reason, as a Linux router's history keeps it, with O(state=undone).
    type: str
    default: ""
  save:
    description: Whether a Cisco router saves what is confirmed to its startup configuration. A Linux router's
      change needs no saving.
    type: bool
    default: true
  who:
    description: Set by the action plugin. User and host of the controller.
    type: str
attributes:
  check_mode:
    description: Changes nothing, and says whether the real run would.
    support: full
  action:
    description: Has an action plugin that adds who runs Ansible, and does all of the work for a Cisco router.
    support: full
notes:
  - The history is C(/var/lib/mgre-dmvpn/history.jsonl) on the router, readable for root only. It holds no
    secret.
"""

EXAMPLES = r"""
- name: Keep the change
  mgre.dmvpn.commit:
    state: confirmed
    commit: "{{ linux_result.commit }}"

- name: What was changed here, by whom, and why?
  mgre.dmvpn.commit:
"""

RETURN = r"""
told:
  description: What happened, in one sentence.
  returned: success, except with O(state=status)
  type: str
  sample: the change of 2026-03-01T22:00:00Z is confirmed
pending:
  description: The change that is pending, null if there is none. Of a Cisco router only the whole time of its
    timer is known, and over NETCONF not even that.
  returned: with O(state=status)
  type: dict
  sample: {commit: 3-2026-03-01T22:00:00Z, state: pending, left: 211, who: anna@noc, why: CHG-4711}
history:
  description: The last changes that ended, newest first, each with the diff that was shown. Empty on a Cisco
    router.
  returned: with O(state=status)
  type: list
  elements: dict
  sample: [{commit: 2-2026-02-28T22:00:00Z, verdict: confirmed, who: anna@noc, why: CHG-4690}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.linux import commit
from ..module_utils.linux.host import Host
from ..module_utils.linux.store import Locked
from ..module_utils.linux.undo import Failed


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {
                "type": "str",
                "choices": ["confirmed", "extended", "undone", "status"],
                "default": "status",
            },
            "commit": {"type": "str", "default": ""},
            "seconds": {"type": "int", "default": 300},
            "why": {"type": "str", "default": ""},
            "save": {"type": "bool", "default": True},
            "who": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        result = work(Host(), module.params, module.check_mode)
    except commit.NotPending as error:
        module.fail_json(msg=str(error))
    except Locked as error:
        module.fail_json(msg=str(error))
    except Failed as failed:
        module.fail_json(msg=str(failed), step=failed.step, restored=not failed.trouble)
    except OSError as error:
        module.fail_json(msg=f"{error.filename or 'the router'}: {error.strerror}")
    module.exit_json(**result)


def work(host: Host, arguments: dict[str, Any], check: bool) -> dict[str, Any]:
    """The whole run, without Ansible around it."""
    state, name, who = arguments["state"], arguments["commit"], arguments["who"] or "somebody"
    if state == "status":
        return {"changed": False, **commit.status(host)}
    if check:
        return {"changed": commit.status(host)["pending"] is not None, "told": "nothing was done"}
    if state == "confirmed":
        ended = commit.confirm(host, name, who)
    elif state == "extended":
        ended = commit.extend(host, arguments["seconds"], name)
    else:
        because = ": ".join(part for part in (f"{who} wanted it", arguments["why"]) if part)
        ended = commit.take_back(host, because, name)
    return {"changed": ended.changed, "told": ended.told}


if __name__ == "__main__":
    main()
