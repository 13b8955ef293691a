#!/usr/bin/python
# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shell around the observer of Linux routers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: state_info
short_description: Read the DMVPN state of a router as one structure
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Reads tunnels, NHRP, security associations, routing neighbours, BFD, routes, the guard against
    cleartext, services and certificates in one round trip.
  - An IOS router (connection C(ansible.netcommon.network_cli)) is read by its show commands, from the
    controller; no secret is shown by any of them.
  - Facts only. What a state should be is judged by M(mgre.dmvpn.adjacency). No secret and no key is
    read.
  - What cannot be read is null, and RV(state.unreadable) says why. A dead daemon does not fail the
    module.
options:
  tunnels:
    description: Tunnels to be read on IOS, such as V(Tunnel10). All if it is empty, in a second round trip.
    type: list
    elements: str
    default: []
  trustpoint:
    description: Trustpoint on IOS whose certificates are wanted.
    type: str
    default: mgre-dmvpn
  units:
    description: systemd units whose state is wanted. Linux only, as are O(certificates) and O(firewall).
    type: list
    elements: str
    default: [frr.service, strongswan.service, mgre-dmvpn-guard.service, mgre-dmvpn-nhrp-events.service]
  certificates:
    description: Certificate files (PEM) whose subject and end are wanted. Those that do not exist are
      left out.
    type: list
    elements: path
    default: [/etc/swanctl/x509/mgre-dmvpn.crt, /etc/swanctl/x509ca/mgre-dmvpn-ca.crt]
  targets:
    description:
      - Packets that are sent before the state is read, as in M(mgre.dmvpn.path_mtu), so that counters of the
        state show them. Linux only.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: IPv4 address of the target.
        type: str
        required: true
      size:
        description: Size of the whole IPv4 packet in bytes.
        type: int
        required: true
      source:
        description: An own address to send from. The kernel chooses if not given.
        type: str
  paths:
    description:
      - Paths that are measured as by M(mgre.dmvpn.path_mtu), in the same round trip. Unlike those to
        O(targets) the packets are sent after the state was read, which does not show them. Linux only.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: IPv4 address of the target, the overlay address of a hub.
        type: str
        required: true
      size:
        description: Size of the whole IPv4 packet in bytes.
        type: int
        required: true
      source:
        description: An own address to send from. The kernel chooses if not given.
        type: str
  lans:
    description: LAN prefixes of the site. If the router has an address in one of them, each of O(paths) is
      also measured from there.
    type: list
    elements: str
    default: []
  paths_if_up:
    description: Send no packet along O(paths) unless all of them are up by the state that was just read, with
      an entry of NHRP, an SA, and no BGP session that is not established.
    type: bool
    default: false
  firewall:
    description: Where the guard against cleartext stands.
    type: str
    choices: [nftables, iptables]
    default: nftables
requirements:
  - root
attributes:
  check_mode:
    description: Runs in check mode, since it changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Read the state
  mgre.dmvpn.state_info:
  register: dmvpn

- name: Show who is registered at this hub
  ansible.builtin.debug:
    msg: "{{ dmvpn.state.nhrp.cache | selectattr('kind', 'equalto', 'dynamic') | map(attribute='overlay') }}"
"""

RETURN = r"""
probes:
  description: What came of O(targets), in their order, each as M(mgre.dmvpn.path_mtu) tells it.
  returned: success, on Linux
  type: list
  elements: dict
paths:
  description: What came of O(paths), each from its source and then from the LAN address, as
    M(mgre.dmvpn.path_mtu) tells it. null if nothing was sent because of O(paths_if_up).
  returned: success, on Linux
  type: list
  elements: dict
spent:
  description: Seconds that O(paths) took, after the state was read.
  returned: success, on Linux
  type: float
