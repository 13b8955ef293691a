# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one platform cannot do, alone and together with the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...findings import Finding, some
from ..cloud_models import CloudInput
from ..declared import CLOUDS, Declared, Member
from ..intent import Platform
from ..suites import IOS_SUITES
from ..values import LINUX_INTERFACE_MAX, shown

IOS_INTERFACE = re.compile(
    r"(Ethernet|FastEthernet|GigabitEthernet|TwoGigabitEthernet|FiveGigabitEthernet|TenGigabitEthernet"
    r"|TwentyFiveGigE|FortyGigabitEthernet|FiftyGigE|HundredGigE|Dialer|Cellular|Serial|Multilink|ATM|BDI"
    r"|Vlan|Loopback|Port-channel)[0-9][0-9/.:]*",
    re.ASCII,
)
OLDEST_NETCONF = (17, 14)
OLDEST_IOS = (15, 2)  # IKEv2 with groups 19 and 20, `ip nhrp nhs ... nbma` and named EIGRP are all there


def on(members: list[Member], platform: Platform) -> list[Member]:
    return [
        member
        for member in members
        if member.site.vars.dmvpn_platform == platform and "dmvpn_platform" not in member.site.broken
    ]


def phase_2_is_cisco_only(declared: Declared) -> Iterator[Finding]:
    """FRR implements phases 1 and 3, so a cloud in phase 2 has Cisco members only."""
    for name, members in declared.members.items():
        if declared.clouds[name].phase == 2:
            problem = "2 is not possible on Linux: FRR implements phases 1 and 3"
            remedy = "write 3, or 1 to go through the hubs always"
            for member in on(members, "linux"):
                yield Finding(member.site.name, f"{CLOUDS}[{name}].phase", problem, remedy)


def eigrp_is_cisco_only(declared: Declared) -> Iterator[Finding]:
    """FRR takes EIGRP's commands and leaves out what a DMVPN needs of it."""
    for name, members in declared.members.items():
        cloud = declared.clouds[name]
        if declared.sound(cloud, "routing") and cloud.routing.protocol == "eigrp":
            problem = (
                "EIGRP on Linux is not possible: FRR accepts its summary-address, neighbor and split-horizon "
                "commands and does nothing with them"
            )
            for member in on(members, "linux"):
                subject = f"{CLOUDS}[{name}].routing.protocol"
                yield Finding(member.site.name, subject, problem, "write bgp, ospf or static")


def ospf_stays_on_one_platform(declared: Declared) -> Iterator[Finding]:
    """A tunnel address has /32 on Linux and the cloud's mask on IOS; neighbours on a multipoint network
    compare them (RFC 2328, 10.5).
    """
    for name, members in declared.members.items():
        cloud = declared.clouds[name]
        if not declared.sound(cloud, "routing") or cloud.routing.protocol != "ospf":
            continue
        linux = on(members, "linux")
        if linux:
            others = some([member.site.name for member in linux])
            problem = (
                f"OSPF between IOS and Linux ({others}) is not possible: their tunnel addresses have "
                "different masks, which OSPF compares"
            )
            for member in on(members, "ios"):
                subject = f"{CLOUDS}[{name}].routing.protocol"
                yield Finding(member.site.name, subject, problem, "write bgp, or static")


def vrfs_are_devices(declared: Declared) -> Iterator[Finding]:
    """On Linux a VRF is a device beside the interfaces that are in it."""
    for site in declared.sites.values():
        if site.vars.dmvpn_platform == "ios" or "dmvpn_platform" in site.broken:
            continue
        transports = site.vars.dmvpn_transports
        wans = {transport.interface: name for name, transport in transports.items()}
        for name, transport in transports.items():
            vrf, subject = transport.vrf, f"dmvpn_transports.{name}.vrf"
            if vrf is None:
                continue
            remedy = "write the VRF's device as `ip link show type vrf` names it"
            if len(vrf) > LINUX_INTERFACE_MAX:
                problem = f"{shown(vrf)} has {len(vrf)} characters, Linux allows {LINUX_INTERFACE_MAX}"
                yield Finding(site.name, subject, problem, remedy)
            elif vrf in wans:
                problem = f"{shown(vrf)} is the interface of transport {wans[vrf]!r}"
                yield Finding(site.name, subject, problem, remedy)


