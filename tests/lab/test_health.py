# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Metrics of live routers: right, moved by what breaks, and the alerts that follow. Needs root."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet, until
from ansible_collections.mgre.dmvpn.tests.monitoring.promtool import firing, promtool, values

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("clean_wans")]

DIRECTORY = "/var/lib/prometheus/node-exporter"
PLAY = """\
- hosts: spoke1
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: mgre.dmvpn.linux, tasks_from: metrics}
"""
HUB1 = 'cloud="blue",peer="hub1"'
NHRPD = "/usr/lib/frr/nhrpd"
TIMER = "mgre-dmvpn-collector.timer"


def measure(fleet: Fleet, wanted: str) -> str:
    """The role's task alone: site.yml runs it behind apply, which has nothing to do here."""
    play = fleet.folder / "metrics.yml"
    play.write_text(PLAY)
    done = fleet.play(str(play.with_suffix("")), "-e", json.dumps({"dmvpn_metrics": wanted == "on"}))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def look(fleet: Fleet) -> tuple[str, str]:
    """health.yml: what it prints, and the metrics file that it writes."""
    done = fleet.play("health", "-e", "dmvpn_metrics_dir=metrics")
    assert done.returncode == 0, done.stdout + done.stderr
    path = fleet.folder / "metrics" / "mgre_dmvpn.prom"
    assert path.stat().st_mode & 0o777 == 0o644
    return done.stdout, path.read_text()


@pytest.fixture
def collector(fleet: Fleet) -> Iterator[None]:
    assert re.search(r"^spoke1 .*changed=1 ", measure(fleet, "on"), re.M)
    yield
    measure(fleet, "off")
    left = fleet.lab.ssh("spoke1", f"ls {DIRECTORY}; ls -d /etc/*/ /var/lib/*/ /usr/local/lib/*/")
    assert "collector" not in left and "mgre_dmvpn.prom" not in left


@pytest.mark.usefixtures("collector")
def test_a_router_measures_itself_and_says_what_its_daemons_say(fleet: Fleet) -> None:
    ssh = fleet.lab.ssh
    file = f"{DIRECTORY}/mgre_dmvpn.prom"
    assert re.search(r"^spoke1 .*changed=0 ", measure(fleet, "on"), re.M)
    assert ssh("spoke1", f"systemctl is-active {TIMER}; stat -c %a {file}").split() == ["active", "644"]
    ssh("spoke1", "systemctl start mgre-dmvpn-collector.service")
    text = ssh("spoke1", f"cat {file}")
    checked = promtool("check", "metrics", stdin=text)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    told = {series.removeprefix("mgre_dmvpn_"): value for series, value in values(text).items()}

    sas = ssh("spoke1", "swanctl --list-sas")
    assert told['sas{site="spoke1",kind="esp"}'] == len(re.findall(r"INSTALLED", sas))
    hub1 = sas.partition("198.51.100.2[")[2]
    established = re.search(r"established (\d+)s ago", hub1)
    assert established and told[f'ike_sa_age_seconds{{site="spoke1",{HUB1}}}'] == pytest.approx(
        int(established[1]), abs=15
    )
    cache = fleet.vtysh("spoke1", "show ip nhrp cache")
    assert re.search(r"nhs +10\.255\.0\.1 ", cache) and told[f'nhs_registered{{site="spoke1",{HUB1}}}'] == 1
    summary = json.loads(fleet.vtysh("spoke1", "show bgp ipv4 unicast summary json"))["peers"]["10.255.0.1"]
    assert summary["state"] == "Established"
    assert told[f'neighbour_up{{site="spoke1",{HUB1},protocol="bgp"}}'] == 1
    end = ssh(
        "spoke1",
        'date -u +%s -d "$(openssl x509 -noout -enddate -in /etc/swanctl/x509/mgre-dmvpn.crt | cut -d= -f2)"',
    )
    certificate = 'certificate="/etc/swanctl/x509/mgre-dmvpn.crt"'
    assert told[f'certificate_not_after_timestamp_seconds{{site="spoke1",{certificate}}}'] == float(end)
    kernel = int(ssh("spoke1", "grep XfrmInNoStates /proc/net/xfrm_stat").split()[1])
    assert told['xfrm_errors_total{site="spoke1",reason="InNoStates"}'] <= kernel
    pinged = ssh("spoke1", "ping -q -c 20 -i 0.05 -I 10.255.0.11 10.255.0.1")
    loss = re.search(r"(\d+)% packet loss", pinged)
    lost = told[f'nhs_loss_ratio{{site="spoke1",{HUB1}}}']
    assert loss and lost == pytest.approx(int(loss[1]) / 100, abs=0.1)

    before = told[f'esp_rekeys_total{{site="spoke1",{HUB1}}}']
    ssh("spoke1", "swanctl --rekey --child gre")
    until(lambda: "REKEYED" not in ssh("spoke1", "swanctl --list-sas"), "the old SAs are gone")
    ssh("spoke1", "systemctl start mgre-dmvpn-collector.service")
    now = values(ssh("spoke1", f"cat {file}"))
    assert now[f'mgre_dmvpn_esp_rekeys_total{{site="spoke1",{HUB1}}}'] == before + 1
    assert now[f'mgre_dmvpn_sa_flaps_total{{site="spoke1",{HUB1}}}'] == 0


