# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory's variables: the only source of their schema, their reference page and their checks.

Whatever concerns more than one value is in ``checks``; a description here is what the reference prints.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .intent import NEWEST_IOS
from .networks import Address, Area, GroupPrefix, LanPrefix, OverlayPrefix, Prefix, WanAddress
from .pace import NORMAL, Word
from .secret_values import NhrpSecret, Psk
from .suites import MIN_MTU, SuiteName
from .values import (
    Asn,
    Canary,
    CloudName,
    Directory,
    Duration,
    Flag,
    Given,
    InterfaceName,
    Metrics,
    Name,
    Reference,
    RemoteId,
    Share,
    Trustpoint,
    Version,
    VrfName,
    parse_platform,
    parse_protocol,
    refuse,
    whole,
)

JUMBO = 9216  # bytes, the largest that common switches carry


def false_is_none(value: object) -> object:
    if value is True or value is None:
        raise refuse(
            "true says neither interval nor multiplier" if value else "has no value",
            "write false, or {interval: 300, multiplier: 3}",
        )
    return None if value is False else value


def null_is_false(schema: dict[str, Any]) -> None:
    """In JSON Schema what :func:`false_is_none` is in Python."""
    schema["anyOf"] = [{"const": False} if one == {"type": "null"} else one for one in schema["anyOf"]]


