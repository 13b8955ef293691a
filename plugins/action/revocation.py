# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.revocation``: the CA's list of revoked routers, and which routers know it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.keys.psk import with_psk
from ..plugin_utils.pki import revocation
from ..plugin_utils.pki.authority import Authority
from ..plugin_utils.pki.subject import PkiError
from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.fleet.rendered import NotRendered, rendered
    from ..plugin_utils.keys.evicted import console, outcome
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

ARGUMENTS = {
    "state": {"type": "str", "choices": ["revoked", "readmitted", "complete"], "required": True},
    "router": {"type": "str", "required": True},
    "authority_dir": {"type": "path"},
    "passphrase": {"type": "str", "no_log": True},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
}


class ActionModule(ActionBase):
    """Runs on the controller and contacts nobody."""

    _supports_check_mode = True
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        if not arguments["router"]:
            raise AnsibleActionFail(
                "router: nobody is named; write -e router=NAME, or -e readmit=NAME to let one in again"
            )
        try:
            if arguments["state"] == "complete":
                self.complete(result, arguments, task_vars or {})
            else:
                self.listed(result, arguments)
        except (PkiError, NotRendered) as error:
            raise AnsibleActionFail(str(error)) from None
        return result

    def listed(self, result: dict[str, Any], arguments: dict[str, Any]) -> None:
        """Changes the record and the list of the CA."""
        name, bundle = arguments["router"], Path(os.path.abspath(arguments["bundle_dir"]))
        if not arguments["authority_dir"]:
            raise PkiError("dmvpn_pki_dir: write the controller's directory for the private CA")
        directory = Path(os.path.abspath(arguments["authority_dir"]))
        revoke = arguments["state"] == "revoked"
        if not revocation.issued(directory, name):
            raise PkiError(f"router: {name} never had a certificate of {directory}; write a router's name")
        if shared := {cloud for _name, _platform, clouds in with_psk(bundle) for cloud in clouds}:
            raise PkiError(
                f"{name} knows the PSK of {', '.join(sorted(shared))}, which no list takes "
                "back; take it out of the inventory, write another secret in dmvpn_psks, and run site.yml"
            )
        if self._task.check_mode:
            result["changed"] = (name in revocation.read(directory).barred) != revoke
            return
        with Authority.opened(directory, arguments["passphrase"]) as authority:
            result["changed"] = authority.revoke(name) if revoke else authority.readmit(name)

    def complete(self, result: dict[str, Any], arguments: dict[str, Any], variables: dict[str, Any]) -> None:
        """What each router's tasks returned; read raw, because templating every host's is quadratic."""
        bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        fleet = []
        for host in rendered(bundle, variables["ansible_play_hosts_all"]):
            if host != arguments["router"]:
                raw = variables["hostvars"].raw_get(host)
                fleet.append(outcome(host, raw.get("pki_result"), raw.get("revoke_evicted")))
        Display().display(f"\n{console(arguments['router'], fleet)}\n")
        left = [one.host for one in fleet if one.error]
        result.update(changed=False, told=[one.host for one in fleet if not one.error], left=left)
        if left:
            result.update(failed=True, msg=f"not all routers know: {', '.join(left)}")
