# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The transaction as a whole: what it changes, in which order, and that it undoes itself at every step."""

from __future__ import annotations

import copy
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import transaction
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.outcome import Refused
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.release import Release
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.store import Locked, lock
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.undo import Failed

Wanted = Callable[..., Release]
Intent = dict[str, Any]


def test_a_second_run_changes_nothing_and_runs_no_command_that_could(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    first = transaction.apply(router.host, wanted(), intent)
    state, done = router.state(), len(router.changes)
    second = transaction.apply(router.host, wanted(), intent)
    assert first.changed and first.generation == 1
    assert not second.changed and second.reasons == []
    assert router.state() == state
    assert router.changes[done:] == []


def test_guard_stands_before_the_tunnel_and_ipsec_before_it_too(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    transaction.apply(router.host, wanted(), intent)
    order = [
        "systemctl reload-or-restart mgre-dmvpn-guard.service",
        "swanctl --load-conns",
        "systemctl restart mgre-dmvpn-blue.service",
        "systemctl restart mgre-dmvpn-nhrp-events.service",
        "systemctl reload frr.service",
        "vtysh -f /var/lib/mgre-dmvpn/staging/frr-commands.conf",
    ]
    places = [router.changes.index(command) for command in order]
    assert places == sorted(places)
    assert {"mgre-dmvpn-guard.service", "mgre-dmvpn-blue.service"} <= router.enabled


def test_a_daemon_that_dies_of_a_command_gets_it_again_when_it_is_back(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    router.dies = True
    assert transaction.apply(router.host, wanted(), intent).changed
    assert router.away == 0 and "neighbor MGRE-blue peer-group" in router.running


def test_foreign_configuration_stays(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent)
    conf = router.host.read("/etc/frr/frr.conf")
    assert "! by hand: call Anna\n" in conf
    assert "neighbor 198.51.100.1 remote-as 65100" in conf and "neighbor MGRE-blue peer-group" in conf
    assert router.tables["inet mine"] == "foreign"
    assert router.connections == {"other", "mgre-internet"}
    assert 'zebra_options="-A 127.0.0.1"' in router.host.read("/etc/frr/daemons")


def test_removal_leaves_what_was_there_before(router: Any, wanted: Wanted, intent: Intent) -> None:
    before = router.state()
    transaction.apply(router.host, wanted(), intent)
    outcome = transaction.remove(router.host)
    after = router.state()
    # A sysctl may be needed by others by now: it keeps its value until the next boot.
    after["files"]["proc/sys/net/ipv4/ip_forward"] = before["files"]["proc/sys/net/ipv4/ip_forward"]
    assert outcome.changed
    assert after == before
    assert not (router.root / "var/lib/mgre-dmvpn").exists()
    assert not transaction.remove(router.host).changed


def test_removal_when_the_wan_is_gone(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent)
    router.link("wan1").rmdir()
    assert transaction.remove(router.host).changed
    assert not (router.root / "etc/mgre-dmvpn").exists()


def commands_of_an_apply(make_router: Any, root: Path, wanted: Release, intent: Intent) -> list[str]:
    router = make_router(root)
    transaction.apply(router.host, wanted, intent)
    return list(router.changes)


def test_a_failure_of_any_command_puts_everything_back(
    make_router: Any, tmp_path: Path, wanted: Wanted, intent: Intent
) -> None:
    commands = commands_of_an_apply(make_router, tmp_path / "reference", wanted(), intent)
    tolerated = []
    for number, command in enumerate(commands, 1):
        router = make_router(tmp_path / str(number))
        before = router.state()
        router.fail_at = number
        try:
            transaction.apply(router.host, wanted(), intent)
        except Failed as failure:
            assert failure.trouble == [], command
            assert "it broke" in failure.words, command
            assert "the router is as it was before" in str(failure)
            assert router.state() == before, command
            assert not (router.root / "var/lib/mgre-dmvpn/journal.json").exists()
        else:
            tolerated.append(command)
    assert len(commands) > 10
    # FRR's answer is judged by what it runs afterwards, so a second attempt heals it.
    assert tolerated == ["vtysh -f /var/lib/mgre-dmvpn/staging/frr-commands.conf"]


def test_a_failed_change_goes_back_to_the_release_before(
    make_router: Any, tmp_path: Path, wanted: Wanted, intent: Intent
) -> None:
    changed = wanted(
        guard_nft="table inet mgre_dmvpn_guard { other }\n",
        mgre_dmvpn_blue_service="ExecStart=-ip link add name dmvpn10 type gre key 11 dev wan1\n",
        mgre_dmvpn_conf="charon {\n    install_routes = no\n    threads = 32\n}\n",
        frr_conf="interface dmvpn10\n ip nhrp network-id 11\nexit\n",
    )
    reference = make_router(tmp_path / "reference")
    transaction.apply(reference.host, wanted(), intent)
    first = len(reference.changes)
    transaction.apply(reference.host, changed, intent)
    commands = reference.changes[first:]
    for number, command in enumerate(commands, first + 1):
        router = make_router(tmp_path / str(number))
        transaction.apply(router.host, wanted(), intent)
        before = router.state()
        router.fail_at = number
        try:
            transaction.apply(router.host, changed, intent)
        except Failed as failure:
            assert failure.trouble == [], command
            assert router.state() == before, command
        else:
            assert command.startswith("vtysh -f")


def test_a_killed_run_is_undone_by_the_next(
    make_router: Any,
    tmp_path: Path,
    wanted: Wanted,
    intent: Intent,
    killed: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands = commands_of_an_apply(make_router, tmp_path / "reference", wanted(), intent)
    reference = make_router(tmp_path / "end")
    transaction.apply(reference.host, wanted(), intent)
    for number, command in enumerate(commands, 1):
        router = make_router(tmp_path / str(number))
        before = router.state()
        router.fail_at, router.killed = number, True
        with monkeypatch.context() as patch:
            patch.setattr(transaction, "restore", lambda *_: ["killed"])
            with pytest.raises(killed):
                transaction.apply(router.host, wanted(), intent)
        router.fail_at = None
        assert transaction.recover(router.host, check=False)
        assert router.state() == before, command
        outcome = transaction.apply(router.host, wanted(), intent)
        assert outcome.changed and router.state() == reference.state(), command


def test_when_putting_back_fails_it_is_said_and_tried_again(
    router: Any, wanted: Wanted, intent: Intent
) -> None:
    before = router.state()
    router.refuse = {"swanctl --load-conns": "charon does not answer"}
    with pytest.raises(Failed) as failure:
        transaction.apply(router.host, wanted(), intent)
    assert failure.value.step == "ipsec"
    assert "COULD NOT BE PUT BACK" in str(failure.value)
    assert any("charon does not answer" in text for text in failure.value.trouble)
    router.refuse = {}
    outcome = transaction.apply(router.host, wanted(), intent)
    assert outcome.changed
    assert any("interrupted" in text for text in outcome.warnings)
    assert before["running"] != router.state()["running"]


@pytest.mark.parametrize(
    "checker",
    ["nft -c", "vtysh -C", "systemd-analyze verify"],
)
def test_what_a_checker_refuses_changes_nothing(
    checker: str, router: Any, wanted: Wanted, intent: Intent
) -> None:
    before = router.state()
    router.refuse = {checker: "mgre-dmvpn-blue.service:2: line 7: nonsense"}
    with pytest.raises(Refused, match=r"line 7: nonsense\nnothing was changed"):
        transaction.apply(router.host, wanted(), intent)
    assert router.state() == before
    assert router.changes == []
    assert not (router.root / "var/lib/mgre-dmvpn/staging").exists()


def test_check_mode_reports_the_same_and_touches_nothing(router: Any, wanted: Wanted, intent: Intent) -> None:
    before = router.state()
    predicted = transaction.apply(router.host, wanted(), intent, check=True)
    assert router.state() == before
    assert router.changes == []
    assert not (router.root / "var/lib/mgre-dmvpn").exists()
    assert not any((router.root / "tmp").iterdir())
    done = transaction.apply(router.host, wanted(), intent)
    assert predicted.diff == done.diff and predicted.reasons == done.reasons


def test_no_secret_in_a_diff_or_a_message(router: Any, wanted: Wanted, intent: Intent) -> None:
    outcome = transaction.apply(router.host, wanted(), intent)
    router.running = router.running.replace("s3cret99", "changed1")
    again = transaction.apply(router.host, wanted(), intent)
    told = json.dumps([outcome.diff, outcome.reasons, again.diff, again.reasons])
    assert "@@secret:psk/blue@@" in told and "ip nhrp authentication (secret)" in told
    for secret in ("s3cret99", "changed1", "correct-horse"):
        assert secret not in told
        assert not any(secret in call for call in router.calls)


def test_everything_kept_is_for_root_only(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent)
    kept = [path for path in (router.root / "var/lib/mgre-dmvpn").rglob("*") if path.is_file()]
    assert kept
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in kept)


def test_an_unchanged_tunnel_is_not_restarted(router: Any, wanted: Wanted, intent: Intent) -> None:
    transaction.apply(router.host, wanted(), intent)
    done = len(router.changes)
    transaction.apply(router.host, wanted(guard_nft="table inet mgre_dmvpn_guard { x }\n"), intent)
    assert router.changes[done:] == [
        "systemctl reload-or-restart mgre-dmvpn-guard.service",
    ]


def test_a_reloadable_setting_spares_charon_the_restart(router: Any, wanted: Wanted, intent: Intent) -> None:
    settings = "charon {\n    install_routes = no\n    retransmit_tries = 3\n}\n"
    transaction.apply(router.host, wanted(), intent)
    done = len(router.changes)
    plain = wanted()
    path = "/etc/strongswan.d/mgre-dmvpn.conf"
    changed = Release(
        {**plain.files, path: type(plain.files[path])(settings, 0o640, settings)}, plain.tunnels, "nftables"
    )
    transaction.apply(router.host, changed, intent)
    assert "swanctl --reload-settings" in router.changes[done:]
    assert not any("strongswan.service" in c and "restart" in c for c in router.changes[done:])


@pytest.mark.parametrize(
    ("spoil", "command"),
    [
        (lambda r: r.tables.pop("inet mgre_dmvpn_guard"), "reload-or-restart mgre-dmvpn-guard.service"),
        (lambda r: r.link("dmvpn10").rmdir(), "restart mgre-dmvpn-blue.service"),
        (
            lambda r: r.active.discard("mgre-dmvpn-nhrp-events.service"),
            "restart mgre-dmvpn-nhrp-events.service",
        ),
        (lambda r: r.connections.discard("mgre-internet"), "swanctl --load-conns"),
        (lambda r: r.enabled.discard("frr.service"), "systemctl --no-reload enable"),
        (lambda r: (r.root / "proc/sys/net/ipv4/ip_forward").write_text("0\n"), "systemd-sysctl"),
    ],
)
def test_what_somebody_stopped_or_removed_comes_back(
    spoil: Callable[[Any], Any], command: str, router: Any, wanted: Wanted, intent: Intent
) -> None:
    transaction.apply(router.host, wanted(), intent)
    good, done = router.state(), len(router.changes)
    spoil(router)
    assert transaction.apply(router.host, wanted(), intent).changed
    assert any(command in change for change in router.changes[done:])
    assert router.state() == good


def test_a_second_run_at_the_same_time_is_refused(router: Any, wanted: Wanted, intent: Intent) -> None:
    with lock(router.host), pytest.raises(Locked, match=r"another apply is running .*pid \d+, since 20"):
        transaction.apply(router.host, wanted(), intent)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda r, i: (r.root / "etc/os-release").write_text("ID=ubuntu\nPRETTY_NAME=Ubuntu\n"),
            "runs Ubuntu; supported",
        ),
        (
            lambda r, i: r.link("wan1").rmdir(),
            "transport internet is on wan1, which the router does not have; it has gre0, lo",
        ),
        (lambda r, i: r.link("dmvpn10").mkdir(), "has an interface dmvpn10 that is not ours"),
        (
            lambda r, i: i.update(frr_version=[8, 4]),
            'runs FRR 10.3, the inventory says 8.4; write dmvpn_frr_version: "10.3"',
        ),
        (lambda r, i: r.active.add("strongswan-starter.service"), "strongswan-starter runs"),
        (
            lambda r, i: i["transports"][0].update(vrf="inet"),
            "transport internet is in the VRF inet, which the router does not have; make it",
        ),
        (
            lambda r, i: (i["transports"][0].update(vrf="inet"), r.enslave("wan1", "inet", made=False)),
            "transport internet is in the VRF inet, which the router does not have; make it",
        ),
        (
            lambda r, i: (i["transports"][0].update(vrf="inet"), r.vrfs.append("inet")),
            "wan1 is in no VRF, the inventory says inet; correct dmvpn_transports.internet.vrf, or move wan1",
        ),
        (
            lambda r, i: (
                i["transports"][0].update(vrf="inet"),
                r.vrfs.append("inet"),
                r.enslave("wan1", "mgmt"),
            ),
            "wan1 is in mgmt, the inventory says inet",
        ),
        (
            lambda r, i: r.enslave("wan1", "inet"),
            "wan1 is in the VRF inet; write vrf: inet in dmvpn_transports.internet",
        ),
    ],
)
def test_obstacles_are_told_in_one_line_and_nothing_is_touched(
    spoil: Callable[[Any, Any], Any], message: str, router: Any, wanted: Wanted, intent: Intent
) -> None:
    own = copy.deepcopy(dict(intent))
    spoil(router, own)
    before = router.state()
    with pytest.raises(Refused) as refused:
        transaction.apply(router.host, wanted(), own)
    assert [text for text in refused.value.messages if message in text]
    assert "\n" not in refused.value.messages[0]
    assert router.state() == before


def test_a_wan_in_the_vrf_of_the_inventory_is_fine(router: Any, wanted: Wanted, intent: Intent) -> None:
    own = copy.deepcopy(dict(intent))
    own["transports"][0]["vrf"] = "inet"
    router.enslave("wan1", "inet")
    assert transaction.apply(router.host, wanted(), own).changed


def test_another_as_number_on_the_router_is_refused(router: Any, wanted: Wanted, intent: Intent) -> None:
    router.running = router.running.replace("router bgp 65000", "router bgp 64999")
    with pytest.raises(Refused, match="FRR has 'router bgp 64999', the inventory needs 'router bgp 65000'"):
        transaction.apply(router.host, wanted(), intent)
