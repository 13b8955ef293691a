# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Types of single values in the inventory: each says what is wrong and what to write instead.

A type is strict, because YAML and Jinja make it easy to write text where a number is meant. Each parser
raises what :func:`refuse` makes; nothing else leaves it. None of them shows a value that it was not made
for, and :class:`Unread` stands where a secret exists but was not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, NetmaskValueError
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError, core_schema

from .nearest import nearest, or_one_of

REFUSED = "refused"

PSK_MIN = 20  # characters; less can be guessed offline by whoever once answered as a hub
NHRP_SECRET_MAX = 8  # characters, RFC 2332 extension as Cisco and FRR implement it
INTERFACE_MAX = 15  # characters, IFNAMSIZ - 1

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,19}", re.ASCII)
INTERFACE = re.compile(r"[A-Za-z0-9_.:@-]+", re.ASCII)
PRINTABLE = re.compile(r"[!#-\[\]-~]+", re.ASCII)  # no blank, no quote, no backslash
DISTINGUISHED = re.compile(r"[A-Za-z0-9 =,.*_/:@+-]+", re.ASCII)


def refuse(problem: str, remedy: str) -> PydanticCustomError:
    """The only error of a parser."""
    # Through the context, so that braces in a value are never taken for a placeholder.
    return PydanticCustomError(REFUSED, "{problem}; {remedy}", {"problem": problem, "remedy": remedy})


class Unread:
    """A secret that is there and was not read."""

    def __repr__(self) -> str:
        return "Unread()"


UNREAD = Unread()


def shown(value: object) -> str:
    """A value as a message quotes it: short, and never the inside of anything but plain scalars."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a very large number"
    if isinstance(value, float):
        return repr(value)
    return (
        "a list"
        if isinstance(value, (list, tuple))
        else "a mapping"
        if isinstance(value, dict)
        else "an object"
    )


def wrong_type(value: object, wanted: str, remedy: str) -> PydanticCustomError:
    """For a value of another type; names the usual reasons: YAML's null and a template that stayed."""
    if value is None:
        return refuse("has no value", f"{remedy}, or remove the line")
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return refuse("holds a template that was not resolved", f"{remedy}, or define what the template uses")
    return refuse(f"{shown(value)} is not {wanted}", remedy)


@dataclass(frozen=True)
class Parsed:
    """A pydantic type made of one function, and its JSON Schema."""

    parse: Callable[[object], object]
    schema: dict[str, Any] = field(hash=False)

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(self, schema: object, handler: object) -> dict[str, Any]:
        return dict(self.schema)


def whole(low: int, high: int, what: str = "number") -> Parsed:
    """A whole number from ``low`` to ``high``; ``what`` names it with its unit."""
    remedy = f"write a {what} from {low} to {high}"

    def parse(value: object) -> int:
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 12:
            raise refuse(f"{shown(value)} is text", f"write {int(value)} without quotes")
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type(value, "a whole number", remedy)
        if not low <= value <= high:
            raise refuse(f"{shown(value)} is out of range", remedy)
        return value

    return Parsed(parse, {"type": "integer", "minimum": low, "maximum": high})


def parse_flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("yes", "no", "true", "false", "on", "off"):
        meant = "true" if value.lower() in ("yes", "true", "on") else "false"
        raise refuse(f"{shown(value)} is text", f"write {meant} without quotes")
    raise wrong_type(value, "true or false", "write true or false")


def given(value: object) -> object:
    """Refuses YAML's null where leaving the line out is meant."""
    if value is None:
        raise wrong_type(None, "", "write a value")
    return value


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
    except (ValueError, NetmaskValueError):
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


def parse_overlay_prefix(value: object) -> IPv4Network:
    found = parse_prefix(value)
    if found.prefixlen < 8:
        raise refuse(f"{found} is larger than a /8, which nhrpd refuses", "write a prefix from /8 to /29")
    if found.prefixlen > 29:
        raise refuse(f"{found} has no room for a hub and its spokes", "write a prefix from /8 to /29")
    return found


