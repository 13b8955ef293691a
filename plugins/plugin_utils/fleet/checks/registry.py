# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every check of the whole inventory. Each is a function and takes linear time, sorting apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...findings import Finding
from ..declared import Declared
from . import addresses, clouds, ipsec, lans, multicast, platforms, rollout, routers, sizes

Check = Callable[[Declared], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    clouds.numbers_differ,
    clouds.prefixes_do_not_overlap,
    clouds.timers_fit,
    clouds.convergence_is_one,
    clouds.summaries_are_there,
    sizes.mtu_fits_path,
    sizes.mss_fits_mtu,
    sizes.sites_carry_mtu,
    addresses.sites_differ,
    addresses.overlays_differ,
    addresses.nbmas_differ,
    addresses.nbmas_outside_sites,
    addresses.allowed_gre_is_foreign,
    lans.lans_do_not_overlap,
    lans.lans_in_summaries,
    lans.lans_outside_overlays,
    lans.lans_hold_no_wan,
    routers.hubs_are_reachable,
    routers.wans_differ,
    routers.names_are_clouds,
    routers.frr_is_usable,
    routers.one_as_number,
    routers.drained_is_a_hub_beside_others,
    platforms.phase_2_is_cisco_only,
    platforms.eigrp_is_cisco_only,
    platforms.ospf_stays_on_one_platform,
    platforms.interfaces_are_of_the_platform,
    platforms.vrfs_are_devices,
    platforms.ios_is_usable,
    platforms.suites_are_on_ios,
    platforms.netconf_is_on_ios_xe,
    platforms.time_to_confirm_fits_ios,
    platforms.values_fit_ios,
    rollout.rollout_is_one,
    rollout.canaries_are_there,
    multicast.multicast_is_on_linux,
    multicast.groups_differ,
    multicast.multicast_interfaces_are_lans,
    ipsec.psks_are_there,
    ipsec.shared_transports_agree,
    ipsec.subjects_fit,
    ipsec.nhrp_secrets_fit,
    ipsec.secrets_can_be_entered,
)
