# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.rotation``: begin and end of a rotation of keys, for the whole play."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.findings import some
from ..plugin_utils.keys.psk import with_psk
from ..plugin_utils.requirements import require

try:
    from ..plugin_utils.fleet.rendered import NotRendered, rendered
    from ..plugin_utils.keys.rotation import begin, console, keep, progress
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

ARGUMENTS = {
    "state": {"type": "str", "choices": ["begin", "accepted", "complete"], "required": True},
    "kind": {"type": "str", "choices": ["certificates", "psk"], "required": True},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "keys_dir": {"type": "path", "default": "artifacts/keys"},
    "keyed": {"type": "str", "default": "pki_result"},
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
        directory = Path(os.path.abspath(arguments["keys_dir"]))
        check = self._task.check_mode
        result["changed"] = False
        try:
            if arguments["kind"] == "psk" and arguments["state"] == "begin":
                self.possible(arguments, task_vars or {})
            rotation, goes_on = begin(directory, arguments["kind"])
            if arguments["state"] == "begin":
                if not (check or goes_on):
                    keep(directory, rotation)
                result.update(begun=rotation.begun, goes_on=goes_on)
            elif arguments["state"] == "accepted":
                self.accepted(arguments, task_vars or {})
            else:
                self.complete(result, arguments, directory, task_vars or {})
        except (NotRendered, ValueError) as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(
                f"{error.filename or directory}: {error.strerror}; give another directory with dmvpn_keys_dir"
            ) from None
        return result

    def possible(self, arguments: dict[str, Any], variables: dict[str, Any]) -> None:
        """Raises ``ValueError`` where a PSK cannot roll: all members of a cloud have to take part."""
        play = set(variables["ansible_play_hosts_all"])
        members = list(with_psk(Path(os.path.abspath(arguments["bundle_dir"]))))
        absent = [name for name, _platform, _clouds in members if name not in play]
        cisco = [name for name, platform, _clouds in members if platform == "ios"]
        if not members:
            raise ValueError("rotate: no cloud has auth: psk; leave rotate=psk out to rotate certificates")
        if cisco:
            raise ValueError(
                f"rotate: {some(cisco)}: an IOS router holds one PSK for a peer, it cannot accept two; use "
                "certificates, or change dmvpn_psks with site.yml in a change window"
            )
        if absent:
            raise ValueError(
                f"rotate: {some(absent)} left out; a PSK rolls with all routers, without --limit"
            )

    def accepted(self, arguments: dict[str, Any], variables: dict[str, Any]) -> None:
        """Raises ``ValueError``, which ends the play, unless every router accepts the old and the new key."""
        bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        left = {}
        for host in rendered(bundle, variables["ansible_play_hosts_all"]):
            found = progress(host, variables["hostvars"].raw_get(host).get(arguments["keyed"]), {}, None, {})
            if not found.keyed:
                left[host] = found.error
        if left:
            told = "".join(f"\n  {host}: {why}" for host, why in left.items())
            raise ValueError(
                f"{len(left)} routers do not accept the new key yet, so no router uses it, and the old one "
                f"holds everywhere; run it again when they are there:{told}"
            )

    def complete(
        self, result: dict[str, Any], arguments: dict[str, Any], directory: Path, variables: dict[str, Any]
    ) -> None:
        """What each router's tasks returned; read raw, because templating every host's is quadratic."""
        bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        fleet = []
        for host in rendered(bundle, variables["ansible_play_hosts_all"]):
            if is_ios(bundle, host):
                continue  # it enrols itself
            raw = variables["hostvars"].raw_get(host)
            names = (arguments["keyed"], "rotate_marked", "rotate_made", "rotate_looked")
            fleet.append(progress(host, *(raw.get(name) for name in names)))
        Display().display(f"\n{console(arguments['kind'], fleet)}\n")
        left = [one.host for one in fleet if not one.done]
        result.update(done=[one.host for one in fleet if one.done], left=left)
        if self._task.check_mode:
            return
        if left:
            result.update(failed=True, msg=f"not all routers are done: {', '.join(left)}")
        else:
            keep(directory, None)


def is_ios(bundle: Path, host: str) -> bool:
    manifest = json.loads((bundle / host / "manifest.json").read_text(encoding="utf-8"))
    return str(manifest["platform"]) == "ios"