state:
  description:
    - The state. null means not known, an empty list means that there is nothing.
    - Seconds and bytes are the units unless said otherwise.
  returned: success
  type: dict
  contains:
    host:
      description: The router itself as C(name), C(distribution), C(kernel), C(time) (its clock),
        C(uptime), C(forwarding) (of IPv4), and C(versions) of C(frr) and C(strongswan), or of C(ios).
        C(rollback) is the time that an unconfirmed change on IOS has left, 0 if none waits. C(ahead) is
        how far the clock is ahead of the controller's, filled in there.
      type: dict
    kernel:
      description: C(rp_filter) by interface (0 off, 1 strict, 2 loose), and of the neighbour table
        C(neighbours), C(neighbour_limit) and C(overflows). null on IOS.
      type: dict
    interfaces:
      description: Network interfaces with C(name), C(kind), C(up), C(mtu), C(addresses), C(bytes_in),
        C(bytes_out), C(packets_in), C(packets_out), C(errors); tunnels also have C(key) (of GRE),
        C(local) (their source) and C(underlay) (the WAN), on IOS C(protected) (by an IPsec profile).
      type: list
      elements: dict
    neighbours:
      description: Neighbour entries of tunnels as C(interface), C(address) (overlay), C(nbma) and
        C(states).
      type: list
      elements: dict
    routes:
      description: The IPv4 main table as C(prefix), C(protocol), C(kind) (unicast, blackhole and so on),
        C(metric) and C(next_hops), each with C(gateway) and C(interface).
      type: list
      elements: dict
    nhrp:
      description: C(nhs) configured (C(interface), C(overlay), C(nbma), C(responding), which IOS tells),
        C(cache) (C(interface), C(kind), C(overlay), C(nbma), C(claimed_nbma), C(used), C(identity)),
        C(shortcuts) (C(kind), C(prefix), C(via), C(identity)) and on Linux C(interfaces) as configured
        (C(interface), C(network_id), C(authentication) (none, applied or other, never the secret),
        C(redirect), C(shortcut)).
      type: dict
    sas:
      description: IKE SAs with C(connection), C(state), C(local), C(remote), C(local_identity),
        C(remote_identity), C(initiator), C(established), C(rekey), C(suite) (C(encryption), C(key_bits),
        C(integrity), C(prf), C(group)) and C(children). A child has C(name), C(state), C(mode),
        C(protocol), C(encapsulated) (in UDP), C(spi_in), C(spi_out), C(suite), C(bytes_in),
        C(bytes_out), C(packets_in), C(packets_out), C(installed), C(rekey), C(life).
      type: list
      elements: dict
    ike_errors:
      description: Complaints of the IKE daemon in the last minutes, newest first, as C(peer) (NBMA
        address), C(message) and C(age).
      type: list
      elements: dict
    bgp:
      description: BGP neighbours with C(address), C(state), C(admin_down), C(remote_as), C(local_as),
        C(uptime), C(prefixes_in), C(prefixes_out), C(dropped) and C(last_reset).
      type: list
      elements: dict
    ospf:
      description: OSPF neighbours with C(router_id), C(address), C(state) and C(interface).
      type: list
      elements: dict
    eigrp:
      description: EIGRP neighbours, all of them up, with C(address), C(interface), C(asn) and C(uptime).
      type: list
      elements: dict
    bfd:
      description: BFD peers with C(address), C(local), C(status), C(diagnostic) and
        C(remote_diagnostic).
      type: list
      elements: dict
    guard:
      description: The rules against cleartext as C(kind), C(present), the WAN C(interfaces) that they
        stand on, and C(drops) with C(hook), C(what) (gre or site) and C(packets) dropped so far. On IOS
        C(interfaces) are the tunnels that have a protection, and C(prefixes) those with a route to Null0.
        On Linux C(redirects) are the tunnels with a rule for NHRP redirects, and C(clamps) the largest TCP
        segment by tunnel.
      type: dict
    services:
      description: Units by name, each with C(load), C(active), C(sub), C(result) and C(restarts).
      type: dict
    daemons:
      description: FRR's daemons by name; C(running), C(stopped) or C(dead).
      type: dict
    certificates:
      description: C(path) (on IOS the trustpoint), C(subject) (RFC 4514), C(not_after) (seconds since
        1970), C(not_before) and C(authority) (a CA's).
      type: list
      elements: dict
    unreadable:
      description: The sections that are null, and why.
      type: dict
  sample:
    bgp: [{address: 10.255.0.1, state: Established, admin_down: false, remote_as: 65000, prefixes_in: 2}]
    daemons: {bgpd: running, nhrpd: running, zebra: running}
    unreadable: {ospf: ospfd is not running}
"""

import time
from ipaddress import IPv4Network

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.hub_paths import measure
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe import observe
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_path import (
    OPTIONS,
    Target,
    probe_all,
    unfit,
)
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_run import Unreadable

# Two packets of each size: a person waits for the answer.
COUNT = 2
TIMEOUT = 0.8  # seconds, of each packet
DEADLINE = 15.0  # seconds, of all
TARGETS = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": OPTIONS,
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "tunnels": {"type": "list", "elements": "str", "default": []},
            "trustpoint": {"type": "str", "default": "mgre-dmvpn"},
            "units": {
                "type": "list",
                "elements": "str",
                "default": [
                    "frr.service",
                    "strongswan.service",
                    "mgre-dmvpn-guard.service",
                    "mgre-dmvpn-nhrp-events.service",
                ],
            },
            "certificates": {
                "type": "list",
                "elements": "path",
                "default": ["/etc/swanctl/x509/mgre-dmvpn.crt", "/etc/swanctl/x509ca/mgre-dmvpn-ca.crt"],
            },
            "targets": TARGETS,
            "paths": TARGETS,
            "lans": {"type": "list", "elements": "str", "default": []},
            "paths_if_up": {"type": "bool", "default": False},
            "firewall": {"type": "str", "choices": ["nftables", "iptables"], "default": "nftables"},
        },
        supports_check_mode=True,
    )
    params = module.params
    targets, aims = ([Target(**target) for target in params[name]] for name in ("targets", "paths"))
    for name, given in (("targets", targets), ("paths", aims)):
        if why := unfit(given):
            module.fail_json(msg=f"{name}: {why}")
    try:
        lans = [IPv4Network(lan) for lan in params["lans"]]
    except ValueError as error:
        module.fail_json(msg=f"lans: {error}")
    try:
        probes = probe_all(targets, COUNT, TIMEOUT, DEADLINE)
        state = observe(params["units"], params["certificates"], params["firewall"])
        began = time.monotonic()
        paths = measure(state, aims, lans, if_up=params["paths_if_up"])
    except Unreadable as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=False,
        state=state.to_dict(),
        probes=[probe.to_dict() for probe in probes],
        paths=None if paths is None else [probe.to_dict() for probe in paths],
        spent=time.monotonic() - began,
    )


if __name__ == "__main__":
    main()
