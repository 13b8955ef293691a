# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to be there before a line is sent. Each finding is one line: what is wrong, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..secret_references import REFERENCE
from .blocks import Block, blocks, complete, release

if TYPE_CHECKING:  # It needs hier_config, which those who only look do not.
    from .remediate import Remediation

# IKEv2 with AES-GCM, and NHRP redirect and shortcut that work together.
OLDEST = (15, 2)
# File systems on other machines ("Cisco IOS File System", Configuration Fundamentals Configuration Guide).
_SERVERS = {"ftp", "http", "https", "rcp", "scp", "sftp", "tftp"}
_TRUSTPOINT = re.compile(r"^ pki trustpoint (\S+)", re.MULTILINE)
_SOURCE = re.compile(r"^ tunnel source ([A-Z]\S*)", re.MULTILINE)
_VRF = re.compile(r"^ (?:tunnel vrf|match fvrf) (\S+)", re.MULTILINE)


def of_router(running: str) -> list[str]:
    """Whether the router is one that we can change and that can go back by itself."""
    if not complete(running):
        return ["the running configuration did not come to its end: raise ansible_command_timeout"]
    found = release(running)
    if found is None:
        return ["this is no IOS or IOS-XE: its configuration has no `version` line"]
    if found < OLDEST:
        return [
            f"it runs IOS {found[0]}.{found[1]}: this needs {OLDEST[0]}.{OLDEST[1]} or newer, for IKEv2 "
            f"with AES-GCM"
        ]
    if not archive_path(running):
        return [
            "it could not go back by itself: configure `archive` / `path flash:archive`, where a copy "
            "is kept before "
            "each change"
        ]
    return []


def archive_path(running: str) -> str:
    """Where the router keeps the copy that it goes back to, "" for nowhere."""
    rows = (row for block in blocks(running) if block.head == "archive" for row in block.lines)
    return next((row.split()[1] for row in rows if row.startswith(" path ")), "")


def is_local(path: str) -> bool:
    """Whether a file system is the router's own, and no server's."""
    return path.partition(":")[0].lower() not in _SERVERS


def of_references(running: str, intended: str) -> list[str]:
    """What the intended configuration refers to and does not bring along."""
    heads = {block.head for block in blocks(running)}
    found = [
        f"there is no interface {name}, which a tunnel has as its source: write its full name in "
        f"dmvpn_transports"
        for name in _names(_SOURCE, intended)
        if f"interface {name}" not in heads
    ]
    found += [
        f"there is no VRF {name}: configure `vrf definition {name}`, or correct vrf in dmvpn_transports"
        for name in _names(_VRF, intended)
        if name != "any" and f"vrf definition {name}" not in heads and f"ip vrf {name}" not in heads
    ]
    found += [
        f"there is no trustpoint {name}: enrol the router first, or correct dmvpn_ios_trustpoint"
        for name in trustpoints(intended)
        if f"crypto pki trustpoint {name}" not in heads
    ]
    return found


def trustpoints(intended: str) -> list[str]:
    """The trustpoints whose certificates the profiles use."""
    return _names(_TRUSTPOINT, intended)


def of_certificates(name: str, shown: str) -> list[str]:
    """Whether ``show crypto pki certificates NAME`` holds the router's own certificate."""
    own = re.search(r"^(?:Router )?Certificate\s*$", shown, re.MULTILINE)
    status = re.search(r"Status:\s*Available", shown)
    if own and status:
        return []
    return [f"trustpoint {name} has no certificate for the router: enrol it (`crypto pki enroll {name}`)"]


def of_log(running: str, change: Remediation) -> list[str]:
    """Whether the router would keep a secret in its log of configuration commands."""
    if not any(REFERENCE.search(step.line) for step in change.steps):
        return []
    archive = next((block for block in blocks(running) if block.head == "archive"), Block(("archive",)))
    rows = {row.strip() for row in archive.lines}
    if "logging enable" in rows and "hidekeys" not in rows:
        return [
            "it would keep the secrets in its log of commands: configure `archive` / `log config` / "
            "`hidekeys`"
        ]
    return []


def _names(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(match[1] for match in pattern.finditer(text)))
