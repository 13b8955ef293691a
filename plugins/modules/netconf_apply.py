# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: netconf_apply
short_description: Puts one IOS-XE router's rendered configuration on it over NETCONF
version_added: 0.2.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Brings an IOS-XE router to the C(config.xml) that M(mgre.dmvpn.render) wrote for it. Reads the running
    configuration, sends only what differs, and removes only what is the collection's own and not wanted.
  - Uses the candidate configuration and a confirmed commit where the router offers them. A new session reads
    the configuration back before it confirms; if that does not happen, the router takes the change back by
    itself.
  - Else it uses Cisco's checkpoint with its rollback timer (C(cisco-ia)), and C(configure confirm) at the
    command line. Where that is missing too, it refuses and names the command that enables the candidate.
  - Saves only what was confirmed.
  - A change that waits for its confirmation on the router, whoever made it, is refused.
  - Does not use Ansible's connection. It reads C(ansible_host), C(dmvpn_netconf_port) (830; C(ansible_port)
    with C(ansible_connection=ansible.netcommon.netconf)), C(ansible_user), C(ansible_password),
    C(ansible_ssh_private_key_file) and C(ansible_host_key_checking), and for the command line
    C(dmvpn_ssh_port) (C(ansible_port), else 22).
options:
  fingerprint_key:
    description: As in M(mgre.dmvpn.linux_apply).
    type: str
    version_added: 0.2.0
  state:
    description:
      - V(present) applies the bundle.
      - V(absent) takes everything of the collection off the router. It needs no bundle.
    type: str
    choices: [present, absent]
    default: present
  bundle:
    description:
      - Directory on the controller that M(mgre.dmvpn.render) wrote. Required with O(state=present).
    type: path
  confirm_timeout:
    description:
      - Seconds after which the router takes an unconfirmed change back, 10 to 7200. With the rollback timer
        it counts in minutes, at least 2.
    type: int
    default: 120
  save:
    description: Whether a confirmed change is written to the startup configuration.
    type: bool
    default: true
  confirm:
    description:
      - Whether the change is confirmed, and saved, once it was read back over a new session.
      - With V(false) it is left waiting with its whole time. M(mgre.dmvpn.commit) confirms and saves it or
        undoes it over another session, and M(mgre.dmvpn.prove) proves it before. What nobody confirms in time
        the router undoes by itself.
      - A router that knows confirmed commits only within one session (C(confirmed-commit:1.0) without
        C(1.1)) cannot wait. It confirms as with V(true), and a warning says so.
    type: bool
    default: true
    version_added: 0.2.0
  before:
    description: The router's state before the change, as M(mgre.dmvpn.state_info) returned it, from which
      RV(reached) is told. With O(confirm=false) only.
    type: dict
    version_added: 0.2.0
  send_secrets:
    description:
      - Whether to send secrets that the router keeps encrypted (type 6), which cannot be compared. Set it in
        the run that brings a new secret; such a run always changes something.
    type: bool
    default: false
requirements:
  - ncclient >= 0.7 on the controller; pydantic with O(before)
  - IOS-XE 17.14 or newer with C(netconf-yang) on the router, and a user of privilege 15
attributes:
  check_mode:
    description: Compares, and touches nothing.
    support: full
  diff_mode:
    description: Shows places in Cisco's model and their values, without secrets.
    support: full
  action:
    description: Runs on the controller.
    support: full
"""

EXAMPLES = r"""
- name: Apply what was rendered
  mgre.dmvpn.netconf_apply:
    bundle: artifacts/bundle

- name: See whom the router reaches
  mgre.dmvpn.state_info:
  register: ios_before

- name: Change the router, and leave the change waiting for its proof
  mgre.dmvpn.netconf_apply:
    bundle: artifacts/bundle
    confirm_timeout: 300
    confirm: false
    before: "{{ ios_before.state }}"
  register: ios_result

- name: Apply new pre-shared keys to routers that keep theirs encrypted
  mgre.dmvpn.netconf_apply:
    bundle: artifacts/bundle
    send_secrets: true
"""

RETURN = r"""
forecast:
  description: What the run to come would do, for M(mgre.dmvpn.rollout). C(new) is whether the
    tunnels are not there yet.
  returned: in check mode
  type: dict
  sample: {changed: true, new: false}
lines:
  description: What was added and removed, by its place in Cisco's model.
  returned: success
  type: list
  elements: str
  sample: ["- interface/Tunnel[name=10]/ip/mtu = 1390", "+ interface/Tunnel[name=10]/ip/mtu = 1400"]
way:
  description: How the router was changed, or would be, V(candidate) or V(checkpoint).
  returned: success
  type: str
  sample: candidate
pending:
  description: Seconds until the router undoes the change by itself; V(0) if nothing waits.
  returned: success
  type: int
  sample: 300
commit:
  description: What the change is known by, for M(mgre.dmvpn.commit); empty if nothing waits. The token of a
    commit, or the name of the copy of a checkpoint, with fingerprints of the configuration before and after,
    made as slowly as those of a password.
  returned: success
  type: str
reached:
  description: Peers that were reached before the change, each as cloud and name, for M(mgre.dmvpn.prove).
  returned: when a change waits
  type: list
  elements: list
saved:
  description: Whether the startup configuration was written.
  returned: success
  type: bool
restored:
  description: Whether the router is as it was before.
  returned: failure
  type: bool
"""
