# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`show logging`: what charon complained of, in IOS's words."""

from __future__ import annotations

import json
import re
import time

from .system import System

_ABORT = "%IKEV2-3-NEG_ABORT: Negotiation aborted due to ERROR: "
_WORDS = (
    (r"received NO_PROPOSAL_CHOSEN", f"{_ABORT}Received no proposal chosen notify"),
    (
        r"no (acceptable|matching) proposal|proposals? (inacceptable|unacceptable)",
        f"{_ABORT}Failed to find a matching policy",
    ),
    (r"received AUTHENTICATION_FAILED", f"{_ABORT}Auth exchange failed"),
    (r"MAC mismatched|tried \d+ shared key", f"{_ABORT}Failed to authenticate the IKE SA"),
    (r"no shared key found", f"{_ABORT}Failed to locate an item in the database"),
    (r"no matching peer config found|constraint check failed", f"{_ABORT}Failed to find a matching profile"),
    (
        r"no trusted .* public key found|no issuer certificate",
        "%PKI-3-CERTIFICATE_INVALID: Certificate chain validation has failed",
    ),
    (r"giving up after \d+ retransmits", f"{_ABORT}Maximum number of retransmissions reached"),
)
_SECONDS = 600


def log(system: System) -> str:
    """The buffer: charon's last ten minutes, of which IOS would have said something."""
    unit = (
        "journalctl",
        "-q",
        "-o",
        "json",
        "--output-fields=MESSAGE",
        "-u",
        "strongswan",
        "--since",
        f"-{_SECONDS}s",
    )
    _status, out = system.run(*unit)
    lines = [
        "Syslog logging: enabled (0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns)",
        "",
    ]
    lines += ["Log Buffer (4096 bytes):", ""]
    for row in out.splitlines():
        try:
            told = json.loads(row)
            message, moment = str(told["MESSAGE"]), int(told["__REALTIME_TIMESTAMP"]) / 1e6
        except (ValueError, KeyError, TypeError):
            continue
        said = next((text for pattern, text in _WORDS if re.search(pattern, message)), "")
        if said:
            stamp = time.strftime("%b %e %H:%M:%S", time.gmtime(moment))
            lines.append(f"*{stamp}.{int(moment * 1000) % 1000:03}: {said}")
    return "\n".join(lines)
