# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What IOS refuses and what it does on the side, where the grammar of a line alone cannot say.

Each function takes a :class:`~..rules.Change`. A check that returns a text refuses the line with it; one that
returns a :class:`~..rules.Caret` refuses it as IOS refuses a word that it does not know. The text that an effect
returns is printed, and the line stands. docs/ios-stand-ins.md tells which texts are known and which are ours.
"""

from .addresses import address_fits, mtu_fits, route_fits, vrf_gone, vrf_moves_addresses, vrf_there
from .crypto import (
    ikev2_profile_there,
    incomplete_policy,
    incomplete_profile,
    incomplete_proposal,
    ipsec_profile_there,
    ipsec_profile_unused,
    keyring_there,
    keyring_unused,
    licensed,
    map_there,
    mode_shown,
    profile_unused,
    proposal_there,
    proposal_unused,
    transform_unused,
    transforms_there,
    trustpoint_there,
)
from .filters import class_there, complete_route_map, number_line, policy_there, policy_unused, prefix_fits
from .interfaces import (
    destination_fits_mode,
    interface_known,
    interface_there,
    mode_fits_destination,
    new_interface,
    nhrp_secret_fits,
    tunnel_only,
)
from .routing import (
    group_there,
    group_unused,
    new_bgp,
    new_eigrp_family,
    new_ospf,
    one_bgp,
    peer_gone,
    peer_group_fits,
    peer_there,
    remote_as_fits,
)
from .system import encrypt_keys, encrypt_passwords, hash_secret, master_key

__all__ = [
    "address_fits",
    "class_there",
    "complete_route_map",
    "destination_fits_mode",
    "encrypt_keys",
    "encrypt_passwords",
    "group_there",
    "group_unused",
    "hash_secret",
    "ikev2_profile_there",
    "incomplete_policy",
    "incomplete_profile",
    "incomplete_proposal",
    "interface_known",
    "interface_there",
    "ipsec_profile_there",
    "ipsec_profile_unused",
    "keyring_there",
    "keyring_unused",
    "licensed",
    "map_there",
    "master_key",
    "mode_fits_destination",
    "mode_shown",
    "mtu_fits",
    "new_bgp",
    "new_eigrp_family",
    "new_interface",
    "new_ospf",
    "nhrp_secret_fits",
    "number_line",
    "one_bgp",
    "peer_gone",
    "peer_group_fits",
    "peer_there",
    "policy_there",
    "policy_unused",
    "prefix_fits",
    "profile_unused",
    "proposal_there",
    "proposal_unused",
    "remote_as_fits",
    "route_fits",
    "transform_unused",
    "transforms_there",
    "trustpoint_there",
    "tunnel_only",
    "vrf_gone",
    "vrf_moves_addresses",
    "vrf_there",
]
