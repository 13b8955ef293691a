# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What check mode says of the run to come, against what that run then does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import transaction
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.forecast import forecast
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.release import File, Release

Wanted = Callable[..., Release]
Intent = dict[str, Any]
KEY = "a key of the controller"
SETTINGS = "/etc/strongswan.d/mgre-dmvpn.conf"
SHOWN = {
    "guard is replaced": "reload-or-restart mgre-dmvpn-guard.service",
    "charon is restarted": "systemctl restart strongswan.service",
    "charon is told": "swanctl --load-conns",
    "charon is started": "systemctl start strongswan.service",
    "tunnel comes": "restart mgre-dmvpn-blue.service",
    "tunnel is set again": "restart mgre-dmvpn-blue.service",
    "event daemon is restarted": "restart mgre-dmvpn-nhrp-events.service",
    "sysctls are set": "systemd-sysctl",
    "FRR lines change": "vtysh -f",
    "FRR daemons are started": "systemctl reload frr.service",
}
LOUD = {command for command in SHOWN.values() if "vtysh" not in command}


def said(router: Any, wanted: Release, intent: Intent, key: str = KEY) -> dict[str, Any]:
    return forecast(router.host, transaction.apply(router.host, wanted, intent, check=True), key)


def other(release: Release, path: str, change: Callable[[str], str]) -> Release:
    """A release in which one file is another."""
    text = change(release.files[path].text)
    files = {**release.files, path: File(text, release.files[path].mode, text)}
    return Release(files, release.tunnels, release.firewall)


@pytest.mark.parametrize(
    ("spoil", "change", "acts"),
    [
        (
            None,
            lambda r: other(r, SETTINGS, lambda t: t.replace("}", "    threads = 9\n}")),
            ["charon is restarted"],
        ),
        (None, lambda r: other(r, "/etc/mgre-dmvpn/guard.nft", lambda t: t + "# x\n"), ["guard is replaced"]),
        (
            None,
            lambda r: other(r, "/etc/mgre-dmvpn/frr.conf", lambda t: t + "ip route 10.9.0.0/16 blackhole\n"),
            ["FRR lines change"],
        ),
        (lambda r: r.connections.discard("mgre-internet"), None, ["charon is told"]),
        (lambda r: r.active.discard("strongswan.service"), None, ["charon is started"]),
        (lambda r: r.link("dmvpn10").rmdir(), None, ["tunnel comes"]),
        (lambda r: r.tables.pop("inet mgre_dmvpn_guard"), None, ["guard is replaced"]),
    ],
)
def test_what_is_forecast_is_what_is_done(
    spoil: Callable[[Any], Any] | None,
    change: Callable[[Release], Release] | None,
    acts: list[str],
    router: Any,
    wanted: Wanted,
    intent: Intent,
) -> None:
    transaction.apply(router.host, wanted(), intent)
    if spoil:
        spoil(router)
    release = change(wanted()) if change else wanted()
    told = said(router, release, intent)
    done = len(router.changes)
    transaction.apply(router.host, release, intent)
    assert [act["act"] for act in told["acts"]] == acts
    commands = router.changes[done:]
    for act in acts:
        assert any(SHOWN[act] in command for command in commands), commands
    for command in LOUD - {SHOWN[act] for act in acts} - {"swanctl --load-conns"}:
        assert not any(command in ran for ran in commands), commands


def test_the_first_apply_is_all_new(router: Any, wanted: Wanted, intent: Intent) -> None:
    told = said(router, wanted(), intent)
    assert told["new"] and told["changed"]
    assert {"tunnel comes", "FRR lines change", "FRR daemons are started"} <= {a["act"] for a in told["acts"]}
    transaction.apply(router.host, wanted(), intent)
    told = said(router, wanted(), intent)
    assert not told["new"] and not told["changed"] and told["acts"] == []


def test_the_state_is_another_after_a_change_by_hand_and_the_same_again_without_it(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    transaction.apply(router.host, wanted(), intent)
    good = said(router, wanted(), intent)
    running = router.running
    router.running = running + "ip route 198.18.0.0/16 blackhole\n"
    by_hand = said(router, wanted(), intent)
    router.running = running
    assert by_hand["state"] != good["state"] and by_hand["wanted"] == good["wanted"]
    assert said(router, wanted(), intent)["state"] == good["state"]
    file = router.root / "etc/mgre-dmvpn/guard.nft"
    file.write_text(file.read_text() + "# by hand\n")
    assert said(router, wanted(), intent)["state"] != good["state"]


def test_sessions_that_a_hub_enters_for_its_spokes_are_no_change(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    profile = "bfd\n profile MGRE-blue\n  receive-interval 400\n exit\n"
    release = other(wanted(), "/etc/mgre-dmvpn/frr.conf", lambda text: text + profile + "exit\n")
    transaction.apply(router.host, release, intent)
    before = said(router, release, intent)["state"]
    session = " peer 10.255.0.11 local-address 10.255.0.1 interface dmvpn10\n  profile MGRE-blue\n exit\n"
    assert " profile MGRE-blue\n" in router.running
    router.running = router.running.replace("bfd\n", "bfd\n" + session, 1)
    assert said(router, release, intent)["state"] == before


def test_fingerprints_need_the_key_and_tell_nothing_without(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    one, two = said(router, wanted(), intent), said(router, wanted(), intent, "another key")
    assert one["state"] != two["state"] and one["wanted"] != two["wanted"]
    assert set(said(router, wanted(), intent, "")) == {"changed", "new", "stale"}


def test_what_a_router_keeps_for_later_runs_is_renewed_though_nothing_changes(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    transaction.apply(router.host, wanted(), intent)
    assert not said(router, wanted(), intent)["stale"]
    later = intent | {"site": 99}
    told = said(router, wanted(), later)
    assert told["stale"] and not told["changed"]
    assert not transaction.apply(router.host, wanted(), later).changed
    assert not said(router, wanted(), later)["stale"]
