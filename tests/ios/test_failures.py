# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong ends in the router as it was, and in one line that says what to do."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from .conftest import BASE, Make, Router, Run


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 150
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def refused(router: Router, run: Run, *words: str) -> None:
    """One line that holds the words, and a router that was not touched."""
    assert run.code != 0
    for word in words:
        assert word in run.message, run.output
    assert len(run.message.splitlines()) == 1, run.message
    assert "Traceback" not in run.output
    assert "interface Tunnel10" not in router.text


def test_a_line_that_the_router_refuses_is_undone(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    before = router.text
    router.fault("invalid=^ip nhrp network-id")
    run = router.apply()
    refused(router, run, "`ip nhrp network-id 10`: % Invalid input", "as before")
    assert run.result["restored"]
    assert router.text == before
    assert not router.device.startup()
    assert not router.device.archive.pending
    router.fault()
    assert router.apply().code == 0


def test_a_missing_licence_is_named(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    before = router.text
    router.fault("licence")
    run = router.apply()
    refused(router, run, "licen", "license boot level")
    assert router.text == before


def test_a_connection_that_breaks_in_the_middle_is_undone_by_the_router(make: Make, hub: str) -> None:
    router = make(minute=10.0)
    router.bundle(hub)
    before = router.text
    router.fault("drop=30")
    run = router.apply(revert_timer=2)
    assert run.code != 0
    assert "goes back by itself within 2 minutes" in run.message, run.output
    assert len(run.message.splitlines()) == 1
    until(lambda: router.text == before)
    assert not router.device.startup()


def test_a_change_that_cuts_us_off_is_undone_by_the_router(make: Make, hub: str) -> None:
    """Nobody can log in any more as soon as the tunnel is there."""
    router = make(minute=15.0)
    router.bundle(hub)
    before = router.text

    def cut(device: object) -> None:
        if "interface Tunnel10" in router.text:
            router.fault("auth")

    router.device.on_change.append(cut)
    run = router.apply(revert_timer=2)
    assert run.code != 0
    assert "no new connection" in run.message, run.output
    assert "goes back by itself within 2 minutes" in run.message
    assert len(run.message.splitlines()) == 1
    until(lambda: router.text == before)
    assert not router.device.startup()


def test_a_router_that_forgets_a_line_is_undone(make: Make, hub: str) -> None:
    """It takes every line and lacks one in the end; the second look sees it."""
    router = make()
    router.bundle(hub)
    before = router.text

    def forget(device: object) -> None:
        tunnel = router.device.config.children.get(("interface", "Tunnel10"))
        if tunnel is not None:
            found = tunnel.get("ip nhrp holdtime")
            if found is not None:
                tunnel.remove(found.key)

    router.device.on_change.append(forget)
    run = router.apply()
    refused(router, run, "still lacks `ip nhrp holdtime 60`", "as before")
    assert router.text == before


def test_foreign_lines_that_vanish_are_undone(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    before = router.text

    def lose(device: object) -> None:
        if "interface Tunnel10" in router.text:
            router.device.config.remove(("route-map", "PARTNER", "permit", "10"))
            for node in list(router.device.config.all("route-map PARTNER")):
                router.device.config.remove(node.key)

    router.device.on_change.append(lose)
    run = router.apply()
    router.device.on_change.remove(lose)
    assert run.code != 0
    assert "not ours changed, below `route-map PARTNER permit 10`" in run.message, run.output
    assert "interface Tunnel10" not in router.text
    assert "route-map PARTNER permit 10" in before


def test_a_pending_change_is_refused(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    other = router.play(
        "- hosts: r1\n  gather_facts: false\n  tasks:\n"
        "    - cisco.ios.ios_command:\n        commands: [configure terminal revert timer 60, end]\n"
    )
    assert other.code == 0, other.output
    refused(router, router.apply(), "waits to be confirmed", "configure confirm", "configure revert now")
    refused(router, router.apply("--check"), "waits to be confirmed")
    assert router.device.archive.pending


def test_a_lock_is_named(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    router.fault("lock")
    refused(router, router.apply(), "locked", "end it")


def test_a_full_flash_is_named(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    router.fault("archive-full")
    refused(router, router.apply(), "No space left", "free space")


def test_without_an_archive_nothing_is_sent(make: Make, hub: str) -> None:
    router = make(base=BASE.replace("archive\n path flash:before\n maximum 5\n", ""))
    router.bundle(hub)
    refused(router, router.apply(), "`archive` / `path flash:archive`")


def test_too_little_privilege(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    router.variables["ansible_become"] = False
    refused(router, router.apply(), "privilege 1, and 15 is needed", "ansible_become: true")


def test_what_the_configuration_needs_must_be_there(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub.replace("GigabitEthernet1", "GigabitEthernet7"))
    refused(router, router.apply(), "no interface GigabitEthernet7", "dmvpn_transports")
    router.bundle(hub.replace(" tunnel key 10", " tunnel key 10\n tunnel vrf ELSEWHERE"))
    refused(router, router.apply(), "no VRF ELSEWHERE", "vrf definition ELSEWHERE")


@pytest.mark.parametrize("there", [False, True])
def test_a_trustpoint_must_be_there_and_enrolled(make: Make, hub: str, there: bool) -> None:
    router = make(more="crypto pki trustpoint mgre-dmvpn\n enrollment terminal" if there else "")
    wanted = hub.replace(
        " keyring local MGRE-internet\n", " keyring local MGRE-internet\n pki trustpoint mgre-dmvpn\n"
    )
    router.bundle(wanted)
    words = ("has no certificate", "crypto pki enroll") if there else ("no trustpoint mgre-dmvpn", "enrol")
    refused(router, router.apply(), *words)


def test_an_enrolled_trustpoint_is_good(make: Make, hub: str) -> None:
    router = make(
        more="crypto pki trustpoint mgre-dmvpn\n enrollment terminal", certificates={"mgre-dmvpn": "r1"}
    )
    router.bundle(
        hub.replace(
            " keyring local MGRE-internet\n", " keyring local MGRE-internet\n pki trustpoint mgre-dmvpn\n"
        )
    )
    run = router.apply()
    assert run.code == 0, run.output


def test_a_foreign_tunnel_with_our_number_is_refused(make: Make, hub: str) -> None:
    router = make(more="interface Tunnel10\n description theirs\n ip address 10.9.9.1 255.255.255.0")
    router.bundle(hub)
    run = router.apply()
    assert run.code != 0
    assert "Tunnel10 is there and is not ours" in run.message, run.output


def test_a_log_that_would_keep_secrets_is_refused(make: Make, hub: str) -> None:
    base = BASE.replace("archive\n", "archive\n log config\n  logging enable\n")
    router = make(base=base)
    router.bundle(hub)
    refused(router, router.apply(), "`hidekeys`")


def test_another_connection_is_refused(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    router.variables["ansible_connection"] = "local"
    refused(router, router.apply(), "ansible_connection: ansible.netcommon.network_cli")


def test_an_unreachable_router(make: Make, hub: str) -> None:
    router = make()
    router.bundle(hub)
    router.variables["ansible_password"] = "wrong-password-1234"
    run = router.apply()
    assert run.code != 0
    assert "nothing was sent" in run.message, run.output
    assert "wrong-password-1234" not in run.output


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"revert_timer": 1}, "2 to 120"),
        ({"wait_for_tunnels": 121}, "one minute less"),
        ({"bundle": "none"}, "no bundle"),
    ],
)
def test_bad_arguments(make: Make, hub: str, arguments: dict[str, object], word: str) -> None:
    router = make()
    router.bundle(hub)
    refused(router, router.apply(**arguments), word)
