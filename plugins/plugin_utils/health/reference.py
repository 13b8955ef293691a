# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reference page of all metrics and alerts: docs/reference/metrics.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ...module_utils.health_metrics import METRICS, PREFIX, Metric

RULES = Path(__file__).resolve().parents[3] / "monitoring" / "mgre-dmvpn.rules.yml"
HEAD = """\
# Metrics and alerts

Written by `tools/metrics_reference.py` from `plugins/module_utils/health_metrics.py` and
`monitoring/mgre-dmvpn.rules.yml`: change them there. How to get them: [health](../health.md).

## Metrics

Every metric has the label `site`, the inventory's host name. `peer` is a hub, by its host name. A value that
is not known is not there.

| metric | kind | further labels | meaning |
|---|---|---|---|
"""
ALERTS = """
## Alerts

| alert | severity | when | for |
|---|---|---|---|
"""


def page() -> str:
    """Markdown."""
    metrics = [_metric(name, metric) for name, metric in METRICS.items()]
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    alerts = [_alert(rule) for group in groups for rule in group["rules"]]
    return HEAD + "".join(metrics) + ALERTS + "".join(alerts)


def _metric(name: str, metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{PREFIX}{name}` | {metric.kind} | {labels} | {metric.help} |\n"


def _alert(rule: dict[str, Any]) -> str:
    when = " ".join(rule["expr"].split())
    return f"| {rule['alert']} | {rule['labels']['severity']} | `{when}` | {rule.get('for', 'at once')} |\n"