class Strict(BaseModel):
    """No unknown key, nothing converted."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BfdInput(Strict):
    """`routing.bfd`: how fast a dead neighbour is noticed."""

    interval: Annotated[int, whole(50, 60000, "number of milliseconds")] = Field(
        default=NORMAL.bfd_interval, description="Milliseconds between two packets, in both directions."
    )
    multiplier: Annotated[int, whole(2, 50)] = Field(
        default=NORMAL.bfd_multiplier,
        description="Packets that may be lost before the neighbour counts as dead.",
    )


class RoutingInput(Strict):
    """`routing`: how LAN prefixes travel over a cloud."""

    protocol: Annotated[Literal["bgp", "ospf", "eigrp", "static"], BeforeValidator(parse_protocol)] = Field(
        default="bgp", description="`bgp`, `ospf`, `static`, or `eigrp` where all members are Cisco's."
    )
    asn: Asn = Field(default=65000, description="AS number of the hubs; EIGRP's number for all.")
    spoke_asn: Given[Asn | None] = Field(
        default=None,
        description="AS number of the spokes. The same as `asn`, which is the default, is iBGP with the hubs "
        "as route reflectors; any other is eBGP.",
    )
    keepalive: Annotated[int, whole(1, 21845, "number of seconds")] = Field(
        default=NORMAL.keepalive, description="Seconds between keepalives (BGP) or hellos (OSPF, EIGRP)."
    )
    holdtime: Annotated[int, whole(3, 65535, "number of seconds")] = Field(
        default=NORMAL.holdtime,
        description="Seconds without them until a neighbour is gone; at least three times `keepalive`.",
    )
    area: Area = Field(default="0.0.0.0", description="OSPF area, dotted or as a number.")
    bfd: Annotated[BfdInput | None, BeforeValidator(false_is_none)] = Field(
        default=BfdInput(),
        description="BFD timers (see [BFD](#bfd)), or `false` to go without. IOS before 16.3 goes "
        "without, and so do BGP sessions between Linux and IOS in iBGP or with FRR 10.2 and 10.3.",
        json_schema_extra=null_is_false,
    )
    summaries: list[Prefix] = Field(
        default=[],
        description="Prefixes that hold the LANs of all sites. Spokes learn these instead of every LAN, "
        "and no router ever sends a packet for them to its provider. Required.",
    )


class IpsecInput(Strict):
    """`ipsec`: how a cloud is protected."""

    auth: Literal["certificate", "psk"] = Field(
        default="certificate",
        description="`certificate`, or `psk`. With a PSK every router can pose as every other: for labs.",
    )
    suite: SuiteName = Field(
        default="aes-gcm-256", description="Algorithms of IKE and ESP; see [suites](#suites)."
    )
    ike_lifetime: Annotated[int, whole(300, 604800, "number of seconds")] = Field(
        default=14400, description="Seconds until an IKE SA is renewed."
    )
    esp_lifetime: Annotated[int, whole(120, 604800, "number of seconds")] = Field(
        default=3600, description="Seconds until an ESP SA is renewed."
    )
    dpd: Annotated[int, whole(1, 3600, "number of seconds")] = Field(
        default=NORMAL.dpd, description="Seconds of silence after which a peer is asked whether it lives."
    )
    remote_id: RemoteId = Field(
        default="O=mgre-dmvpn, OU=*, CN=*",
        description="Pattern that a peer's certificate subject must match.",
    )
    check_identity: Flag = Field(
        default=True,
        description="A peer may hold only the tunnel addresses that its certificate's OU lists. Set `false` "
        "for certificates of a CA that does not write them.",
    )


class CloudInput(Strict):
    """`dmvpn_clouds[]`: one DMVPN cloud."""

    name: CloudName = Field(description="Name of the cloud; becomes part of file and unit names.")
    number: Annotated[int, whole(1, 65535)] = Field(
        description="Number of the tunnel interface: 10 makes `dmvpn10`, on IOS `Tunnel10`. Also GRE key "
        "and NHRP network-id."
    )
    prefix: OverlayPrefix = Field(
        description="Overlay prefix, /8 to /29. A site's address is host number `dmvpn_site`."
    )
    transport: Name = Field(description="Which of a site's `dmvpn_transports` carries the cloud.")
    phase: Literal[1, 2, 3] = Field(
        default=3,
        description="3: spokes make shortcuts to each other. 1: all traffic goes by hubs. 2: shortcuts by "
        "routing, where all members are Cisco's.",
    )
    hubs: list[Reference] = Field(
        min_length=1, description="Inventory hosts that are hubs, in order of preference."
    )
    spokes: Reference = Field(description="Inventory group of the spokes.")
    balance: Flag = Field(
        default=False,
        description="Spread spokes over the hubs: a spoke's order of preference starts at hub number "
        "`dmvpn_site` modulo the number of hubs.",
    )
    key: Given[Annotated[int, whole(1, 4294967295)] | None] = Field(
        default=None, description="GRE key. Default: `number`."
    )
    network_id: Given[Annotated[int, whole(1, 4294967295)] | None] = Field(
        default=None, description="NHRP network-id. Default: `number`."
    )
    nhrp_holdtime: Annotated[int, whole(10, 7200, "number of seconds")] = Field(
        default=NORMAL.nhrp_holdtime,
        description="Seconds that an NHRP registration lives; spokes renew it at a third of that.",
    )
    path_mtu: Annotated[int, whole(MIN_MTU, JUMBO, "number of bytes")] = Field(
        default=1500, description="Largest packet that the providers of all sites carry; PPPoE: 1492."
    )
    mtu: Given[Annotated[int, whole(MIN_MTU, JUMBO, "number of bytes")] | None] = Field(
        default=None,
        description="Tunnel MTU. Default: what fits into `path_mtu`, 1400 at most; see [sizes](#sizes).",
    )
    mss: Given[Annotated[int, whole(536, JUMBO, "number of bytes")] | None] = Field(
        default=None, description="TCP MSS that the routers clamp to. Default: MTU - 40."
    )
    multicast_groups: list[GroupPrefix] = Field(
        default=[],
        description="Multicast groups of the users, carried from the first hub's LAN to those LANs that want "
        "them; Linux only. Needs `dmvpn_multicast_interfaces`.",
    )
    routing: RoutingInput = Field(default=RoutingInput(), description="See [routing](#routing).")
    ipsec: IpsecInput = Field(default=IpsecInput(), description="See [ipsec](#ipsec).")


class TransportInput(Strict):
    """`dmvpn_transports.<name>`: one WAN of a router."""

    interface: InterfaceName = Field(description="WAN interface, such as `eth0` or `GigabitEthernet1`.")
    address: WanAddress = Field(description="Its own IPv4 address, or `dhcp`.")
    nat: Flag = Field(default=False, description="The router is behind NAT.")
    public_address: Given[Address | None] = Field(
        default=None,
        description="What peers see of it behind a static NAT; a hub behind NAT needs it. Implies `nat`.",
    )
    path_mtu: Given[Annotated[int, whole(MIN_MTU, JUMBO, "number of bytes")] | None] = Field(
        default=None,
        description="Largest packet that this provider carries. Default: the cloud's `path_mtu`.",
    )
    allow_gre: list[Address] = Field(
        default=[], description="Peers of other GRE tunnels on this WAN, which stay as they are."
    )
    vrf: Given[VrfName | None] = Field(
        default=None,
        description="Front-door VRF that the interface is in. The VRF, the interface's place in it and its "
        "default route are the router's own.",
    )


class ObjectivesInput(Strict):
    """`dmvpn_objectives`: what `failover.yml` measures against: durations, such as `900ms` or `3s`."""

    hub_loss: Duration = Field(
        default=15000,
        description="Longest outage when a hub's WAN is cut or a hub dies.",
        json_schema_extra={"default": "15s"},
    )
    spoke_wan_loss: Duration = Field(
        default=15000,
        description="Longest outage when a WAN of a spoke with two is cut.",
        json_schema_extra={"default": "15s"},
    )
    daemon_restart: Duration = Field(
        default=15000,
        description="Longest outage when nhrpd, bgpd or charon dies and is started again.",
        json_schema_extra={"default": "15s"},
    )
    brownout: Duration = Field(
        default=3000,
        description="Longest time without any answer while a WAN loses packets.",
        json_schema_extra={"default": "3s"},
    )
    mtu_shrink: Duration = Field(
        default=3000,
        description="Longest outage of small packets while a WAN swallows large ones.",
        json_schema_extra={"default": "3s"},
    )
    restore: Duration = Field(
        default=3000,
        description="Longest outage when what was broken comes back.",
        json_schema_extra={"default": "3s"},
    )


class RolloutInput(Strict):
    """`dmvpn_rollout`: in what order `site.yml` changes routers, the same on all hosts."""

    canary: Canary = Field(
        default=1,
        description="Routers that change first and alone: a number of spokes, or names. If none of those "
        "named changes, as many others are taken.",
    )
    waves: list[Share] = Field(
        default=[10, "10%", "30%"],
        min_length=1,
        description="Sizes of the waves behind them, in routers or in percent of those that change; waves do "
        "not shrink, and the last size is used for all that is left.",
    )
    together: Flag = Field(
        default=False,
        description="All routers in one wave, for a change that both ends of a tunnel have to make at once: "
        "`key`, `prefix`, `ipsec.suite`, AS numbers.",
    )


class SiteInput(Strict):
    """Variables of a host or a group, all but `dmvpn_clouds`."""

    dmvpn_site: Given[Annotated[int, whole(1, 16777213)] | None] = Field(
        default=None,
        description="Site number, unique within a cloud; every member of a cloud needs one. The site's "
        "tunnel address is host number `dmvpn_site` of the cloud's prefix.",
    )
    dmvpn_convergence: Word = Field(
        default="normal",
        description="How soon a loss is noticed: `fast`, `normal` or `slow`, the same on all members of a "
        "cloud; see [convergence](#convergence).",
    )
    dmvpn_overlay: dict[Name, Address] = Field(
        default={}, description="`{cloud: address}`: tunnel addresses that differ from that rule."
    )
    dmvpn_lans: list[LanPrefix] = Field(default=[], description="LAN prefixes of the site, /8 or longer.")
    dmvpn_transports: dict[Name, TransportInput] = Field(
        default={}, description="`{name: WAN}`; see [transports](#transports)."
    )
    dmvpn_drained: Flag = Field(
        default=False,
        description="`true` on a hub that is about to be taken out of service: it forwards as before, and "
        "spokes send by the other hubs; see [how](../convergence.md#to-take-a-hub-out-of-service-and-back).",
    )
    dmvpn_multicast_interfaces: list[InterfaceName] = Field(
        default=[],
        description="LAN interfaces with senders or receivers of a cloud's `multicast_groups`: PIM and IGMP "
        "run there.",
    )
    dmvpn_platform: Annotated[Literal["linux", "ios"], BeforeValidator(parse_platform)] = Field(
        default="linux",
        description="What the router runs: `linux` or `ios` (IOS 15.4 or newer, IOS-XE). A host with "
        "`ansible_network_os: cisco.ios.ios` need not say it.",
    )
    dmvpn_frr_version: Version = Field(
        default=(10, 3),
        json_schema_extra={"default": "10.3"},
        description='Version of FRR on the router, in quotes. Debian 13 has `"10.3"`, Debian 12 `"8.4"`.',
    )
    dmvpn_ios_version: Version = Field(
        default=NEWEST_IOS,
        json_schema_extra={"default": "17.15"},
        description='Release of IOS or IOS-XE on the router, in quotes: `"15.9"` for 15.9(3)M.',
    )
    dmvpn_ios_trustpoint: Trustpoint = Field(
        default="mgre-dmvpn",
        description="Trustpoint of an IOS router with its certificate; enrolling it is the router's own.",
    )
    dmvpn_ios_key: Literal["rsa", "ec"] = Field(
        default="rsa", description="What the key of that certificate is."
    )
    dmvpn_firewall: Literal["nftables", "iptables"] = Field(
        default="nftables", description="What the rules against cleartext are made with."
    )
    dmvpn_psks: dict[Name, Psk] = Field(
        default={},
        description="`{cloud: secret}`, for clouds with `auth: psk`; at least 20 characters. Vault it.",
    )
    dmvpn_nhrp_secrets: dict[Name, NhrpSecret] = Field(
        default={},
        description="`{cloud: secret}`, at most 8 characters; needs FRR 10.2 on every member. Vault it.",
    )
    dmvpn_pki_dir: Given[Directory | None] = Field(
        default=None, description="Controller directory of the private CA that the `pki` role keeps."
    )
    dmvpn_bundle_dir: Given[Directory | None] = Field(
        default=None, description="Where `render.yml` writes the files of every router."
    )
    dmvpn_ios_transport: Literal["cli", "netconf"] = Field(
        default="cli",
        description="How `site.yml` changes an IOS router: `cli`, or `netconf` with IOS-XE 17.14 or newer. "
        "`verify.yml` reads show commands over `network_cli` either way.",
    )
    dmvpn_netconf_port: Given[Annotated[int, whole(1, 65535)] | None] = Field(
        default=None, description="NETCONF on an IOS-XE router, for `netconf_apply`; 830 if not given."
    )
    dmvpn_ssh_port: Given[Annotated[int, whole(1, 65535)] | None] = Field(
        default=None,
        description="Command line of that router, where `netconf_apply` confirms a change without candidate.",
    )
    dmvpn_report_dir: Given[Directory | None] = Field(
        default=None, description="Where `verify.yml` writes its reports."
    )
    dmvpn_audit_dir: Given[Directory | None] = Field(
        default=None, description="Where `audit.yml` writes its report. Default: `artifacts/audit`."
    )
    dmvpn_keys_dir: Given[Directory | None] = Field(
        default=None,
        description="Where `rotate_keys.yml` remembers what is not at its end. Default: `artifacts/keys`.",
    )
    dmvpn_health_dir: Given[Directory | None] = Field(
        default=None, description="Where `health.yml` keeps its looks."
    )
    dmvpn_metrics_dir: Given[Directory | None] = Field(
        default=None,
        description="Controller directory where `health.yml` writes `mgre_dmvpn.prom`. Default: "
        "`dmvpn_health_dir`.",
    )
    dmvpn_metrics: Given[Metrics | None] = Field(
        default=None,
        description="A Linux router measures itself every minute and writes `mgre_dmvpn.prom` into this "
        "directory; `true` is node_exporter's on Debian, `false` takes the collector off again.",
    )
    dmvpn_confirm_within: Given[Annotated[int, whole(0, 86400, "number of seconds")]] = Field(
        default=300,
        description="Seconds after which a router undoes a change by itself unless it was proven and "
        "confirmed, see [commit](../commit.md). A Cisco router counts in whole minutes, to 7200. `0` changes "
        "without that net.",
    )
    dmvpn_change: Given[str | None] = Field(
        default=None,
        description="Why the routers are changed, for example the number of a change request; routers keep "
        "it in their history.",
    )
    dmvpn_objectives: ObjectivesInput = Field(
        default=ObjectivesInput(),
        json_schema_extra={"default": {}},
        description="What a failover may cost, see [objectives](#objectives); those of the router that is "
        "broken count.",
    )
    dmvpn_plan: Given[Directory | None] = Field(
        default=None,
        description="A `plan.json` that `site.yml` is to carry out; for the command line, see "
        "[plan](../plan.md).",
    )
    dmvpn_plan_dir: Given[Directory | None] = Field(
        default=None, description="Where `plan.yml` writes. Default: `artifacts/plan`."
    )
    dmvpn_rollout: RolloutInput = Field(
        default=RolloutInput(),
        json_schema_extra={"default": {}},
        description="In what order `site.yml` changes routers, see [rollout](#rollout).",
    )


class Inventory(SiteInput):
    """All variables of the collection."""

    dmvpn_clouds: list[CloudInput] = Field(
        default=[], description="The clouds; set it once, for a group that holds every router."
    )


def known_keys(path: tuple[Any, ...]) -> tuple[str, ...]:
    """The keys that the models have at a place in a host's variables; empty where any name may stand."""
    places: dict[tuple[str, ...], type[BaseModel]] = {
        (): Inventory,
        ("dmvpn_clouds",): CloudInput,
        ("dmvpn_clouds", "routing"): RoutingInput,
        ("dmvpn_clouds", "routing", "bfd"): BfdInput,
        ("dmvpn_clouds", "ipsec"): IpsecInput,
        ("dmvpn_transports",): TransportInput,
        ("dmvpn_objectives",): ObjectivesInput,
        ("dmvpn_rollout",): RolloutInput,
    }
    # The second part is an index or a name of the user's.
    model = places.get(tuple(str(part) for part in path[:1] + path[2:]))
    return tuple(model.model_fields) if model else ()
