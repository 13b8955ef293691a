# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.diagnose``: looks at a router, sends packets from it, and names the first cause."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.utils.display import Display

from ..plugin_utils.requirements import require
from .adjacency import MISSING
from .adjacency import ActionModule as Adjacency

if MISSING is None:
    from ..plugin_utils.fleet.rendered import NotRendered, intent_path, rendered
    from ..plugin_utils.judge.diagnosis import diagnose, name_of
    from ..plugin_utils.judge.plan import state_arguments
    from ..plugin_utils.judge.present_diagnosis import as_json, console, paragraph, verdict
    from ..plugin_utils.judge.scope import Scope, around, scope, targets
    from ..plugin_utils.judge.store import Looks, write

ARGUMENTS = {
    "from": {"type": "str", "default": ""},
    "to": {"type": "str", "default": ""},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "report_dir": {"type": "path", "default": "artifacts/report"},
    "state": {"type": "str", "choices": ["look", "probe", "complete"], "required": True},
}


class ActionModule(Adjacency):
    """Reads intents of routers on the way only."""

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super(Adjacency, self).run(tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        self.variables = task_vars or {}
        self.host = str(self.variables["inventory_hostname"])
        self.bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        self.directory = Path(os.path.abspath(arguments["report_dir"]))
        self.looks = Looks(self.directory / "diagnose")
        sites = list(dict.fromkeys(site for site in (arguments["from"], arguments["to"]) if site))
        result["changed"] = False
        if arguments["state"] == "complete":
            return self.complete(result, self.scope(sites))
        self.refuse_strangers(sites)
        asked = around(self.host, sites, self.intent_of) if self.is_rendered(self.host) else None
        if asked is None or self.host not in asked.hosts:
            result.update(skipped=True, msg=f"{self.host} is not on the way")
            return result
        try:
            if arguments["state"] == "look":
                self.look_first()
            elif self.looks.has(self.host):
                self.probe(asked)
        except (AnsibleActionFail, AnsibleConnectionFailure) as error:
            self.looks.fail(self.host, error.message)
            raise
        return result

    def scope(self, sites: list[str]) -> Scope:
        """All routers on the way. Raises AnsibleActionFail for a site that is not in the fleet."""
        self.refuse_strangers(sites)
        return scope(self.fleet(), sites, self.intent_of)

    def fleet(self) -> list[str]:
        try:
            return rendered(self.bundle, self.variables["ansible_play_hosts_all"])
        except NotRendered as error:
            raise AnsibleActionFail(str(error)) from None

    def is_rendered(self, host: str) -> bool:
        return intent_path(self.bundle, host).exists()

    def refuse_strangers(self, sites: list[str]) -> None:
        for site in sites:
            if not self.is_rendered(site):
                fleet = self.fleet()
                raise AnsibleActionFail(
                    f"from, to: {site} is not a router of the fleet; write one of {', '.join(fleet[:20])}"
                    f"{' ...' if len(fleet) > 20 else ''}"
                )

    def intent_of(self, host: str) -> Any:
        return self.intent(self.bundle, host)

    def look_first(self) -> None:
        self.looks.forget(self.host)
        device = self.intent(self.bundle)
        self.ios = device.platform == "ios"
        self.looks.save(self.host, state=self.asked(state_arguments(device))["state"])

    def probe(self, asked: Scope) -> None:
        """Sends packets along each layer, and looks again at what they moved.

        This needs the first look, of all routers on the way: where to send to is what the others told (WAN
        and LAN addresses), and what got lost is told by both ends' counters before and after.
        """
        sights = self.looks.sights(asked, self.intent_of)
        sight = sights[self.host]
        self.ios = sight.device.platform == "ios"
        aims = targets(sight, asked.hosts)
        arguments = state_arguments(sight.device)
        if self.ios:
            probes = self.module("path_mtu", {"targets": aims})["probes"] if aims else []
            answer = self.asked(arguments)
        else:
            answer = self.asked(arguments | {"targets": aims})
            probes = answer["probes"]
        self.looks.save(self.host, earlier=self.looks.state(self.host), state=answer["state"], probes=probes)

    def complete(self, result: dict[str, Any], asked: Scope) -> dict[str, Any]:
        """The diagnosis over all routers on the way; reads what the other tasks wrote."""
        sights = self.looks.sights(asked, self.intent_of)
        found = diagnose(asked, sights, self.looks.errors(asked))
        path = self.directory / "diagnose.json"
        try:
            write(path, json.dumps(as_json(found), indent=1) + "\n")
        except OSError as error:
            raise AnsibleActionFail(
                f"{error.filename or path}: {error.strerror}; give another directory with dmvpn_report_dir"
            ) from None
        Display().display(f"\n{console(found)}\n")
        first = found.first
        result.update(green=found.green, verdict=verdict(found), report_json=str(path))
        if first is not None:
            result.update(host=first.host, cause=name_of(first))
        if not found.green:
            why = f"{first.host}: {paragraph(first)}" if first else "not every router could be looked at"
            result.update(failed=True, msg=why)
        return result
