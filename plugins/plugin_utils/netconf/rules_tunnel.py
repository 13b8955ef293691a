# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lines of a tunnel interface and their places in the models: addresses, NHRP, the tunnel itself, BFD, OSPF.

A rule whose section is "" is for lines of the first column.
"""

from __future__ import annotations

from .table import Table, rule

NHRP = "ip/nhrp:nhrp-v4/nhrp"
OSPF = "ip/ospf:router-ospf/ospf"
TUNNEL = "tunnel:tunnel"
GROUPS = "nhrp:nhrp-tunn/nhrp"
NHS = f"{NHRP}/nhs/ipv4[ipv4={{hub}}]"
NHS_NBMA = f"{NHS}/nbma/ipv4[ipv4={{nbma}}]"
PROTECTION = f"{TUNNEL}/protection/crypto:ipsec/profile-option"

RULES: Table = {
    "": (rule("interface Tunnel{number:int}", "interface/Tunnel[name={number}]", section="tunnel"),),
    "tunnel": (
        rule("description {text*}", "description={text}"),
        rule("bandwidth {kilobits}", "bandwidth/kilobits={kilobits}"),
        rule("delay {delay}", "delay={delay}"),
        rule("shutdown", "shutdown"),
        rule("vrf forwarding {vrf}", "vrf/forwarding={vrf}"),
        rule(
            "ip address {address} {mask}",
            "ip/address/primary/address={address}",
            "ip/address/primary/mask={mask}",
        ),
        rule("no ip redirects", "ip/redirects=false"),
        rule("ip mtu {mtu}", "ip/mtu={mtu}"),
        rule("ip tcp adjust-mss {mss}", "ip/tcp/adjust-mss={mss}"),
        rule("qos pre-classify", "qos/pre-classify"),
        rule("if-state nhrp", "nhrp:if-state-tunnel/if-state/nhrp"),
        # NHRP
        rule("ip nhrp authentication {secret}", f"{NHRP}/authentication={{secret}}"),
        rule("ip nhrp network-id {number}", f"{NHRP}/network-id={{number}}"),
        rule("ip nhrp holdtime {seconds}", f"{NHRP}/holdtime={{seconds}}"),
        rule("ip nhrp map multicast dynamic", f"{NHRP}/map/multicast/dynamic_new=true"),
        rule("ip nhrp map multicast {nbma:ip}", f"{NHRP}/map/multicast/nbma_ipv4[.={{nbma}}]"),
        rule(
            "ip nhrp map {overlay:ip} {nbma:ip}",
            f"{NHRP}/map/dest-ipv4[dest-ipv4={{overlay}}]/nbma-ipv4[nbma-ipv4={{nbma}}]",
        ),
        rule("ip nhrp nhs {hub:ip}", NHS),
        rule("ip nhrp nhs {hub:ip} nbma {nbma:ip}", NHS_NBMA),
        rule("ip nhrp nhs {hub:ip} nbma {nbma:ip} multicast", f"{NHS_NBMA}/multicast"),
        rule(
            "ip nhrp nhs {hub:ip} nbma {nbma:ip} multicast priority {priority}",
            f"{NHS_NBMA}/multicast/priority/prior[prior={{priority}}]",
        ),
        rule(
            "ip nhrp nhs {hub:ip} nbma {nbma:ip} multicast priority {priority} cluster {cluster}",
            f"{NHS_NBMA}/multicast/priority/prior[prior={{priority}}]/cluster={{cluster}}",
        ),
        rule(
            "ip nhrp nhs cluster {cluster} max-connections {limit}",
            f"{NHRP}/nhs/cluster/clus-num[clus-num={{cluster}}]/max-connections={{limit}}",
        ),
        rule("ip nhrp nhs fallback {seconds}", f"{NHRP}/nhs/fallback={{seconds}}"),
        rule("ip nhrp registration no-unique", f"{NHRP}/registration/no-unique"),
        rule("ip nhrp registration timeout {seconds}", f"{NHRP}/registration/timeout={{seconds}}"),
        rule("ip nhrp redirect", f"{NHRP}/redirect"),
        rule("ip nhrp redirect timeout {seconds}", f"{NHRP}/redirect/timeout={{seconds}}"),
        rule("ip nhrp shortcut", f"{NHRP}/shortcut"),
        rule("ip nhrp server-only", f"{NHRP}/server-only"),
        rule("nhrp group {group}", f"{GROUPS}/group={{group}}"),
        rule(
            "nhrp map group {group} service-policy output {policy}",
            f"{GROUPS}/map/group/nhrp-name[nhrp-name={{group}}]/service-policy/output={{policy}}",
        ),
        rule("no nhrp route-watch", f"{GROUPS}/route-watch-nhrp=false"),
        # the tunnel
        rule("tunnel source {source}", f"{TUNNEL}/source={{source}}"),
        rule("tunnel mode gre multipoint", f"{TUNNEL}/mode/gre-config/multipoint"),
        rule("tunnel destination {address:ip}", f"{TUNNEL}/destination-config/ipv4={{address}}"),
        rule("tunnel key {key}", f"{TUNNEL}/key={{key}}"),
        rule("tunnel vrf {vrf}", f"{TUNNEL}/vrf-config/vrf-common/vrf={{vrf}}"),
        rule("tunnel path-mtu-discovery", f"{TUNNEL}/path-mtu-discovery"),
        rule("tunnel protection ipsec profile {profile}", f"{PROTECTION}/name={{profile}}"),
        rule(
            "tunnel protection ipsec profile {profile} shared",
            f"{PROTECTION}/name={{profile}}",
            f"{PROTECTION}/shared",
        ),
        # BFD and OSPF
        rule(
            "bfd interval {send} min_rx {receive} multiplier {count}",
            "bfd/bfd:interval-interface/msecs={send}",
            "bfd/bfd:interval-interface/min_rx={receive}",
            "bfd/bfd:interval-interface/multiplier={count}",
        ),
        rule("no bfd echo", "bfd/bfd:echo=false"),
        rule(
            "ip ospf {process:int} area {area}",
            f"{OSPF}/process-id[id={{process}}]/area[area-id={{area}}]",
        ),
        rule(
            "ip ospf network {kind:broadcast|non-broadcast|point-to-multipoint|point-to-point}",
            f"{OSPF}/network/{{kind}}",
        ),
        rule("ip ospf priority {priority}", f"{OSPF}/priority={{priority}}"),
        rule("ip ospf hello-interval {seconds}", f"{OSPF}/hello-interval={{seconds}}"),
        rule("ip ospf dead-interval {seconds}", f"{OSPF}/dead-interval={{seconds}}"),
        rule("ip ospf cost {cost}", f"{OSPF}/cost={{cost}}"),
        rule("ip ospf mtu-ignore", f"{OSPF}/mtu-ignore=true"),
        rule("ip ospf bfd", f"{OSPF}/bfd"),
        rule("ip ospf prefix-suppression", f"{OSPF}/prefix-suppression"),
    ),
}

# What the models hold where the configuration says nothing.
DEFAULTS = (
    "interface/Tunnel[name=*]/ip/redirects=true",
    f"interface/Tunnel[name=*]/{NHRP}/map/multicast/dynamic_new=true",
    f"interface/Tunnel[name=*]/{GROUPS}/route-watch-nhrp=true",
    "interface/Tunnel[name=*]/bfd/bfd:echo=true",
    f"interface/Tunnel[name=*]/{OSPF}/priority=1",
    f"interface/Tunnel[name=*]/{OSPF}/mtu-ignore=false",
)
