# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of words in a command, as Cisco's documentation writes them.

=================  ===========================================================================
``ip``             a keyword: any case, may be shortened as long as it stays unambiguous
``<1-255>``        an integer in that range
``A.B.C.D``        an IPv4 address
``MASK``           a netmask: ones, then zeros
``WILDCARD``       an inverted mask
``A.B.C.D/nn``     a prefix without host bits
``ANYPREFIX``      a prefix, host bits allowed (IOS clears them)
``ASN``            an AS number, asplain or asdot
``AREA``           an OSPF area, number or dotted
``WORD``           one word
``NAME``           one word that does not begin with a digit
``HEX``            hexadecimal digits
``LINE``           the rest of the line
``INTERFACE``      an interface, `Tunnel10` or `Tunnel 10`, type may be shortened
=================  ===========================================================================
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

# How well a word fits; the best fit wins, as IOS prefers a keyword to a free word.
EXACT, TYPED, SHORT, FREE = 4, 3, 2, 1

INTERFACE_TYPES = (
    "BDI",
    "Cellular",
    "Dialer",
    "Ethernet",
    "FastEthernet",
    "FiveGigabitEthernet",
    "FortyGigabitEthernet",
    "GigabitEthernet",
    "HundredGigE",
    "Loopback",
    "Multilink",
    "Null",
    "Port-channel",
    "Serial",
    "TenGigabitEthernet",
    "Tunnel",
    "TwentyFiveGigE",
    "TwoGigabitEthernet",
    "Virtual-Access",
    "Virtual-Template",
    "Vlan",
)
# Highest number of a virtual interface; physical ones are those that the device has.
INTERFACE_NUMBERS = {
    "BDI": (1, 4094),
    "Dialer": (0, 255),
    "Loopback": (0, 2147483647),
    "Multilink": (1, 65535),
    "Null": (0, 0),
    "Port-channel": (1, 64),
    "Tunnel": (0, 2147483647),
    "Virtual-Template": (1, 4095),
    "Vlan": (1, 4094),
}
PHYSICAL = (
    "Cellular",
    "Ethernet",
    "FastEthernet",
    "FiveGigabitEthernet",
    "FortyGigabitEthernet",
    "GigabitEthernet",
    "HundredGigE",
    "Serial",
    "TenGigabitEthernet",
    "TwentyFiveGigE",
    "TwoGigabitEthernet",
)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a word fits, what it is called in full, and whether it joins the word before."""

    strength: int
    text: str
    joins: bool = False


@dataclass(frozen=True, slots=True)
class Keyword:
    """A fixed word."""

    text: str

    def fit(self, word: str) -> Fit | None:
        low, mine = word.lower(), self.text.lower()
        if low == mine:
            return Fit(EXACT, self.text)
        if low and mine.startswith(low):
            return Fit(SHORT, self.text)
        return None


@dataclass(frozen=True, slots=True)
class Value:
    """A word that the user chooses."""

    kind: str
    name: str = ""
    low: int = 0
    high: int = 0

    def fit(self, word: str) -> Fit | None:
        if self.kind == "range":
            if word.isascii() and word.isdigit() and len(word) < 16 and self.low <= int(word) <= self.high:
                return Fit(TYPED, str(int(word)))
            return None
        text = KINDS[self.kind](word)
        if text is None:
            return None
        strength = FREE if self.kind in ("WORD", "NAME", "LINE", "HEX", "URL") else TYPED
        return Fit(strength, text, joins=self.kind == "INTERFACE-NUMBER")


Token = Keyword | Value


def address(word: str) -> str | None:
    """An IPv4 address in the only form that IOS takes: four decimal numbers."""
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", word, re.ASCII):
        return None
    parts = [int(part) for part in word.split(".")]
    return ".".join(map(str, parts)) if max(parts) < 256 else None


def mask(word: str) -> str | None:
    text = address(word)
    if text is None:
        return None
    bits = int(ipaddress.IPv4Address(text)) ^ 0xFFFFFFFF
    return text if bits & (bits + 1) == 0 else None


def any_prefix(word: str) -> str | None:
    host, slash, length = word.partition("/")
    text = address(host)
    if text is None or not slash or not re.fullmatch(r"\d{1,2}", length, re.ASCII) or int(length) > 32:
        return None
    return str(ipaddress.ip_network(f"{text}/{int(length)}", strict=False))


def prefix(word: str) -> str | None:
    """A prefix without host bits."""
    text = any_prefix(word)
    return text if text is not None and text.partition("/")[0] == address(word.partition("/")[0]) else None


def asn(word: str) -> str | None:
    if re.fullmatch(r"\d{1,10}", word, re.ASCII):
        return str(int(word)) if 1 <= int(word) <= 4294967295 else None
    if found := re.fullmatch(r"(\d{1,5})\.(\d{1,5})", word, re.ASCII):
        high, low = int(found[1]), int(found[2])
        number = high * 65536 + low
        return str(number) if high < 65536 and low < 65536 and number else None
    return None


def area(word: str) -> str | None:
    if re.fullmatch(r"\d{1,10}", word, re.ASCII):
        return str(int(word)) if int(word) <= 4294967295 else None
    return address(word)


def interface_type(word: str) -> str | None:
    low = word.lower()
    for name in INTERFACE_TYPES:
        if name.lower() == low:
            return name
    found = [name for name in INTERFACE_TYPES if low and name.lower().startswith(low)]
    return found[0] if len(found) == 1 else None


def _number_fits(kind: str, number: str) -> bool:
    if kind in INTERFACE_NUMBERS:
        low, high = INTERFACE_NUMBERS[kind]
        return number.isdigit() and len(number) < 11 and low <= int(number) <= high
    return re.fullmatch(r"\d{1,4}(/\d{1,3}){0,2}(\.\d{1,10})?", number, re.ASCII) is not None


def interface(word: str) -> str | None:
    """`gi1` or `Tunnel10`, written in full; None when there is no such type or number."""
    found = re.fullmatch(r"([A-Za-z][A-Za-z-]*?)(\d[\d/.]*)", word, re.ASCII)
    if found is None:
        return None
    kind = interface_type(found[1])
    return f"{kind}{found[2]}" if kind and _number_fits(kind, found[2]) else None


def interface_number(word: str) -> str | None:
    return word if re.fullmatch(r"\d{1,10}(/\d{1,3}){0,2}(\.\d{1,10})?", word, re.ASCII) else None


def _matching(pattern: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern, re.ASCII)

    def check(word: str) -> str | None:
        return word if compiled.fullmatch(word) else None

    return check


KINDS: dict[str, Callable[[str], str | None]] = {
    "A.B.C.D": address,
    "MASK": mask,
    "WILDCARD": address,
    "A.B.C.D/nn": prefix,
    "ANYPREFIX": any_prefix,
    "ASN": asn,
    "AREA": area,
    "WORD": lambda word: word or None,
    "NAME": _matching(r"[A-Za-z_].*"),
    "HEX": _matching(r"[0-9A-Fa-f]+"),
    "LINE": lambda word: word.strip() or None,
    "INTERFACE": interface,
    "INTERFACE-TYPE": interface_type,
    "INTERFACE-NUMBER": interface_number,
    "TIME": _matching(r"\d{1,2}:\d{2}(:\d{2})?"),
    "SECONDS": _matching(r"\d+(\.\d+)?"),
    "URL": _matching(r"[a-z][a-z0-9-]*:\S*"),
    "COMMUNITY": _matching(r"\d{1,5}:\d{1,5}"),
    "RD": _matching(r"(\d{1,10}|\d{1,3}(\.\d{1,3}){3}):\d{1,10}"),
}
