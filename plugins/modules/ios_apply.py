# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module ``mgre.dmvpn.ios_apply``: documentation; the work is done by its action plugin."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ios_apply
short_description: Brings one Cisco IOS or IOS-XE router to its rendered configuration
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Reads the running configuration once, and sends the smallest set of lines that makes our part of it what
    M(mgre.dmvpn.render) wrote. The lines are ordered so that no tunnel stands unprotected and no name refers
    to nothing at any line.
  - The push runs under C(configure terminal revert timer). What the router refuses is undone at once. The
    change is confirmed only after it was seen over a new connection, and saved only after that. If the router
    cannot be reached any more, it goes back by itself.
  - Keeps what is not its own, line by line, see C(docs/ios-apply.md).
  - Secrets are resolved on the controller, from C(dmvpn_psks) and C(dmvpn_nhrp_secrets), which may be
    vaulted. They are never part of a diff or a message.
options:
  fingerprint_key:
    description: As in M(mgre.dmvpn.linux_apply).
    type: str
    version_added: 0.2.0
  state:
    description:
      - V(present) applies the bundle.
      - V(absent) takes everything of the collection off the router, the tunnels first shut down. It needs no
        bundle.
    type: str
    choices: [present, absent]
    default: present
  bundle:
    description:
      - Directory on the controller that M(mgre.dmvpn.render) wrote. Required with O(state=present).
    type: path
  revert_timer:
    description:
      - Minutes after which the router goes back by itself unless the change was confirmed, 2 to 120.
    type: int
    default: 3
  wait_for_tunnels:
    description:
      - Seconds that the tunnels may take to come up before the change is undone; V(0) does not wait.
      - With C(if-state nhrp), a spoke's tunnel comes up when a hub has answered.
    type: int
    default: 0
  push_secrets:
    description:
      - Sends secrets also where the router shows them encrypted (type 6), which cannot be compared. Set it
        for the run after one of them was changed in the inventory.
    type: bool
    default: false
  save:
    description: Whether the confirmed change is saved to the startup configuration.
    type: bool
    default: true
  confirm:
    description:
      - Whether the change is confirmed, and saved, once it was seen over a new connection.
      - With V(false) it is left waiting with its whole time. M(mgre.dmvpn.commit) confirms and saves it or
        undoes it, and M(mgre.dmvpn.prove) proves it before. What nobody confirms in time the router undoes by
        itself.
      - A change that waits already is refused in either case.
    type: bool
    default: true
    version_added: 0.2.0
requirements:
  - hier-config on the controller
  - ansible.netcommon and cisco.ios, with C(ansible_connection=ansible.netcommon.network_cli)
  - C(archive) with a C(path) on the router
attributes:
  check_mode:
    description: Reads, compares and checks, and touches nothing.
    support: full
  diff_mode:
    description: Shows the lines that are sent, with references in the place of secrets.
    support: full
  action:
    description: Has an action plugin that does all of the work.
    support: full
"""

EXAMPLES = r"""
- name: Apply what was rendered
  mgre.dmvpn.ios_apply:
    bundle: artifacts/bundle

- name: Apply it, and keep it only if the tunnels come up
  mgre.dmvpn.ios_apply:
    bundle: artifacts/bundle
    revert_timer: 5
    wait_for_tunnels: 120

- name: Change the router, and leave the change waiting for its proof
  mgre.dmvpn.ios_apply:
    bundle: artifacts/bundle
    revert_timer: 5
    confirm: false
  register: ios_result

- name: Take the collection's configuration off the router
  mgre.dmvpn.ios_apply:
    state: absent
"""

RETURN = r"""
forecast:
  description: What the run to come would do, for M(mgre.dmvpn.rollout). C(new) is whether the
    tunnels are not there yet.
  returned: in check mode
  type: dict
  sample: {changed: true, new: false}
lines:
  description: The lines that were sent, or in check mode would be, with references in the place of secrets.
  returned: success
  type: list
  elements: str
  sample: [interface Tunnel10, " ip nhrp holdtime 300"]
pending:
  description: Seconds until the router undoes the change by itself; V(0) if nothing waits.
  returned: success
  type: int
  sample: 300
commit:
  description: What the change is known by, for M(mgre.dmvpn.commit); empty if nothing waits. Fingerprints of
    the configuration before and after, made as slowly as those of a password, and the name of the copy.
  returned: success
  type: str
reached:
  description: Peers that were reached before the change, each as cloud and name, for M(mgre.dmvpn.prove).
  returned: when a change waits
  type: list
  elements: list
step:
  description: The step that failed.
  returned: when a step failed
  type: str
  sample: verify
restored:
  description: Whether the router was seen to be as it was before.
  returned: failure
  type: bool
"""