def interfaces_are_of_the_platform(declared: Declared) -> Iterator[Finding]:
    """Linux allows 15 characters; IOS knows an interface by its full name, as running-config has it."""
    for site in declared.sites.values():
        if "dmvpn_platform" in site.broken:
            continue
        for name, transport in site.vars.dmvpn_transports.items():
            subject, given = f"dmvpn_transports.{name}.interface", transport.interface
            if site.vars.dmvpn_platform == "ios":
                if not IOS_INTERFACE.fullmatch(given):
                    problem = f"{shown(given)} is no interface of IOS by its full name"
                    remedy = "write it as `show ip interface brief` does, such as GigabitEthernet1"
                    yield Finding(site.name, subject, problem, remedy)
                continue
            remedy = "write the interface's name as `ip link` shows it"
            if len(given) > LINUX_INTERFACE_MAX:
                problem = f"{shown(given)} has {len(given)} characters, Linux allows {LINUX_INTERFACE_MAX}"
                yield Finding(site.name, subject, problem, remedy)
            elif "/" in given:
                problem = f"{shown(given)} has a '/', which no interface of Linux has"
                yield Finding(site.name, subject, problem, f"{remedy}, or dmvpn_platform: ios")


def ios_is_usable(declared: Declared) -> Iterator[Finding]:
    """IOS is 15.2 or newer, counted as IOS does."""
    for host, members in declared.memberships().items():
        if not on(members, "ios"):
            continue
        version = members[0].site.vars.dmvpn_ios_version
        said = f"{version[0]}.{version[1]}"
        if version < OLDEST_IOS and version[0] == 3:
            problem = f"{said} is IOS-XE's own count"
            remedy = 'write the IOS release that `show version` names, such as "15.5" for IOS-XE 3.16'
            yield Finding(host, "dmvpn_ios_version", problem, remedy)
        elif version < OLDEST_IOS:
            problem = f"{said} is too old: it lacks what the tunnels need"
            remedy = 'install IOS 15.4 or newer, or IOS-XE 16 or 17, and write, say, "17.15"'
            yield Finding(host, "dmvpn_ios_version", problem, remedy)


def netconf_is_on_ios_xe(declared: Declared) -> Iterator[Finding]:
    """NETCONF goes by the models of IOS-XE 17.14; before that, places in them differ."""
    for host, members in declared.memberships().items():
        for member in on(members, "ios")[:1]:
            version, wanted = member.site.vars.dmvpn_ios_version, member.site.vars.dmvpn_ios_transport
            if wanted == "netconf" and OLDEST_IOS <= version < OLDEST_NETCONF:
                said = f"{version[0]}.{version[1]}"
                problem = f"netconf is not possible with IOS {said}, IOS-XE 17.14 has its models"
                remedy = "write cli, or install IOS-XE 17.14 or newer and correct dmvpn_ios_version"
                yield Finding(host, "dmvpn_ios_transport", problem, remedy)


def time_to_confirm_fits_ios(declared: Declared) -> Iterator[Finding]:
    """A Cisco router undoes a change after 120 minutes at most: it cannot guard one that waits longer."""
    for host, members in declared.memberships().items():
        for member in on(members, "ios")[:1]:
            given = member.site.vars
            seconds = given.dmvpn_confirm_within
            if "dmvpn_confirm_within" not in member.site.broken and seconds > IOS_REVERT_MAX:
                problem = f"{seconds} s is longer than a Cisco router's own timer, 120 minutes"
                yield Finding(host, "dmvpn_confirm_within", problem, f"write {IOS_REVERT_MAX} or less")


