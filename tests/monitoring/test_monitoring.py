# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules and dashboard: Prometheus takes them, and they speak of metrics that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.mgre.dmvpn.plugins.module_utils.health_measure import Look, Ping, measure, watched
from ansible_collections.mgre.dmvpn.plugins.module_utils.health_memory import advance
from ansible_collections.mgre.dmvpn.plugins.module_utils.health_metrics import METRICS, PREFIX, exposition
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.health.plan import health_plan
from ansible_collections.mgre.dmvpn.tests.monitoring.promtool import ROOT, RULES, promtool
from ansible_collections.mgre.dmvpn.tests.unit.judge import world

TESTS = ROOT / "monitoring" / "tests" / "alerts.yml"
DASHBOARD = json.loads((ROOT / "monitoring" / "dashboard.json").read_text(encoding="utf-8"))
VARIABLES = {"$cloud": ".*", "$site": ".*"}
NAME = re.compile(rf"\b{PREFIX}(\w+)")


def rules() -> list[dict[str, Any]]:
    loaded = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def metrics_file() -> str:
    device = world.device(world.SPOKE1)
    plan = health_plan(device)
    pings = [Ping(server.overlay, 0.05, 0.012) for cloud in plan.clouds for server in cloud.servers]
    state = world.state(device)
    state.unreadable["sas"] = 'charon said "no"'
    look = Look(plan, state, pings, {"InError": 0}, world.NOW, 2.5)
    return exposition(measure(look, advance({}, watched(look), look.time)))


def test_prometheus_takes_the_metrics_file_and_has_no_complaint_of_its_names() -> None:
    done = promtool("check", "metrics", stdin=metrics_file())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_prometheus_objects_to_a_metrics_file_that_is_wrong() -> None:
    broken = metrics_file().replace(f"# TYPE {PREFIX}up gauge", f"# TYPE {PREFIX}up counter")
    assert promtool("check", "metrics", stdin=broken).returncode != 0


def test_prometheus_takes_the_rules_and_each_fires_and_does_not_fire_when_it_should() -> None:
    for command in (("check", "rules", RULES), ("test", "rules", TESTS)):
        done = promtool(*command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_firing_in_the_tests() -> None:
    seen = set(re.findall(r'alertname="(\w+)"', TESTS.read_text(encoding="utf-8")))
    assert seen == {rule["alert"] for rule in rules()}


def test_rules_that_never_fire_fail_the_tests(tmp_path: Path) -> None:
    loaded = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for rule in loaded["groups"][0]["rules"]:
        rule["expr"] = "vector(0) > 1"
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(loaded), encoding="utf-8")
    tests = TESTS.read_text(encoding="utf-8").replace("../mgre-dmvpn.rules.yml", "rules.yml")
    (tmp_path / "tests.yml").write_text(tests, encoding="utf-8")
    done = promtool("test", "rules", tmp_path / "tests.yml")
    assert done.returncode != 0
    missed = set(re.findall(r'alertname="(\w+)"', done.stdout + done.stderr))
    assert missed == {rule["alert"] for rule in rules()}


def test_rules_and_dashboard_name_metrics_that_exist_with_labels_that_they_have() -> None:
    for text in [*queries(), *(rule["expr"] for rule in rules())]:
        names = NAME.findall(text)
        assert names and set(names) <= METRICS.keys(), text
        for name, selector in re.findall(rf"{PREFIX}(\w+)\{{([^}}]*)\}}", text):
            used = set(re.findall(r"(\w+)=", selector))
            assert used <= {"site", *METRICS[name].labels}, text


def test_prometheus_takes_every_query_of_the_dashboard(tmp_path: Path) -> None:
    exprs = queries()
    for variable, value in VARIABLES.items():
        exprs = [expr.replace(variable, value) for expr in exprs]
    recorded = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(exprs)]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}), encoding="utf-8")
    done = promtool("check", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "$" not in "".join(exprs)


def test_every_panel_is_described_in_the_documentation_and_no_other() -> None:
    page = (ROOT / "docs" / "health.md").read_text(encoding="utf-8")
    table = page.partition("## The dashboard")[2].partition("\n## ")[0]
    described = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", table, re.M))
    panels = {panel["title"]: panel["description"] for panel in DASHBOARD["panels"]}
    assert {title: described.get(title) for title in panels} == panels
    assert described.keys() - panels.keys() <= {"panel"}
