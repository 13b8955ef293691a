# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.audit``: one router beside the inventory, and who could have changed it. Read-only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure

from ..plugin_utils.requirements import require
from ..plugin_utils.secret_references import hidden
from .adjacency import MISSING
from .adjacency import ActionModule as Adjacency
from .ios_apply import ActionModule as IosApply
from .linux_apply import ActionModule as LinuxApply

if MISSING is None:
    from ..module_utils.difference import THEIRS, Difference
    from ..plugin_utils.audit.judged import judged
    from ..plugin_utils.audit.report import Audit, parse_differences, save
    from ..plugin_utils.audit.software import software, suites
    from ..plugin_utils.fleet.rendered import intent_path
    from ..plugin_utils.judge.plan import state_arguments
    from ..plugin_utils.judge.store import forget
    from ..plugin_utils.judge.verdict import parse_state

ARGUMENTS = {
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "audit_dir": {"type": "path", "default": "artifacts/audit"},
}
# What was looked at: a case each in the JUnit report, also where nothing was found.
LINUX = (
    *("system", "packages", "versions", "files", "services", "kernel", "firewall", "ipsec", "suites"),
    *("certificates", "clock", "tunnels", "frr", "routes"),
)
SETTER = "whoever set up the router"
IOS = ("configuration", "firewall", "tunnels", "certificates", "suites")


class Recorder:
    """A session that remembers the running configuration, and sends nothing that changes it."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.running = ""

    def send(self, line: str) -> str:
        if not line.startswith("show "):
            raise AnsibleActionFail(f"an audit does not send `{line}`")
        said = str(self._session.send(line))
        if line == "show running-config":
            self.running = said
        return said

    def renew(self) -> None:
        self._session.renew()


class ActionModule(Adjacency):
    """Reads its own host's intent, bundle and secrets only."""

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super(Adjacency, self).run(tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        self.variables = task_vars or {}
        self.host = str(self.variables["inventory_hostname"])
        directory = Path(os.path.abspath(arguments["audit_dir"]))
        bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        forget(directory, [self.host])
        if "dmvpn_site" not in self.variables and not intent_path(bundle, self.host).exists():
            result.update(skipped=True, msg=f"{self.host} is not in the fleet")
            return result
        audit = Audit(self.host)
        try:
            device = self.intent(bundle)
            audit.site = device.site
            self.ios = device.platform == "ios"
            self.compare(audit, device, bundle)
        except (AnsibleActionFail, AnsibleConnectionFailure) as error:
            audit.error = error.message
            save(directory, audit)
            raise
        save(directory, audit)
        result.update(
            changed=False,
            verdict=audit.verdict,
            differences=[one.to_dict() for one in audit.differences],
        )
        return result

    def compare(self, audit: Any, device: Any, bundle: Path) -> None:
        """Files, lines and units, then what the observer sees."""
        audit.areas = IOS if self.ios else LINUX
        if self.ios:
            audit.differences = self.configuration(device, bundle)
            answer = self.asked(state_arguments(device))
        else:
            answer = self.router(audit, device, bundle)
        state = parse_state(answer["state"])
        told = {one.area for one in audit.differences}
        audit.differences += [*judged(device, state, told), *software(device, state), *suites(device, state)]

    def router(self, audit: Any, device: Any, bundle: Path) -> dict[str, Any]:
        """A Linux router observes itself, and compares itself with what apply would be given."""
        sent = self.sibling(LinuxApply).read(bundle, self.variables)
        answer = self.asked(sent | {"look": state_arguments(device)}, "audit")
        audit.applied = answer["applied"]
        audit.differences = parse_differences(answer["differences"])
        return answer

    def configuration(self, device: Any, bundle: Path) -> list[Any]:
        """An IOS router's running configuration is compared here, as apply does in check mode."""
        try:
            from ..plugin_utils.audit.ios import configuration
            from ..plugin_utils.ios.driver import BadConfiguration
            from ..plugin_utils.ios.owned import NotOurs
            from ..plugin_utils.ios.transaction import apply
            from ..plugin_utils.ios.wish import Wish
            from ..plugin_utils.pending.errors import Lost, Refused
        except ModuleNotFoundError as error:
            raise AnsibleActionFail(
                f"the controller lacks the Python package {error.name}; install requirements.txt"
            ) from None
        sibling = self.sibling(IosApply)
        intended = sibling.read(bundle, self.variables)
        secrets = sibling.secrets(intended, self.variables)
        session = Recorder(sibling.session())
        found: list[Any] = []
        try:
            apply(session, Wish(intended=intended, secrets=secrets), check=True)
        except Refused as refused:
            found += [
                Difference("configuration", "router", THEIRS, hidden(text, secrets), SETTER)
                for text in refused.messages
            ]
        except Lost as lost:
            raise AnsibleConnectionFailure(f"the router cannot be reached: {lost}") from None
        except (BadConfiguration, NotOurs) as error:
            raise AnsibleActionFail(f"{error}: this cannot be compared; render again, or report it") from None
        lines = list(configuration(session.running, intended, secrets))
        told = {one.what for one in lines}
        return [*(one for one in found if one.what.partition("; ")[0] not in told), *lines]

    def sibling(self, kind: Any) -> Any:
        """Another action of the collection, for this task."""
        return kind(
            task=self._task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
