# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Daemons with known faults, and algorithms that are no longer good enough."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...module_utils.difference import DRIFT, NOTE, OURS, THEIRS, Difference
from ...module_utils.state import IkeSa, State
from ..fleet.intent import Device

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of ``name`` from ``since`` up to, not including, ``until``; docs/audit.md has the sources."""

    name: str
    since: Version
    until: Version
    what: str
    remedy: str
    severity: str = DRIFT


FAULTS = (
    Fault(
        "frr", (10, 0), (10, 2), "nhrpd breaks shortcuts to single hosts", "install FRR 10.2 or newer, or 9"
    ),
    Fault(
        "frr",
        (8, 4),
        (8, 5, 5),
        "nhrpd can crash when a peer without a link-layer address goes (watchfrr starts it again)",
        "install FRR 8.5.5 or newer; Debian 13 has 10.3",
        NOTE,
    ),
    Fault("frr", (0,), (8, 4), "older than what this was proven with", "install FRR 8.4 or newer"),
    Fault(
        "strongswan",
        (0,),
        (5, 9, 6),
        "no traps for peers that are not known before (start_action = trap)",
        "install 5.9.6 or newer; Debian 12 has 5.9.8",
    ),
)
# RFC 8221 and RFC 8247: MUST NOT and SHOULD NOT, in the names of IANA's registry.
WEAK = frozenset(
    (
        *("DES", "DES_IV64", "DES_IV32", "3DES", "3DES_CBC", "NULL", "BLOWFISH_CBC", "CAST_CBC", "RC5"),
        *("IDEA", "HMAC_MD5_96", "HMAC_MD5_128", "HMAC_SHA1_96", "HMAC_SHA1_160", "DES_MAC", "KPDK_MD5"),
        *("PRF_HMAC_MD5", "PRF_HMAC_SHA1", "PRF_HMAC_TIGER", "MODP_768", "MODP_1024", "MODP_1536"),
        *("MODP_1024_160", "MODP_2048_224", "MODP_2048_256", "ECP_192", "ECP_224"),
    )
)


def software(device: Device, state: State) -> Iterator[Difference]:
    """What runs on a Linux router; IOS releases are checked with the inventory."""
    if device.platform == "ios":
        return
    for name, told in state.host.versions.items():
        if told is None:
            continue
        held = version(told)
        for fault in FAULTS:
            if fault.name == name and fault.since <= held < fault.until:
                by = "whoever chose the package"
                subject = f"{name} {told}"
                yield Difference(
                    "versions", subject, THEIRS, fault.what, by, fault.remedy, severity=fault.severity
                )


def version(text: str) -> Version:
    """The leading numbers of a Debian version: 1:10.3-3 is (10, 3)."""
    match = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def suites(device: Device, state: State) -> Iterator[Difference]:
    """Weak algorithms in SAs that stand, whoever's they are; and clouds whose members share one secret."""
    for sa in state.sas or []:
        weak = sorted(weaknesses(sa))
        if weak:
            ours = (sa.connection or "").startswith("mgre-") or device.platform == "ios"
            subject = f"SA {sa.connection or ''} with {sa.remote or 'a peer'}".replace("  ", " ")
            by = "an end that was changed by hand" if ours else "whoever wrote that connection"
            remedy = (
                "run site.yml for both ends" if ours else "let it use AES-GCM and a group of 256 bits or more"
            )
            what = f"uses {', '.join(weak)}, which RFC 8221 and RFC 8247 advise against"
            yield Difference("suites", subject, OURS if ours else THEIRS, what, by, remedy)
    for member in device.memberships:
        if member.cloud.ipsec.auth == "psk":
            what = "every router with the PSK can pose as every other"
            remedy = "write auth: certificate, when the trial is over"
            by = "the inventory"
            yield Difference("suites", f"cloud {member.cloud.name}", OURS, what, by, remedy, severity=NOTE)


def weaknesses(sa: IkeSa) -> set[str]:
    """Weak algorithms of an IKE SA and its children."""
    used = [sa.suite, *(child.suite for child in sa.children)]
    return {
        name
        for suite in used
        for name in (suite.encryption, suite.integrity, suite.prf, suite.group)
        if name in WEAK
    }
