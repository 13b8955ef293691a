# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Types of addresses and prefixes in the inventory."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from .values import Parsed, refuse, shown, wrong_type


@lru_cache(maxsize=65536)
def address_of(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def unusable(first: IPv4Address) -> str | None:
    """Why an address cannot belong to a host, or None."""
    if first.is_multicast:
        return "multicast"
    if first.is_loopback:
        return "loopback"
    return "reserved" if first.is_reserved or first.packed[0] == 0 else None


def parse_address(value: object, remedy: str = "write an IPv4 address such as 198.51.100.10") -> IPv4Address:
    found = address_of(value) if isinstance(value, str) else None
    if found is None:
        if isinstance(value, str) and "/" in value and address_of(value.split("/")[0]):
            raise refuse(f"{shown(value)} has a prefix length", f"write {value.split('/')[0]}")
        raise wrong_type(value, "an IPv4 address", remedy)
    if why := unusable(found):
        raise refuse(f"{found} is a {why} address", remedy)
    return found


def parse_wan_address(value: object) -> IPv4Address | None:
    """An address, or None for ``dhcp``."""
    if value == "dhcp":
        return None
    return parse_address(value, "write an IPv4 address such as 198.51.100.10, or dhcp")


@lru_cache(maxsize=65536)
def network_of(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def parse_prefix(value: object) -> IPv4Network:
    remedy = "write an IPv4 prefix such as 10.11.0.0/24"
    found = network_of(value) if isinstance(value, str) and "/" in value else None
    if found is None:
        if isinstance(value, str) and address_of(value):
            raise refuse(f"{shown(value)} has no prefix length", f"write {value}/24 or what its length is")
        raise wrong_type(value, "an IPv4 prefix", remedy)
    if str(found) != value:
        raise refuse(f"{shown(value)} is not the prefix itself", f"write {found}")
    if found.prefixlen == 0:
        raise refuse("0.0.0.0/0 is the default route", "write the prefixes that the sites really use")
    if why := unusable(found.network_address):
        raise refuse(f"{found} is {why} space", remedy)
    return found


def parse_lan(value: object) -> IPv4Network:
    found = parse_prefix(value)
    if found.prefixlen < 8:
        raise refuse(f"{found} is larger than a /8, which nhrpd refuses", "write its parts, /8 or longer")
    return found


def parse_overlay_prefix(value: object) -> IPv4Network:
    found = parse_prefix(value)
    if found.prefixlen < 8:
        raise refuse(f"{found} is larger than a /8, which nhrpd refuses", "write a prefix from /8 to /29")
    if found.prefixlen > 29:
        raise refuse(f"{found} has no room for a hub and its spokes", "write a prefix from /8 to /29")
    return found


LINK_LOCAL_GROUPS = IPv4Network("224.0.0.0/24")  # of routing protocols; no router forwards them (RFC 5771)

SOURCE_SPECIFIC = IPv4Network("232.0.0.0/8")  # RFC 4607


def parse_groups(value: object) -> IPv4Network:
    """A prefix of multicast groups."""
    remedy = "write a prefix of multicast groups such as 239.10.0.0/16"
    found = network_of(value) if isinstance(value, str) and "/" in value else None
    if found is None or not found.is_multicast:
        raise wrong_type(value, "a prefix of multicast groups", remedy)
    if str(found) != value:
        raise refuse(f"{shown(value)} is not the prefix itself", f"write {found}")
    if found.overlaps(LINK_LOCAL_GROUPS):
        raise refuse(f"{found} holds {LINK_LOCAL_GROUPS}, which stays on its link", remedy)
    if found.overlaps(SOURCE_SPECIFIC):
        raise refuse(f"{found} holds source-specific groups, which have no rendezvous point", remedy)
    return found


def parse_area(value: object) -> str:
    """An OSPF area as a number or in dotted form; dotted is what it becomes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return str(IPv4Address(value))
    found = address_of(value) if isinstance(value, str) else None
    if found is None:
        raise wrong_type(value, "an OSPF area", "write it as 0.0.0.0 or as a number such as 0")
    return str(found)


IPV4 = {"type": "string", "format": "ipv4"}
CIDR = {"type": "string", "format": "ipv4-prefix", "pattern": r"^[0-9.]+/[0-9]+$"}

Address = Annotated[IPv4Address, Parsed(parse_address, IPV4)]
WanAddress = Annotated[IPv4Address | None, Parsed(parse_wan_address, {"anyOf": [IPV4, {"const": "dhcp"}]})]
Prefix = Annotated[IPv4Network, Parsed(parse_prefix, CIDR)]
LanPrefix = Annotated[IPv4Network, Parsed(parse_lan, CIDR)]
OverlayPrefix = Annotated[IPv4Network, Parsed(parse_overlay_prefix, CIDR)]
GroupPrefix = Annotated[IPv4Network, Parsed(parse_groups, CIDR)]
Area = Annotated[str, Parsed(parse_area, {"anyOf": [IPV4, {"type": "integer", "minimum": 0}]})]
