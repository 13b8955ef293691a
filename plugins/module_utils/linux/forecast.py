# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run in check mode says of the run to come: what the steps would do, fingerprints of both ends.

Nothing here holds a secret: lines are the diff's, fingerprints are keyed by a secret of the controller.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any

from . import frr
from .history import unified
from .host import Host
from .outcome import Outcome
from .plan import Plan, changed_files
from .release import (
    EVENTS_CONFIG,
    EVENTS_UNIT,
    GUARD_UNIT,
    GUARDS,
    PROGRAMS,
    STRONGSWAN,
    SWANCTL,
    SWANCTL_SECRETS,
    SYSCTL,
    SYSTEMD,
    Release,
)
from .settings import RELOADABLE, settings_changed
from .steps import CHARON, NET, Change
from .store import Record

Act = dict[str, Any]


def forecast(host: Host, outcome: Outcome, key: str = "") -> dict[str, Any]:
    """Of a run in check mode.

    ``new``: nothing of ours was ever applied here. With a ``key`` there is also ``acts``, what would be done
    in its order, ``diff``, the lines, and ``wanted`` and ``state``, fingerprints of release and router.
    """
    plan = outcome.plan
    told: dict[str, Any] = {
        "changed": outcome.changed,
        "new": plan is not None and plan.before == Record(),
        "stale": outcome.stale,
    }
    if plan is None or not key:
        return told
    told |= {"reasons": plan.reasons, "diff": unified(plan.diff())}
    told["acts"] = list(acts(host, plan)) if outcome.changed else []
    return told | {"wanted": keyed(key, plan.new.digest()), "state": keyed(key, state(host, plan))}


def keyed(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(errors="surrogateescape"), hashlib.sha256).hexdigest()


def state(host: Host, plan: Plan) -> str:
    """All of the router that a plan rests on: our files, FRR's, and what does not run as it should."""
    return json.dumps(
        {
            "files": {path: (file.text, file.mode) for path, file in sorted(plan.old.files.items())},
            "record": plan.before.dump(),
            "running": frr.running(host),
            "conf": plan.frr_conf,
            "daemons": host.read(frr.FRR_DAEMONS),
            "reasons": plan.reasons,
        },
        sort_keys=True,
    )


def acts(host: Host, plan: Plan) -> Iterator[Act]:
    """What the steps would do that somebody could notice, in their order."""
    change = plan.change(host)
    for unit, interface in plan.old.tunnels.items():
        if plan.new.tunnels.get(unit) != interface:
            yield {"act": "tunnel goes", "tunnel": interface}
        elif change.moved(unit):
            yield {"act": "tunnel moves", "tunnel": interface}
    if change.differs(*GUARDS.values()) or change.unit_differs(GUARD_UNIT) or "guard" in plan.due:
        yield {"act": "guard is replaced"}
    if change.differs(SYSCTL) or "sysctl" in plan.due:
        yield {"act": "sysctls are set"}
    yield from _charon(host, plan, change)
    yield from _tunnels(host, plan, change)
    programs = [path for path in changed_files(plan.old, plan.new) if path.startswith(f"{PROGRAMS}/")]
    if programs or change.unit_differs(EVENTS_UNIT) or "nhrp events" in plan.due:
        yield {"act": "event daemon is restarted"}
    elif change.differs(EVENTS_CONFIG):
        yield {"act": "event daemon is told"}
    yield from _frr(host, plan)


def _charon(host: Host, plan: Plan, change: Change) -> Iterator[Act]:
    if not change.differs(STRONGSWAN, SWANCTL, SWANCTL_SECRETS) and "ipsec" not in plan.due:
        return
    if host.run("systemctl", "is-active", "--quiet", CHARON).status:
        yield {"act": "charon is started"}
        return
    settings = settings_changed(plan.old.text(STRONGSWAN), plan.new.text(STRONGSWAN)) - RELOADABLE
    if settings:
        yield {"act": "charon is restarted", "why": sorted(settings)}
    else:
        yield {"act": "charon is told", "suite": _proposals(plan.old.text(SWANCTL), plan.new.text(SWANCTL))}


def _proposals(old: str, new: str) -> bool:
    """Whether SAs that are made from now on have other algorithms: both ends have to be told."""
    find = re.compile(r"^\s*(?:proposals|esp_proposals) = .*$", re.MULTILINE)
    return bool(old) and find.findall(old) != find.findall(new)


def _tunnels(host: Host, plan: Plan, change: Change) -> Iterator[Act]:
    for unit, interface in plan.new.tunnels.items():
        if plan.old.tunnels.get(unit) != interface or not host.exists(f"{NET}/{interface}"):
            yield {"act": "tunnel comes", "tunnel": interface}
        elif not change.moved(unit) and (change.unit_differs(unit) or "tunnels" in plan.due):
            same = _address(plan.old, unit) == _address(plan.new, unit)
            yield {"act": "tunnel is set again" if same else "tunnel is renumbered", "tunnel": interface}


def _address(release: Release, unit: str) -> list[str]:
    return re.findall(r"address add (\S+) ", release.text(f"{SYSTEMD}/{unit}"))


def _frr(host: Host, plan: Plan) -> Iterator[Act]:
    held = frr.enabled_daemons(host.read(frr.FRR_DAEMONS) or "")
    wanted = frr.enabled_daemons(plan.daemons or "")
    if host.run("systemctl", "is-active", "--quiet", frr.SERVICE).status:
        yield {"act": "FRR is started"}
    elif wanted - held:
        yield {"act": "FRR daemons are started", "daemons": sorted(wanted - held)}
    if held - wanted:
        yield {"act": "FRR daemons are stopped", "daemons": sorted(held - wanted)}
    if plan.running and (plan.running.added or plan.running.removed):
        yield {
            "act": "FRR lines change",
            "added": frr.told(plan.running.added).splitlines(),
            "removed": frr.told(plan.running.removed).splitlines(),
        }