def parse_name(value: object) -> str:
    remedy = "write a letter, then letters, digits, - and _, 20 characters at most"
    if not isinstance(value, str):
        raise wrong_type(value, "a name", remedy)
    if not NAME.fullmatch(value):
        raise wrong_type(value, "a name", remedy)
    return value


def parse_cloud_name(value: object) -> str:
    name = parse_name(value)
    if name.lower() in ("guard", "nhrp-events", "ospf", "dmvpn"):
        raise refuse(f"{shown(name)} is the name of something else on the router", "write another name")
    return name


def parse_reference(value: object) -> str:
    """The inventory name of a host or a group."""
    if not isinstance(value, str) or not value or "{{" in value or "{%" in value:
        raise wrong_type(value, "a name", "write the name as the inventory has it")
    return value


def parse_interface(value: object) -> str:
    remedy = "write the name of the WAN interface, such as eth0"
    if not isinstance(value, str) or not INTERFACE.fullmatch(value) or value in (".", "..", "lo"):
        raise wrong_type(value, "a WAN interface", remedy)
    if len(value) > INTERFACE_MAX:
        raise refuse(
            f"{shown(value)} has {len(value)} characters, Linux allows {INTERFACE_MAX}",
            "write the interface's name as `ip link` shows it",
        )
    if re.fullmatch(r"dmvpn[0-9]+", value):
        raise refuse(f"{shown(value)} is the name of a tunnel", remedy)
    return value


def parse_asn(value: object) -> int:
    remedy = "write an AS number, for private use 64512 to 65534 or 4200000000 to 4294967294"
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 12:
        raise refuse(f"{shown(value)} is text", f"write {int(value)} without quotes")
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(value, "an AS number", remedy)
    if not 1 <= value <= 4294967294:
        raise refuse(f"{shown(value)} is out of range", remedy)
    if value in (23456, 65535):
        raise refuse(f"{value} is reserved (RFC 7607, RFC 7300)", remedy)
    return value


