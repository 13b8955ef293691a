# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The router around its tunnels: version, clock, certificates, a change that waits for its confirmation, and
what IKE complained of."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import datetime

from ...module_utils.state import Certificate, Host, IkeError
from .ios_text import ADDRESS, Unreadable, integer, lines_of, said, template

VERSION, CLOCK = "show version", "show clock"
ROLLBACK = "show archive config rollback timer"
CERTIFICATES = "show crypto pki certificates"
# Facilities are named here so that no line of the configuration logger, with what was typed, ever comes.
LOG = "show logging | include %(IKEV2|CRYPTO|PKI)-"
LOG_SECONDS = 180
# A clock and a log line are told one after the other.
SKEW = 5
TIME = r"(\d\d):(\d\d):(\d\d)(?:\.\d+)? (\S+) (?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) +(\d+) (\d{4})"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LOGGED = re.compile(
    r"(?:(?P<month>[A-Z][a-z]{2}) +(?P<day>\d+)(?: (?P<year>\d{4}))? (?P<time>\d\d:\d\d:\d\d)(?:\.\d+)?"
    r"(?: (?P<zone>[A-Z]+))?: )?%(?:IKEV2|CRYPTO|PKI)-(?P<severity>\d)-\w+:\s*(?P<message>.*)"
)
PEER = re.compile(rf"(?:[Rr]emote:?|[Pp]eer|srcaddr=|from|with) ?({ADDRESS})")
UTC = ("UTC", "GMT")


def host(version: str, clock: str, rollback: str) -> Host:
    """Raises Unreadable if not even the version can be read. The rest is None where it is not told."""
    lines = lines_of(version, VERSION)
    if not any("Cisco" in line and "Software" in line for line in lines[:6]):
        raise Unreadable(f"'{VERSION}' does not begin with Cisco IOS")
    (row,) = template(VERSION, lines, 1)
    release = row["version"].rstrip(",") or None
    xe = any(re.search(r"IOS[ -]XE", line) for line in lines[:6])
    uptime = sum(
        (integer(row[f"uptime_{unit}"]) or 0) * length
        for unit, length in (
            ("years", 365 * 86400),
            ("weeks", 604800),
            ("days", 86400),
            ("hours", 3600),
            ("minutes", 60),
        )
    )
    moment = told_time(clock)
    return Host(
        name=row["hostname"] or None,
        distribution="Cisco IOS-XE" if xe else "Cisco IOS",
        time=moment[0] if moment else None,
        uptime=float(uptime) if row["uptime"] else None,
        versions={"ios": release},
        rollback=_rollback(rollback),
    )


def told_time(text: str) -> tuple[float, str] | None:
    """Seconds since 1970 as if the zone were UTC, and the zone. IOS tells the zone's name, not its offset;
    all that is compared with it is told in the same zone."""
    match = re.search(TIME, text)
    if match is None or match[5] not in MONTHS:
        return None
    hour, minute, second = (int(match[number]) for number in (1, 2, 3))
    month = MONTHS.index(match[5]) + 1
    try:
        moment = datetime(int(match[7]), month, int(match[6]), hour, minute, second)
    except ValueError:
        return None
    return float(timegm(moment.timetuple())), match[4]


def _rollback(text: str) -> float | None:
    """Seconds that a change has left to be confirmed in, 0 if none waits."""
    if "No Rollback Confirmed Change pending" in text:
        return 0.0
    match = re.search(r"Timer value: (\d+) min", text)
    return float(int(match[1]) * 60) if match else None


def certificates(text: str, trustpoint: str) -> list[Certificate]:
    """Those of one trustpoint. Raises Unreadable. A router without certificates prints nothing."""
    lines = lines_of(text, CERTIFICATES)
    starts = [
        n for n, line in enumerate(lines) if re.match(r"(CA |Router Self-Signed )?Certificate\s*$", line)
    ]
    if not starts and any(line.strip() for line in lines):
        raise Unreadable(f"'{CERTIFICATES}' is of an unknown form")
    found = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        block = "\n".join(lines[start:end])
        points = said(re.search(r"^\s+Associated Trustpoints: (.+)", block, re.MULTILINE))
        if trustpoint not in (points or "").split():
            continue
        subject = re.search(r"^\s+Subject:\s*\n((?:\s+.*\n?)*?)\s+(?:CRL|Validity|OCSP)", block, re.MULTILINE)
        parts = re.findall(r"^\s+([A-Za-z]+)=(.+)$", subject[1] if subject else "", re.MULTILINE)
        ended = re.search(rf"^\s+end +date: +({TIME})", block, re.MULTILINE)
        moment = told_time(ended[1]) if ended else None
        found.append(
            Certificate(
                path=trustpoint,
                subject=",".join(f"{name.upper()}={value.strip()}" for name, value in parts) or None,
                not_after=moment[0] if moment else None,
                authority=lines[start].startswith("CA "),
            )
        )
    return found


def ike_errors(text: str, clock: str) -> list[IkeError]:
    """What was logged in the last minutes, newest first. Raises Unreadable. Nothing found prints nothing.

    A line whose age cannot be told is kept without one: it is evidence, and a cause says where it is from.
    """
    now = told_time(clock)
    errors: dict[tuple[str | None, str], IkeError] = {}
    for line in reversed(lines_of(text, LOG, log=True)):
        match = LOGGED.search(line)
        if match is None and line.strip():
            raise Unreadable(f"'{LOG}': the line '{line.strip()}' is of an unknown form")
        # 5 and above are notices: an SA that came up.
        if match is None or int(match["severity"]) > 4:
            continue
        age = _age(match, now)
        if age is not None and not -SKEW <= age <= LOG_SECONDS:
            continue
        # "expired" is said of certificates; here a timer did.
        message = match["message"].strip().replace("before the timer expired", "in time")
        peer = said(PEER.search(message))
        errors.setdefault((peer, message), IkeError(peer, message, None if age is None else max(0.0, age)))
    return list(errors.values())


def _age(match: re.Match[str], now: tuple[float, str] | None) -> float | None:
    """Seconds since a line was logged. Log lines are in UTC unless they name the clock's own zone."""
    if now is None or match["month"] not in MONTHS:
        return None
    if now[1] not in UTC and match["zone"] != now[1]:
        return None
    year = datetime.fromtimestamp(now[0]).year
    for candidate in (integer(match["year"]) or year, year - 1):
        told = told_time(f"{match['time']} UTC {match['month']} {match['day']} {candidate}")
        if told is not None and now[0] - told[0] >= -SKEW:
            return now[0] - told[0]
    return None
