# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What IOS says, cleaned, and the small values in it.

Parsers raise :class:`Unreadable` for what they do not understand. A row of a table that is skipped would be
a neighbour that is not there: a wrong verdict. So every row must be understood, or the table is not known.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ...module_utils.linux.observe_run import Unreadable

__all__ = ["Unreadable"]

ADDRESS = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
# "show ... detail" and the tables of routing protocols shorten names to two letters and more.
NAMES = (
    "Tunnel",
    "Loopback",
    "GigabitEthernet",
    "FastEthernet",
    "TenGigabitEthernet",
    "TwentyFiveGigE",
    "FortyGigabitEthernet",
    "HundredGigE",
    "Ethernet",
    "Port-channel",
    "Vlan",
    "Serial",
    "Dialer",
    "Cellular",
    "BDI",
    "BVI",
    "Virtual-Access",
    "Virtual-Template",
    "Null",
)
SHORT = {"Po": "Port-channel", "Vi": "Virtual-Access", "Vt": "Virtual-Template", "Twe": "TwentyFiveGigE"}
UNITS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
# Errors are "% ..." except for the few that AAA and the line driver print bare.
ERROR = re.compile(
    r"^%(?! - )|^Command authorization failed|^Authorization failed|^Line has invalid autocommand"
    # and what network_cli says where the router said nothing
    r"|^command timeout triggered|^timeout value .* reached|^Socket is closed|^unable to open shell"
)
# Printed before an output by "terminal exec prompt timestamp".
STAMP = re.compile(r"^(Load for five secs:|Time source is )")


def plain(answer: str) -> str:
    """An answer as the router gave it. network_cli hands what it takes for an error over as Python's notation
    of bytes, and it takes every "ERROR:" for one."""
    if re.match(r"b(['\"]).*\1$", answer, re.DOTALL):
        try:
            said = literal_eval(answer)
        except (ValueError, SyntaxError):
            return answer
        if isinstance(said, bytes):
            return said.decode(errors="replace")
    return answer


def lines_of(text: str, command: str, log: bool = False) -> list[str]:
    """The lines of an answer without the echoed command, the prompt, time stamps and trailing blanks.

    Raises Unreadable for an error of IOS and for an answer that was cut by a pager. Lines of a ``log`` begin
    with a per cent sign too.
    """
    lines = [line.rstrip() for line in text.replace("\r", "").replace("\t", " ").splitlines()]
    if any("--More--" in line for line in lines):
        raise Unreadable(f"'{command}' was cut by the pager (--More--)")
    name = re.escape(command.split("|")[0].strip())
    # The echo and the prompt that follows have the router's name in front, or nothing.
    echo = re.compile(rf"^\s*(\S*[#>]\s*)?{name}\b.*$", re.IGNORECASE)
    prompt = re.compile(r"^\s*[\w.()/:-]+[#>]\s*$")
    kept = [
        line for line in lines if not (STAMP.match(line.lstrip()) or echo.match(line) or prompt.match(line))
    ]
    for line in kept:
        if ERROR.match(line.strip()) and not (log and re.match(r"%[A-Z0-9_]+-\d-", line.strip())):
            raise Unreadable(f"'{command}': {line.strip()}")
    return kept


def template(command: str, lines: Iterable[str], rows: int | None = None) -> list[dict[str, str]]:
    """Rows by the template of ntc-templates for ``command``. ``rows`` is how many there must be.

    Raises Unreadable: the template passes over lines in silence, so their number is compared.
    """
    try:
        from ntc_templates.parse import parse_output  # type: ignore[import-untyped]
        from textfsm.parser import TextFSMError  # type: ignore[import-untyped]
    except ImportError:
        raise Unreadable(
            "the controller lacks the Python package ntc-templates; install requirements.txt"
        ) from None
    try:
        table: list[dict[str, Any]] = parse_output(
            platform="cisco_ios", command=command, data="\n".join(lines) + "\n"
        )
    except TextFSMError as error:
        line = str(error).rpartition("Input Line: ")[2].rstrip(".")
        raise Unreadable(f"'{command}': the line '{line.strip()}' is of an unknown form") from None
    except Exception as error:  # the package has its own exceptions, and raises bare ones too
        raise Unreadable(f"'{command}' is of an unknown form ({error})") from None
    if rows is not None and len(table) != rows:
        raise Unreadable(f"'{command}' has {rows} rows, {len(table)} of a known form")
    return [{key: value if isinstance(value, str) else "" for key, value in row.items()} for row in table]


def interface_name(name: str) -> str:
    """The full name of an interface: Tu10, tunnel10 and Tunnel10 are one."""
    match = re.fullmatch(r"([A-Za-z][A-Za-z-]*)\s*(\d[\d/.:]*)", name.strip().rstrip(","))
    if match is None:
        return name
    kind = match[1]
    full = SHORT.get(kind) or next((n for n in NAMES if n.lower().startswith(kind.lower())), kind)
    return full + match[2]


def seconds(text: str) -> float | None:
    """A duration: 00:01:23, 1d02h, 3w0d, 1y10w; None for "never" and everything else."""
    if match := re.fullmatch(r"(\d+):(\d\d):(\d\d)", text.strip()):
        return float(int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]))
    if re.fullmatch(r"(\d+[ywdhms])+", text.strip()):
        return float(sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([ywdhms])", text)))
    return None


def address(text: str) -> str | None:
    """An IPv4 address, None for anything else (999.1.1.1 too)."""
    try:
        return str(IPv4Address(text))
    except ValueError:
        return None


def network(text: str) -> str | None:
    """A prefix as 10.0.0.0/8, from that form or with a mask, None for anything else."""
    try:
        return str(IPv4Network(text))
    except ValueError:
        return None


def integer(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,20}", text) else None


def as_number(text: str) -> int | None:
    """An AS number, also in dotted form (RFC 5396)."""
    if match := re.fullmatch(r"([0-9]{1,5})\.([0-9]{1,5})", text):
        return int(match[1]) * 65536 + int(match[2])
    return integer(text)


def said(match: re.Match[str] | None, group: int = 1) -> str | None:
    """A group of a match without surrounding blanks; None for no match and for "(none)"."""
    value = match[group].strip() if match and match[group] else None
    return None if value in (None, "", "(none)", "none") else value