def parse_area(value: object) -> str:
    """An OSPF area as a number or in dotted form; dotted is what it becomes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return str(IPv4Address(value))
    found = address_of(value) if isinstance(value, str) else None
    if found is None:
        raise wrong_type(value, "an OSPF area", "write it as 0.0.0.0 or as a number such as 0")
    return str(found)


def parse_version(value: object) -> tuple[int, int]:
    remedy = 'write major.minor in quotes, such as "10.3"'
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise refuse(f"{shown(value)} is a number, in which 10.10 and 10.1 are the same", remedy)
    found = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})", value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        raise wrong_type(value, "a version", remedy)
    return int(found[1]), int(found[2])


def parse_remote_id(value: object) -> str:
    remedy = "write a pattern of a certificate subject, such as O=mgre-dmvpn, OU=*, CN=*"
    if not isinstance(value, str) or not DISTINGUISHED.fullmatch(value) or "=" not in value:
        raise wrong_type(value, "a certificate subject", remedy)
    return value


def parse_directory(value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise wrong_type(value, "a directory", "write a path")
    return value


def secret(value: object, remedy: str) -> str | None:
    """The text of a secret, or None for one that was not read. Messages never show it."""
    if isinstance(value, (SecretStr, Unread)):
        return value.get_secret_value() if isinstance(value, SecretStr) else None
    if value is None:
        raise refuse("has no value", remedy)
    if isinstance(value, (bool, int, float)):
        raise refuse("is a number, not text", "put the secret in quotes")
    if isinstance(value, (list, tuple, dict)):
        raise refuse("is not text", remedy)
    if not isinstance(value, str):
        return None
    if "{{" in value or "{%" in value:
        raise refuse("holds a template that was not resolved", "define what the template uses")
    if value and not PRINTABLE.fullmatch(value):
        raise refuse(
            "has a character that the daemons' files cannot hold",
            'write ASCII letters, digits and signs, without blank, " and \\',
        )
    return value


def parse_psk(value: object) -> SecretStr | Unread:
    remedy = f"write at least {PSK_MIN} random characters, such as `openssl rand -base64 24` gives"
    text = secret(value, remedy)
    if text is None:
        return UNREAD
    if len(text) < PSK_MIN:
        raise refuse(f"has {len(text)} characters, which can be guessed", remedy)
    return SecretStr(text)


def parse_nhrp_secret(value: object) -> SecretStr | Unread:
    remedy = f"write 1 to {NHRP_SECRET_MAX} characters"
    text = secret(value, remedy)
    if text is None:
        return UNREAD
    if not 1 <= len(text) <= NHRP_SECRET_MAX:
        raise refuse(f"has {len(text)} characters", remedy)
    return SecretStr(text)


def parse_protocol(value: object) -> str:
    known = ("bgp", "ospf", "static")
    if isinstance(value, str) and value.lower() == "eigrp":
        raise refuse(
            "EIGRP on Linux is not possible: FRR accepts its summary-address, neighbor and split-horizon "
            "commands and does nothing with them",
            "write bgp, ospf or static",
        )
    if not isinstance(value, str) or value not in known:
        raise wrong_type(value, "a routing protocol", or_one_of(nearest(value, known), known))
    return value


def parse_platform(value: object) -> str:
    if isinstance(value, str) and value.lower() in ("ios", "ios-xe", "iosxe", "cisco"):
        raise refuse("Cisco IOS is not supported in this release, it is the next one's", "write linux")
    if value != "linux":
        raise wrong_type(value, "a platform", "write linux")
    return "linux"


IPV4 = {"type": "string", "format": "ipv4"}
CIDR = {"type": "string", "pattern": r"^[0-9.]+/[0-9]+$"}
NAMED = {"type": "string", "pattern": f"^{NAME.pattern}$"}

T = TypeVar("T")
Given = Annotated[T, BeforeValidator(given)]
Flag = Annotated[bool, Parsed(parse_flag, {"type": "boolean"})]
Address = Annotated[IPv4Address, Parsed(parse_address, IPV4)]
WanAddress = Annotated[IPv4Address | None, Parsed(parse_wan_address, {"anyOf": [IPV4, {"const": "dhcp"}]})]
Prefix = Annotated[IPv4Network, Parsed(parse_prefix, CIDR)]
OverlayPrefix = Annotated[IPv4Network, Parsed(parse_overlay_prefix, CIDR)]
Name = Annotated[str, Parsed(parse_name, NAMED)]
CloudName = Annotated[str, Parsed(parse_cloud_name, NAMED)]
Reference = Annotated[str, Parsed(parse_reference, {"type": "string"})]
InterfaceName = Annotated[str, Parsed(parse_interface, {"type": "string", "maxLength": INTERFACE_MAX})]
Asn = Annotated[int, Parsed(parse_asn, {"type": "integer", "minimum": 1, "maximum": 4294967294})]
Area = Annotated[str, Parsed(parse_area, {"anyOf": [IPV4, {"type": "integer", "minimum": 0}]})]
Version = Annotated[
    tuple[int, int], Parsed(parse_version, {"type": "string", "pattern": r"^[0-9]+\.[0-9]+$"})
]
RemoteId = Annotated[str, Parsed(parse_remote_id, {"type": "string"})]
Directory = Annotated[str, Parsed(parse_directory, {"type": "string"})]
Psk = Annotated[SecretStr | Unread, Parsed(parse_psk, {"type": "string", "minLength": PSK_MIN})]
NhrpSecret = Annotated[
    SecretStr | Unread, Parsed(parse_nhrp_secret, {"type": "string", "maxLength": NHRP_SECRET_MAX})
]