def test_what_breaks_is_in_the_table_and_in_the_metrics_and_its_alerts_fire(
    fleet: Fleet, tmp_path: Path
) -> None:
    well = look(fleet)[1]
    # Without its program watchfrr cannot start it again.
    fleet.lab.ssh("spoke3", f"mv {NHRPD} {NHRPD}.away; kill -KILL $(pidof nhrpd)")
    fleet.lab.impair("spoke1", loss=20)
    fleet.lab.cut("hub2")
    try:
        said, broken = look(fleet)
    finally:
        fleet.lab.restore("hub2")
        fleet.lab.impair("spoke1")
        fleet.lab.ssh("spoke3", f"mv {NHRPD}.away {NHRPD}; systemctl restart frr")
    fleet.wait_green()

    table = [tuple(re.split(r" {2,}", line)) for line in said.splitlines()]
    assert ("spoke2", "blue", "hub2", "loss", "100%", "0%") in table, said
    assert ("spoke3", "-", "-", "daemon nhrpd", "not running", "good") in table, said
    assert any(row[:4] == ("spoke1", "blue", "hub1", "loss") for row in table), said
    before, after = values(well), values(broken)
    loss = f'mgre_dmvpn_nhs_loss_ratio{{site="spoke1",{HUB1}}}'
    assert before[loss] == 0 and 0.05 < after[loss] < 1
    assert after[f'mgre_dmvpn_nhs_registered{{site="spoke3",{HUB1}}}'] == 0
    flaps = f'mgre_dmvpn_nhs_flaps_total{{site="spoke3",{HUB1}}}'
    assert after[flaps] == before[flaps] + 1

    select = 'alertname=~"DmvpnHubUnreachable|DmvpnLoss|DmvpnDaemonDown|DmvpnSiteCutOff",peer!="hub2"'
    hub2 = 'alertname="DmvpnHubUnreachable"'
    expected = [
        '{alertname="DmvpnLoss",site="spoke1",peer="hub1"}',
        '{alertname="DmvpnDaemonDown",site="spoke3"}',
        '{alertname="DmvpnSiteCutOff",site="spoke3"}',
    ]
    assert firing([well, broken], 9, "", [], tmp_path) == ""
    assert firing([well, broken], 19, select, expected, tmp_path) == ""
    assert firing([well, broken], 19, hub2, ['{alertname="DmvpnHubUnreachable",peer="hub2"}'], tmp_path) == ""
    # The same question of a fleet that is well has another answer: the check can fail.
    assert firing([well, well], 19, select, expected, tmp_path) != ""
