# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.rollback``: back to a state that a Linux router has kept."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollback
short_description: Takes a Linux router back to a kept generation
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Goes back to what the collection had on the router before a change, as one transaction, like
    M(mgre.dmvpn.linux_apply). Ten generations are kept, C(commit) lists the changes.
  - FRR lines, rules and connections of others stay as they are now.
  - The inventory does not change. The next run of C(site.yml) brings the router to it again.
options:
  generation:
    description: The number of the change to go back before. The last one if it is left out.
    type: int
  confirm_within:
    description: Seconds for which the change waits to be confirmed. V(0) confirms it at once.
    type: int
    default: 300
  why:
    description: The reason, as the router's history keeps it.
    type: str
    default: ""
  who:
    description: Set by the action plugin. User and host of the controller.
    type: str
attributes:
  check_mode:
    description: Compares and validates, and touches nothing.
    support: full
  diff_mode:
    description: Shows files with references in the place of secrets, and the FRR lines that come and go.
    support: full
  action:
    description: Has an action plugin that tells whom the router reached before.
    support: full
"""

EXAMPLES = r"""
- name: Before the last change
  mgre.dmvpn.rollback:
  register: back

- name: Does the overlay work?
  mgre.dmvpn.prove:
    commit: "{{ back.commit }}"
    seconds: "{{ back.pending }}"
    reached: "{{ back.reached }}"
    intent: "{{ back.intent }}"
  when: back.pending > 0
"""

RETURN = r"""
reasons:
  description: Files and other things that change.
  returned: success
  type: list
  elements: str
  sample: [/etc/mgre-dmvpn/frr.conf]
commit:
  description: The name of the change, for M(mgre.dmvpn.commit).
  returned: when something was changed
  type: str
pending:
  description: Seconds that the change waits to be confirmed; V(0) when nothing waits.
  returned: success
  type: int
reached:
  description: The peers, each as cloud and name, that the router reached just before.
  returned: when the change is pending
  type: list
  elements: list
intent:
  description: What the kept generation was rendered from, for M(mgre.dmvpn.prove); null if that is not known.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.linux.answer import outcome_of
from ..module_utils.linux.host import Host
from ..module_utils.linux.observe import observe
from ..module_utils.linux.outcome import Terms
from ..module_utils.linux.steps import SERVICES
from ..module_utils.linux.transaction import rollback


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "generation": {"type": "int"},
            "confirm_within": {"type": "int", "default": 300},
            "why": {"type": "str", "default": ""},
            "who": {"type": "str"},
        },
        supports_check_mode=True,
    )
    given = module.params
    terms = Terms(
        given["confirm_within"],
        given["who"] or "",
        given["why"],
        lambda: observe(list(SERVICES), [], "nftables").to_dict(),
    )
    outcome, result = outcome_of(
        module, lambda: rollback(Host(), given["generation"], check=module.check_mode, terms=terms)
    )
    result |= {"intent": outcome.intent, "before": outcome.before}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
