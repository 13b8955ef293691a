# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Types of single values in the inventory: each says what is wrong and what to write instead.

A type is strict, because YAML and Jinja make it easy to write text where a number is meant. Each parser
raises what :func:`refuse` makes; nothing else leaves it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError, core_schema

from .nearest import nearest, or_one_of

REFUSED = "refused"

LINUX_INTERFACE_MAX = 15  # characters, IFNAMSIZ - 1
INTERFACE_MAX = 64  # characters; IOS names its own

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,19}", re.ASCII)
INTERFACE = re.compile(r"[A-Za-z0-9_.:@/-]+", re.ASCII)
WORD = re.compile(r"[A-Za-z0-9_.-]{1,32}", re.ASCII)
DURATION = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,3})?) ?(ms|s|min)", re.ASCII)
SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?) ?%", re.ASCII)
LONGEST = 600_000  # milliseconds of a duration
DISTINGUISHED = re.compile(r"[A-Za-z0-9 =,.*_/:@+-]+", re.ASCII)


def refuse(problem: str, remedy: str) -> PydanticCustomError:
    """The only error of a parser."""
    # Through the context, so that braces in a value are never taken for a placeholder.
    return PydanticCustomError(REFUSED, "{problem}; {remedy}", {"problem": problem, "remedy": remedy})


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
    """A WAN interface of any platform; what one platform allows is checked with the router."""
    remedy = "write the name of the WAN interface, such as eth0 or GigabitEthernet1"
    if not isinstance(value, str) or not INTERFACE.fullmatch(value) or value in (".", "..", "lo"):
        raise wrong_type(value, "a WAN interface", remedy)
    if len(value) > INTERFACE_MAX:
        raise refuse(f"{shown(value)} has {len(value)} characters", remedy)
    if re.fullmatch(r"dmvpn[0-9]+|[Tt]u(nnel)?[0-9]+", value):
        raise refuse(f"{shown(value)} is the name of a tunnel", remedy)
    return value


def parse_word(what: str, example: str) -> Callable[[object], str]:
    """A name that the router's owner gave to something in its configuration."""
    remedy = f"write the name that the router has for it, such as {example}"

    def parse(value: object) -> str:
        if not isinstance(value, str) or not WORD.fullmatch(value):
            raise wrong_type(value, what, remedy)
        return value

    return parse


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


def parse_metrics(value: object) -> str | bool:
    """true is Debian's directory, false takes the collector off; else an absolute path on the router."""
    if isinstance(value, bool) or (isinstance(value, str) and re.fullmatch(r"/[\w./+-]+", value)):
        return value
    raise wrong_type(value, "a directory", "write true, false or an absolute path on the router")


def parse_protocol(value: object) -> str:
    known = ("bgp", "ospf", "eigrp", "static")
    if not isinstance(value, str) or value not in known:
        raise wrong_type(value, "a routing protocol", or_one_of(nearest(value, known), known))
    return value


def parse_duration(value: object) -> int:
    """Milliseconds, from text with a unit: YAML would make a bare number of it."""
    remedy = "write a number and ms, s or min, such as 900ms or 3s"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise refuse(f"{shown(value)} has no unit", remedy)
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong_type(value, "a duration", remedy)
    milliseconds = round(float(found[1]) * {"ms": 1, "s": 1000, "min": 60000}[found[2]])
    if milliseconds > LONGEST:
        raise refuse(f"{shown(value)} is out of range", "write 10min at most")
    return milliseconds


def parse_share(value: object) -> int | str:
    """How many routers a wave has: a number, or a percentage of those that change."""
    remedy = 'write a number from 1 to 100000, or a percentage in quotes, such as "20%"'
    if isinstance(value, str) and (found := SHARE.fullmatch(value)):
        if not 0 < float(found[1]) <= 100:
            raise refuse(f"{shown(value)} is out of range", 'write a percentage from "1%" to "100%"')
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(value, "a number of routers", remedy)
    if not 1 <= value <= 100_000:
        raise refuse(f"{shown(value)} is out of range", remedy)
    return value


def parse_canary(value: object) -> int | tuple[str, ...]:
    """Who goes first: a number of routers, or their names."""
    remedy = "write a number of routers, 0 for none, or a list of hosts, [spoke1]"
    if isinstance(value, (list, tuple)):
        if not value or not all(isinstance(name, str) and name for name in value):
            raise refuse("names no host" if not value else "has an entry that is no host's name", remedy)
        return tuple(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(value, "a number or a list of hosts", remedy)
    if not 0 <= value <= 100_000:
        raise refuse(f"{shown(value)} is out of range", remedy)
    return value


def parse_platform(value: object) -> str:
    if isinstance(value, str) and value.lower() in ("ios-xe", "iosxe", "ios_xe", "cisco", "cisco.ios.ios"):
        raise refuse(f"{shown(value)} is not a platform", "write ios, which is IOS-XE too")
    if value not in ("linux", "ios"):
        raise wrong_type(value, "a platform", "write linux or ios")
    return str(value)


NAMED = {"type": "string", "pattern": f"^{NAME.pattern}$"}

T = TypeVar("T")
Given = Annotated[T, BeforeValidator(given)]
Flag = Annotated[bool, Parsed(parse_flag, {"type": "boolean"})]
Name = Annotated[str, Parsed(parse_name, NAMED)]
CloudName = Annotated[str, Parsed(parse_cloud_name, NAMED)]
Reference = Annotated[str, Parsed(parse_reference, {"type": "string"})]
InterfaceName = Annotated[str, Parsed(parse_interface, {"type": "string", "maxLength": INTERFACE_MAX})]
VrfName = Annotated[str, Parsed(parse_word("a VRF", "INTERNET"), {"type": "string"})]
Trustpoint = Annotated[str, Parsed(parse_word("a trustpoint", "mgre-dmvpn"), {"type": "string"})]
Asn = Annotated[int, Parsed(parse_asn, {"type": "integer", "minimum": 1, "maximum": 4294967294})]
Version = Annotated[
    tuple[int, int], Parsed(parse_version, {"type": "string", "pattern": r"^[0-9]+\.[0-9]+$"})
]
Duration = Annotated[
    int, Parsed(parse_duration, {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?(ms|s|min)$"})
]
Share = Annotated[
    int | str,
    Parsed(parse_share, {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "%$"}]}),
]
Canary = Annotated[
    int | tuple[str, ...],
    Parsed(
        parse_canary,
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "array", "items": {"type": "string"}}]},
    ),
]
RemoteId = Annotated[str, Parsed(parse_remote_id, {"type": "string"})]
Directory = Annotated[str, Parsed(parse_directory, {"type": "string"})]
Metrics = Annotated[str | bool, Parsed(parse_metrics, {"type": ["string", "boolean"]})]