def suites_are_on_ios(declared: Declared) -> Iterator[Finding]:
    """Every IOS member has the algorithms of its cloud, so that any two members agree."""
    for name, members in declared.members.items():
        cloud = declared.clouds[name]
        if not declared.sound(cloud, "ipsec"):
            continue
        suite = IOS_SUITES[cloud.ipsec.suite]
        since = f"{suite.since[0]}.{suite.since[1]}"
        for member in on(members, "ios"):
            version = member.site.vars.dmvpn_ios_version
            if OLDEST_IOS <= version < suite.since:
                problem = f"IOS {version[0]}.{version[1]} has no {cloud.ipsec.suite} in IKEv2, {since} has"
                fitting = [known for known, held in IOS_SUITES.items() if held.since <= version]
                remedy = f"install IOS {since} or newer, or give the cloud suite: {fitting[0]}"
                yield Finding(member.site.name, f"{CLOUDS}[{name}].ipsec.suite", problem, remedy)


def values_fit_ios(declared: Declared) -> Iterator[Finding]:
    """Values that Linux takes and IOS does not."""
    for name, members in declared.members.items():
        cloud = declared.clouds[name]
        ios = on(members, "ios")
        if not ios:
            continue
        for key, problem, remedy in beyond_ios(declared, cloud):
            for member in ios:
                yield Finding(member.site.name, f"{CLOUDS}[{name}].{key}", problem, remedy)


IOS_REVERT_MAX = 7200  # seconds: `configure terminal revert timer` counts to 120 minutes
IOS_LIFETIME_MAX = 86400  # seconds: `lifetime` of a profile; IOS 15's security-association lifetime
IOS_MSS_MAX = 1460  # `ip tcp adjust-mss`
IOS_BFD_INTERVAL_MAX = 9999  # milliseconds
IOS_BFD_MULTIPLIER_MIN = 3
EIGRP_ASN_MAX = 65535


def beyond_ios(declared: Declared, cloud: CloudInput) -> Iterator[tuple[str, str, str]]:
    """Key, problem and remedy of each value of a cloud that is out of IOS's range (17.15.1's models)."""
    if declared.sound(cloud, "ipsec"):
        for key in ("ike_lifetime", "esp_lifetime"):
            seconds = getattr(cloud.ipsec, key)
            if seconds > IOS_LIFETIME_MAX:
                problem = f"{seconds} is more than IOS takes"
                yield f"ipsec.{key}", problem, f"write {IOS_LIFETIME_MAX} or less"
        if cloud.ipsec.auth == "certificate" and not re.search(r"=\s*[^\s*,]", cloud.ipsec.remote_id):
            problem = f"{shown(cloud.ipsec.remote_id)} names nothing that IOS could look for in a certificate"
            yield "ipsec.remote_id", problem, "write at least one value, such as O=mgre-dmvpn, OU=*, CN=*"
    if cloud.mss is None and cloud.mtu is not None and cloud.mtu - 40 > IOS_MSS_MAX:
        yield "mtu", f"{cloud.mtu} gives a larger MSS than IOS takes", f"write mss: {IOS_MSS_MAX} beside it"
    elif cloud.mss is not None and cloud.mss > IOS_MSS_MAX:
        yield "mss", f"{cloud.mss} is more than IOS takes", f"write {IOS_MSS_MAX} or less"
    if not declared.sound(cloud, "routing"):
        return
    rules = cloud.routing
    if rules.protocol == "eigrp" and rules.asn > EIGRP_ASN_MAX:
        problem = f"{rules.asn} is more than EIGRP has"
        yield "routing.asn", problem, f"write a number from 1 to {EIGRP_ASN_MAX}"
    if rules.bfd and rules.protocol != "static":
        if rules.bfd.interval > IOS_BFD_INTERVAL_MAX:
            problem = f"{rules.bfd.interval} is more than IOS takes"
            yield "routing.bfd.interval", problem, f"write {IOS_BFD_INTERVAL_MAX} or less"
        if rules.bfd.multiplier < IOS_BFD_MULTIPLIER_MIN:
            problem = f"{rules.bfd.multiplier} is less than IOS takes"
            yield "routing.bfd.multiplier", problem, f"write {IOS_BFD_MULTIPLIER_MIN} or more"
