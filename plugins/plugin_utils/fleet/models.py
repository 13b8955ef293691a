# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory's variables: the only source of their schema, their reference page and their checks.

Whatever concerns more than one value is in ``checks``; a description here is what the reference prints.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from .cloud_models import JUMBO, BfdInput, CloudInput, IpsecInput, RoutingInput, Strict
from .intent import NEWEST_IOS
from .networks import Address, LanPrefix, WanAddress
from .pace import Word
from .secret_values import NhrpSecret, Psk
from .suites import MIN_MTU
from .values import (
    Canary,
    Directory,
    Duration,
    Flag,
    Given,
    InterfaceName,
    Metrics,
    Name,
    Share,
    Trustpoint,
    Version,
    VrfName,
    parse_platform,
    whole,
)


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
