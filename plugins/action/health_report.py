# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.health_report``: the looks of a play as one table and one metrics file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

from ansible.utils.display import Display

from .report import FleetReport

try:
    from ..module_utils.health_metrics import FILE, exposition, sample
    from ..module_utils.linux.health import replace
    from ..plugin_utils.health.present import console, notes
    from ..plugin_utils.health.store import begin, last, this
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None


class ActionModule(FleetReport):
    """Reads the looks at each router, this one's and the last one's."""

    arguments: ClassVar = {
        "health_dir": {"type": "path", "default": "artifacts/health"},
        "metrics_dir": {"type": "path"},
    }
    elsewhere = "give other directories with dmvpn_health_dir and dmvpn_metrics_dir"
    missing = MISSING

    def begin(self, directory: Path, hosts: list[str]) -> None:
        begin(directory, hosts)

    def complete(self, directory: Path, hosts: list[str], given: dict[str, Any]) -> dict[str, Any]:
        looks = [(this(directory, host), last(directory, host)) for host in hosts]
        samples = [item for kept, _before in looks if not kept.own for item in kept.samples]
        for kept, before in looks:
            if kept.error is not None and not (kept.own or (before is not None and before.own)):
                samples.append(sample("up", 0, site=kept.host))
        target = Path(os.path.abspath(given["metrics_dir"] or directory)) / FILE
        replace(target, exposition(samples), 0o644)
        Display().display(f"\n{console(looks)}\n")
        return {
            "metrics_file": str(target),
            "notes": [
                dict(zip(("site", "cloud", "peer", "what", "now", "last_look"), note.cells, strict=True))
                for kept, before in looks
                for note in notes(kept, before)
            ],
        }
