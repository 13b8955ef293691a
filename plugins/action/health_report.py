# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.health_report``: the looks of a play as one table and one metrics file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.requirements import require

try:
    from ..module_utils.health_metrics import FILE, exposition, sample
    from ..module_utils.linux.health import replace
    from ..plugin_utils.health.present import console, notes
    from ..plugin_utils.health.store import begin, last, this
    from ..plugin_utils.judge.store import NotRendered, rendered
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

ARGUMENTS = {
    "state": {"type": "str", "choices": ["begin", "complete"], "default": "complete"},
    "bundle_dir": {"type": "path", "default": "artifacts/bundle"},
    "health_dir": {"type": "path", "default": "artifacts/health"},
    "metrics_dir": {"type": "path"},
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
        directory = Path(os.path.abspath(arguments["health_dir"]))
        bundle = Path(os.path.abspath(arguments["bundle_dir"]))
        result["changed"] = False
        try:
            hosts = rendered(bundle, (task_vars or {})["ansible_play_hosts_all"])
            if arguments["state"] == "begin":
                begin(directory, hosts)
                return result
            looks = [(this(directory, host), last(directory, host)) for host in hosts]
            samples = [item for kept, _before in looks if not kept.own for item in kept.samples]
            for kept, before in looks:
                if kept.error is not None and not (kept.own or (before is not None and before.own)):
                    samples.append(sample("up", 0, site=kept.host))
            target = Path(os.path.abspath(arguments["metrics_dir"] or directory)) / FILE
            replace(target, exposition(samples), 0o644)
        except NotRendered as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(
                f"{error.filename or directory}: {error.strerror}; "
                "give other directories with dmvpn_health_dir and dmvpn_metrics_dir"
            ) from None
        Display().display(f"\n{console(looks)}\n")
        result.update(
            metrics_file=str(target),
            notes=[
                dict(zip(("site", "cloud", "peer", "what", "now", "last_look"), note.cells, strict=True))
                for kept, before in looks
                for note in notes(kept, before)
            ],
        )
        return result
