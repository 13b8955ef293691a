# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cloud in the inventory: the schema of ``dmvpn_clouds[]`` and what is below it. See ``models``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .networks import Area, GroupPrefix, OverlayPrefix, Prefix
from .pace import NORMAL
from .suites import MIN_MTU, SuiteName
from .values import (
    Asn,
    CloudName,
    Flag,
    Given,
    Name,
    Reference,
    RemoteId,
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
