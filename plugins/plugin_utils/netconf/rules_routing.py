# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""BGP, OSPF, EIGRP, static routes and filters: lines and their places in the models."""

from __future__ import annotations

from collections.abc import Iterator

from .table import Rule, Table, rule

FAMILIES = "address-family/no-vrf/ipv4[af-name=unicast]"
UNICAST = f"{FAMILIES}/ipv4-unicast"
ROUTE = "ip/route/ip-route-interface-forwarding-list[prefix={prefix}][mask={mask}]/fwd-list[fwd={via}]"
PREFIXES = "ip/prefix-lists/prefixes[name={name}][no={number}]"
BASE = "topology/topo-base[topology-base=base]"
FAMILY = "address-family/ipv4/af-ipv4[unicast=unicast]"
METRIC = ("bandwidth", "delay", "reliability", "load", "mtu")


def neighbor(line: str, *paths: str) -> Iterator[Rule]:
    """A line of a neighbour and of a peer group: the models hold the two apart."""
    for who, place in (
        ("{peer:ip}", "neighbor[id={peer}]"),
        ("{peer:name}", "peer-group/neighbor[id={peer}]"),
    ):
        yield rule(f"neighbor {who} {line}", *(f"{place}/{path}" for path in paths))


def static(line: str, place: str) -> Iterator[Rule]:
    """The forms of a static route."""
    for distance in ("", " {distance:int}"):
        for tail, more in (("", ""), (" name {name}", "name={name}")):
            paths = [f"{place}/metric={{distance}}"] if distance else []
            paths += [f"{place}/{more}"] if more else []
            yield rule(f"{line}{distance}{tail}", *(paths or [place]))


