# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a router says to a line, and what that means for the one who has to act on it."""

from __future__ import annotations

import re

# `%FACILITY-5-MNEMONIC:` is a log message that happened to come now.
_LOG = re.compile(r"%[A-Z0-9_]+(?:-[A-Z0-9_]+)*-\d-[A-Z0-9_]+:")
_HARMLESS = re.compile(
    r"%\s*(?:Warning|Note|Info|Informational)\b|.* IPv4 disabled and address\(es\) removed due to ",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"\s*%|\s*(?:ERROR:|Command rejected|Command authorization failed)|.* is locked by ", re.IGNORECASE
)
_PENDING = re.compile(r"rollback change already pending", re.IGNORECASE)
_NO_PENDING = re.compile(r"No Rollback Confirmed Change pending", re.IGNORECASE)

# What the message holds, and what to do then.
_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"licen[cs]e",
        "the router lacks a licence for this line: enable the security licence (`license boot level "
        "network-advantage`, before 16.12 `license boot level securityk9`), reload, and run this again",
    ),
    (
        r"No space left|not enough space|archive .*full|Error (?:opening|writing|creating)",
        "the router cannot keep the copy that it would go back to: free space where `archive` / `path` "
        "points, "
        "with `dir` and `delete`, and run this again",
    ),
    (
        r"locked|lock",
        "another session holds the configuration: end it (`show users`, `clear line`) or wait, and run "
        "this again",
    ),
    (
        r"rollback change already pending",
        "somebody's change waits to be confirmed: `configure confirm` keeps it, `configure revert now` "
        "undoes it; "
        "then run this again",
    ),
    (
        r"archive path",
        "the router has no place for the copy that it would go back to: configure `archive` / `path "
        "flash:archive`",
    ),
    (
        r"authoriz|privilege",
        "the user may not do this: give it privilege 15, and all commands where AAA authorizes them",
    ),
)


def errors(answer: str) -> list[str]:
    """The lines of an answer that say that something was refused."""
    return [
        line.strip()
        for line in answer.splitlines()
        if _ERROR.match(line) and not _LOG.match(line.strip()) and not _HARMLESS.match(line.strip())
    ]


def remedy(said: str) -> str:
    """What to do about an answer; where nothing is known, to look at the line and the release."""
    for pattern, text in _REMEDIES:
        if re.search(pattern, said, re.IGNORECASE):
            return text
    return "this release does not take the line: compare it with the router's `?` and report it"


def pending(answer: str) -> bool:
    """Whether ``show archive config rollback timer`` tells of a change that waits for confirmation."""
    return not _NO_PENDING.search(answer) and bool(answer.strip())


def privilege(answer: str) -> int | None:
    """The level in ``show privilege``."""
    match = re.search(r"privilege level is (\d+)", answer)
    return int(match[1]) if match else None
