# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table names what is missing, ageing, flapping or lossy, beside the last look, and nothing else."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.mgre.dmvpn.plugins.module_utils.health_metrics import Sample, sample
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.health.present import age, console, notes
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.health.store import Kept, begin, last, save, this

NOW = 1_800_000_000.0
PEER = {"site": "s1", "cloud": "blue", "peer": "hub1"}


def look(
    loss: float = 0.0, flaps: float = 0, registered: float = 1, esp: float = 100, days: float = 90
) -> Kept:
    samples = [
        sample("look_timestamp_seconds", NOW, site="s1"),
        sample("nhs_registered", registered, **PEER),
        sample("nhs_change_timestamp_seconds", NOW - 7500, **PEER),
        sample("nhs_loss_ratio", loss, **PEER),
        sample("neighbour_flaps_total", flaps, protocol="bgp", **PEER),
        sample("esp_sa_age_seconds", esp, **PEER),
        sample("esp_sa_lifetime_seconds", 3600, site="s1", cloud="blue"),
        sample("certificate_not_after_timestamp_seconds", NOW + days * 86400, site="s1", certificate="a.crt"),
    ]
    return Kept("s1", samples)


def test_nothing_is_said_of_a_router_that_is_well() -> None:
    assert notes(look(), look()) == []
    assert console([(look(), look())]) == "1 of 1 routers looked at, no notes"
    assert console([(look(), None)]).endswith("1 for the first time: what moved shows the next time")


def test_each_trouble_is_one_line_with_what_the_last_look_saw() -> None:
    def told(kept: Kept) -> list[tuple[str, ...]]:
        return [note.cells[3:] for note in notes(kept, look(flaps=4))]

    assert told(look(registered=0, flaps=4)) == [("registration", "not registered for 2 h 5 min", "good")]
    assert told(look(loss=0.25, flaps=4)) == [("loss", "25%", "0%")]
    assert told(look(flaps=7)) == [("neighbour flapped", "+3", "4 in all")]
    assert told(look(esp=4200, flaps=4)) == [("SA not rekeyed", "1 h 10 min old, due at 1 h 0 min", "1 min")]
    assert told(look(days=20, flaps=4)) == [("certificate ends a.crt", "in 20 days", "-")]
    assert told(look(days=-1, flaps=4)) == [("certificate ends a.crt", "has ended", "-")]


def test_a_router_that_was_not_reached_is_a_line_and_its_last_look_stays(tmp_path: Path) -> None:
    save(tmp_path, look(flaps=4))
    begin(tmp_path, ["s1"])
    assert [note.cells for note in notes(this(tmp_path, "s1"), last(tmp_path, "s1"))] == [
        ("s1", "-", "-", "not reached", "not reached", "reached")
    ]
    begin(tmp_path, ["s1"])
    assert last(tmp_path, "s1") == look(flaps=4)
    assert (tmp_path / "s1.last.json").stat().st_mode & 0o777 == 0o600


def test_ages_are_short() -> None:
    assert [age(s) for s in (45, 720, 12000, 180000)] == ["45 s", "12 min", "3 h 20 min", "2 d 2 h"]


def test_a_value_without_a_limit_is_no_note() -> None:
    assert notes(Kept("s1", [Sample("uptime_seconds", {"site": "s1"}, 1.0)]), None) == []