RULES: Table = {
    "": (
        rule("router bgp {asn}", "router/bgp:bgp[id={asn}]", section="bgp"),
        rule(
            "router ospf {process:int}",
            "router/ospf:router-ospf/ospf/process-id[id={process}]",
            section="ospf",
        ),
        rule(
            "router eigrp {name}", "router/eigrp:router-eigrp/eigrp/named-mode[name={name}]", section="eigrp"
        ),
        *static("ip route {prefix:ip} {mask:ip} {via}", ROUTE),
        *static(
            "ip route {prefix:ip} {mask:ip} {via} {hop:ip}", f"{ROUTE}/interface-next-hop[ip-address={{hop}}]"
        ),
        *(
            rule(
                "ip prefix-list {name} seq {number:int} {action:permit|deny} {prefix}" + bounds,
                f"{PREFIXES}/action={{action}}",
                f"{PREFIXES}/ip={{prefix}}",
                *(f"{PREFIXES}/{bound}={{{bound}}}" for bound in ("ge", "le") if f" {bound} " in bounds),
            )
            for bounds in ("", " ge {ge:int}", " le {le:int}", " ge {ge:int} le {le:int}")
        ),
        rule(
            "route-map {name} {operation:permit|deny} {number:int}",
            "route-map[name={name}]/route-map:route-map-without-order-seq[seq_no={number}]/operation={operation}",
            section="route-map",
            inside="route-map[name={name}]/route-map:route-map-without-order-seq[seq_no={number}]",
        ),
    ),
    "bgp": (
        rule("bgp router-id {address:ip}", "bgp/router-id/ip-id={address}"),
        rule("bgp log-neighbor-changes", "bgp/log-neighbor-changes=true"),
        rule("no bgp default ipv4-unicast", "bgp/default/ipv4-unicast=false"),
        rule("bgp listen limit {limit}", "bgp/listen/limit={limit}"),
        rule(
            "bgp listen range {prefix} peer-group {group}",
            "bgp/listen/range[network-range={prefix}][peer-group={group}]",
        ),
        rule("neighbor {peer:name} peer-group", "peer-group/neighbor[id={peer}]/peer-group"),
        rule(
            "neighbor {peer:ip} peer-group {group}", "neighbor[id={peer}]/peer-group/peer-group-name={group}"
        ),
        *neighbor("remote-as {asn}", "remote-as={asn}"),
        *neighbor("description {text*}", "description={text}"),
        *neighbor(
            "timers {keepalive} {holdtime}",
            "timers/keepalive-interval={keepalive}",
            "timers/holdtime={holdtime}",
        ),
        *neighbor("update-source Tunnel{number:int}", "update-source/interface/Tunnel={number}"),
        *neighbor("fall-over bfd", "fall-over/bfd"),
        *neighbor("fall-over bfd single-hop", "fall-over/bfd/single-hop"),
        *neighbor("ebgp-multihop {hops}", "ebgp-multihop/max-hop={hops}"),
        *neighbor("disable-connected-check", "disable-connected-check"),
        *neighbor("transport connection-mode {mode:active|passive}", "transport/connection-mode={mode}"),
        rule("address-family ipv4", FAMILIES, section="bgp-unicast", inside=UNICAST),
        rule("address-family ipv4 unicast", FAMILIES, section="bgp-unicast", inside=UNICAST),
    ),
    "bgp-unicast": (
        rule("network {prefix:ip} mask {mask:ip}", "network/with-mask[number={prefix}][mask={mask}]"),
        rule(
            "network {prefix:ip} mask {mask:ip} route-map {map}",
            "network/with-mask[number={prefix}][mask={mask}]/route-map={map}",
        ),
        rule("network {prefix:ip}", "network/no-mask[number={prefix}]"),
        rule("network {prefix:ip} route-map {map}", "network/no-mask[number={prefix}]/route-map={map}"),
        *neighbor("activate", "activate"),
        *neighbor("route-reflector-client", "route-reflector-client"),
        *neighbor("next-hop-self", "next-hop-self"),
        *neighbor("next-hop-self all", "next-hop-self/all"),
        *neighbor("soft-reconfiguration inbound", "soft-reconfiguration=inbound"),
        *neighbor("default-originate", "default-originate"),
        *neighbor("send-community", "send-community"),
        *neighbor("send-community both", "send-community/send-community-where=both"),
        *neighbor("as-override", "as-override"),
        *neighbor("allowas-in {times}", "allowas-in/as-number={times}"),
        *neighbor("maximum-prefix {count}", "maximum-prefix/max-prefix-no={count}"),
        *neighbor("route-map {map} {way:in|out}", "route-map[inout={way}]/route-map-name={map}"),
        *neighbor("prefix-list {list} {way:in|out}", "prefix-list[inout={way}]/prefix-list-name={list}"),
        rule(
            "aggregate-address {prefix:ip} {mask:ip} summary-only",
            "aggregate-address[ipv4-address={prefix}][ipv4-mask={mask}]/summary-only",
        ),
        rule("redistribute connected route-map {map}", "redistribute/connected/route-map={map}"),
        rule("redistribute static route-map {map}", "redistribute/static/ip/route-map={map}"),
        rule("maximum-paths {count:int}", "maximum-paths/ebgp={count}"),
        rule("maximum-paths ibgp {count:int}", "maximum-paths/ibgp-leaf={count}"),
        rule("maximum-paths eibgp {count:int}", "maximum-paths/eibgp={count}"),
        rule(
            "distance bgp {external} {internal} {local}",
            "distance/bgp/extern-as={external}",
            "distance/bgp/internal-as={internal}",
            "distance/bgp/local={local}",
        ),
    ),
    "ospf": (
        rule("router-id {address:ip}", "router-id={address}"),
        rule(
            "network {prefix:ip} {wildcard:ip} area {area}",
            "network[ip={prefix}][wildcard={wildcard}]/area={area}",
        ),
        rule("passive-interface default", "passive-interface/default=true"),
        rule("redistribute {what:connected|static}", "redistribute/{what}"),
        rule("redistribute {what:connected|static} subnets", "redistribute/{what}/subnets"),
        rule("redistribute {what:connected|static} route-map {map}", "redistribute/{what}/route-map={map}"),
        rule(
            "redistribute {what:connected|static} subnets route-map {map}",
            "redistribute/{what}/subnets",
            "redistribute/{what}/route-map={map}",
        ),
        rule(
            "redistribute {what:connected|static} metric-type {kind:1|2} subnets route-map {map}",
            "redistribute/{what}/metric-type={kind}",
            "redistribute/{what}/subnets",
            "redistribute/{what}/route-map={map}",
        ),
        rule("bfd all-interfaces", "bfd/all-interfaces"),
        rule("maximum-paths {count}", "maximum-paths-config/max-paths={count}"),
        rule("auto-cost reference-bandwidth {megabits}", "auto-cost/reference-bandwidth={megabits}"),
        rule(
            "distribute-list prefix {list} in",
            "distribute-list/prefix-list/prefix-list-in[in=in]/prefix-list={list}",
        ),
        rule(
            "distribute-list route-map {map} in",
            "distribute-list/route-map/route-map-in[in=in]/route-map-name={map}",
        ),
        rule("distance {distance:int}", "distance/distance={distance}"),
        rule(
            "timers throttle spf {delay} {least} {most}",
            "timers/throttle/spf/delay={delay}",
            "timers/throttle/spf/min-delay={least}",
            "timers/throttle/spf/max-delay={most}",
        ),
    ),
    "eigrp": (
        rule(
            "address-family ipv4 unicast autonomous-system {asn}",
            f"{FAMILY}/autonomous-system={{asn}}",
            f"{FAMILY}/{BASE}",  # mandatory in the model
            section="eigrp-family",
            inside=FAMILY,
        ),
        rule("shutdown", "shutdown=true"),
    ),
    "eigrp-family": (
        rule("af-interface {interface}", "af-interface[interface={interface}]", section="eigrp-interface"),
        rule("topology base", BASE, section="eigrp-topology"),
        rule(
            "network {prefix:ip} {wildcard:ip}",
            "network/address-wildcard[ipv4-address={prefix}][wildcard={wildcard}]",
        ),
        rule("network {prefix:ip}", "network/address[ipv4-address={prefix}]"),
        rule("eigrp router-id {address:ip}", "eigrp/router-id={address}"),
        rule("eigrp stub {what+}", "eigrp/stub/advertise/{what}"),
    ),
    "eigrp-interface": (
        rule("hello-interval {seconds}", "hello-interval={seconds}"),
        rule("hold-time {seconds}", "hold-time={seconds}"),
        rule("bandwidth-percent {percent}", "bandwidth-percent={percent}"),
        rule("bfd", "bfd=true"),
        rule("no split-horizon", "split-horizon=false"),
        rule("no next-hop-self", "next-hop-self=false"),
        rule("passive-interface", "passive-interface=true"),
        rule("no passive-interface", "passive-interface=false"),
        rule("shutdown", "shutdown=true"),
        rule(
            "summary-address {prefix:ip} {mask:ip}",
            "summary-address/ipv4-address-mask[ipv4-address={prefix}][mask={mask}]",
        ),
    ),
    "eigrp-topology": (
        rule("redistribute {what:connected|static}", "redistribute/{what}"),
        rule("redistribute {what:connected|static} route-map {map}", "redistribute/{what}/route-map={map}"),
        rule(
            "redistribute {what:connected|static} metric " + " ".join(f"{{{word}}}" for word in METRIC),
            *(f"redistribute/{{what}}/metric/{word}={{{word}}}" for word in METRIC),
        ),
        rule(
            "redistribute {what:connected|static} metric "
            + " ".join(f"{{{word}}}" for word in METRIC)
            + " route-map {map}",
            *(f"redistribute/{{what}}/metric/{word}={{{word}}}" for word in METRIC),
            "redistribute/{what}/route-map={map}",
        ),
        rule(
            "default-metric " + " ".join(f"{{{word}}}" for word in METRIC),
            *(f"default-metric/{word}={{{word}}}" for word in METRIC),
        ),
        rule("maximum-paths {count}", "maximum-paths={count}"),
        rule("variance {factor}", "variance={factor}"),
        *(
            rule(
                f"distribute-list prefix {{list}} {way}{on}",
                f"distribute-list/prefix-list/prefix-list-{way}{kind}[{way}={way}]{key}/prefix-list={{list}}",
            )
            for way in ("in", "out")
            for on, kind, key in (("", "", ""), (" {interface}", "-interface", "[interface={interface}]"))
        ),
        *(
            rule(
                f"distribute-list route-map {{map}} {way}{on}",
                f"distribute-list/route-map/route-map-{way}{kind}[{way}={way}]{key}/route-map-name={{map}}",
            )
            for way in ("in", "out")
            for on, kind, key in (("", "", ""), (" {interface}", "-interface", "[interface={interface}]"))
        ),
    ),
    "route-map": (
        rule("match ip address prefix-list {lists+}", "match/ip/address/prefix-list-ordered[.={lists}]"),
        rule("match ip next-hop prefix-list {lists+}", "match/ip/next-hop/prefix-list-ordered[.={lists}]"),
        rule(
            "match ip route-source prefix-list {lists+}",
            "match/ip/route-source/prefix-list-ordered[.={lists}]",
        ),
        rule("match interface {interfaces+}", "match/interface/interface[.={interfaces}]"),
        rule("match tag {tags+}", "match/tag/tag-val[.={tags}]"),
        rule(
            "match local-preference {value}",
            "match/bgp:bgp-route-map-match/local-preference/values[.={value}]",
        ),
        rule("set local-preference {value}", "set/bgp:bgp-route-map-set/local-preference={value}"),
        rule("set weight {value}", "set/bgp:bgp-route-map-set/weight={value}"),
        rule("set metric {value:int}", "set/metric/values/value={value}"),
        rule("set metric {change:[+-]\\d+}", "set/metric/metric-change={change}"),
        rule("set metric-type {kind:type-1|type-2|internal|external}", "set/metric-type={kind}"),
        rule("set tag {tag}", "set/tag-val={tag}"),
        rule(
            "set as-path prepend {numbers*}",
            "set/bgp:bgp-route-map-set/as-path/prepend/as-container/as-number={numbers}",
        ),
        rule("continue {number:int}", "continue/sequence-number={number}"),
    ),
}

DEFAULTS = (
    "router/bgp:bgp[id=*]/bgp/log-neighbor-changes=true",
    "router/bgp:bgp[id=*]/bgp/default/ipv4-unicast=true",
    "router/ospf:router-ospf/ospf/process-id[id=*]/auto-cost/reference-bandwidth=100",
    "router/ospf:router-ospf/ospf/process-id[id=*]/maximum-paths-config/max-paths=4",
    f"router/eigrp:router-eigrp/eigrp/named-mode[name=*]/{FAMILY}/af-interface[interface=*]/split-horizon=true",
    f"router/eigrp:router-eigrp/eigrp/named-mode[name=*]/{FAMILY}/af-interface[interface=*]/passive-interface=false",
)
