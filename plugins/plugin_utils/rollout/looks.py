# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a router would change, as its own check mode says it before a rollout."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Among the lines for a router whose tunnel is not there yet: over the command line, and over NETCONF.
BEGINS_TUNNEL = ("tunnel mode gre multipoint", "+ interface/Tunnel[")
# These begin with "no" and take nothing away: a new tunnel gets them too.
SETTINGS = ("no ip redirects", "no bfd echo", "no shutdown", "no next-hop-self", "no split-horizon")


@dataclass(frozen=True, slots=True)
class Look:
    """``new``: nothing of ours runs there yet. ``forecast`` is all that it said."""

    changed: bool
    new: bool = False
    forecast: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, forecast: Mapping[str, Any], certificate: Sequence[str] = ()) -> Look:
        """From what linux_apply, ios_apply and netconf_apply return as ``forecast`` in check mode.

        ``certificate`` has the reasons why the router gets another one, in a run that did not give it yet.
        """
        told = dict(forecast)
        if certificate:
            told["changed"] = True
            told["acts"] = [
                *told.get("acts", ()),
                {"act": "certificate is replaced", "why": list(certificate)},
            ]
        return cls(bool(told.get("changed")), bool(told.get("new")), told)


def forecast_of(changed: bool, lines: Iterable[str], key: str | None = "") -> dict[str, Any]:
    """The ``forecast`` of an IOS router. One that loses nothing and gets a tunnel is new.

    The lines are all that is known of such a router: they are its fingerprint, made with the ``key``.
    """
    shown = list(lines)
    held = [line.strip() for line in shown]
    loses = any(line.startswith(("no ", "- ")) and line not in SETTINGS for line in held)
    gains = any(line.startswith(BEGINS_TUNNEL) for line in held)
    told: dict[str, Any] = {"changed": changed, "new": gains and not loses}
    if key:
        text = "\n".join(held)
        digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
        told |= {"diff": "".join(f"+{line}\n" for line in shown), "wanted": digest, "state": digest}
        told["acts"] = [{"act": "IOS lines change", "lines": held}] if changed else []
    return told
