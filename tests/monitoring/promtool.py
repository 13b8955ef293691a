# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Prometheus's own tool, and metrics files as the time series that it evaluates rules on."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROMTOOL = ROOT / ".build" / "promtool"
RULES = ROOT / "monitoring" / "mgre-dmvpn.rules.yml"
MINUTES = 10  # that each metrics file stands for


def promtool(*arguments: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs it. tools/bootstrap dev puts it there; without it this raises FileNotFoundError."""
    return subprocess.run(
        [PROMTOOL, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def values(text: str) -> dict[str, float]:
    """A metrics file: series to value."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            series, _blank, value = line.rpartition(" ")
            found[series] = float(value)
    return found


def firing(files: Sequence[str], minute: int, select: str, expected: Sequence[str], folder: Path) -> str:
    """Evaluates the rules on metrics files, each seen for MINUTES, and asks which alerts fire at a minute.

    ``select`` are labels of ALERTS, ``expected`` those of the alerts that must be all of them. Returns what
    promtool has to object: nothing if it is as expected. Its clock starts at 0, so times become ages.
    """
    looks = [values(text) for text in files]
    looked = {s: max(v for k, v in look.items() if "look_timestamp" in k) for s, look in enumerate(looks)}
    inputs = []
    for series in dict.fromkeys(series for look in looks for series in look):
        told: list[str] = []
        for number, look in enumerate(looks):
            value = look.get(series)
            if value is None:
                told += ["_"] * MINUTES
            elif "_timestamp_seconds" in series:
                begun = number * MINUTES * 60
                told += [repr(value - looked[number] + begun + 60 * step) for step in range(MINUTES)]
            else:
                told += [repr(value)] * MINUTES
        inputs.append({"series": series, "values": " ".join(told)})
    asked = {
        "expr": f'count by (alertname, site, peer) (ALERTS{{alertstate="firing",{select}}})',
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": labels, "value": 1} for labels in expected],
    }
    path = folder / "firing.yml"
    test = {"interval": "1m", "input_series": inputs, "promql_expr_test": [asked]}
    path.write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}),
        encoding="utf-8",
    )
    done = promtool("test", "rules", path)
    return "" if done.returncode == 0 else done.stdout + done.stderr
