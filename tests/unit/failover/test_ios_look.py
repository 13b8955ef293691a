# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a look at an IOS router finds: its guard, what is shut, and the way that we reach it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.failover.ios_look import look
from stand_in import CLIENT, OWN, STARTUP

if TYPE_CHECKING:
    from conftest import Make
    from stand_in import StandIn


def told(hub: StandIn) -> list[str]:
    found = look("hub1", hub)
    return [str(finding) for finding in [*found.against, *found.unable]]


def test_nothing_speaks_against_a_router_with_an_archive_and_another_way_in(hub: StandIn) -> None:
    before = hub.text
    found = look("hub1", hub)
    assert (found.against, found.unable, found.down) == ([], [], [])
    assert found.management == ["GigabitEthernet3"]
    assert hub.text == before and all(line.startswith("show ") for line in hub.sent)


@pytest.mark.parametrize(
    ("client", "own", "needed"),
    [
        (CLIENT, OWN, ["GigabitEthernet3"]),
        ("192.0.2.9", "198.51.100.1", ["GigabitEthernet1"]),
        # To the management address, and the answers take the default route by the WAN.
        ("192.0.2.9", OWN, ["GigabitEthernet1", "GigabitEthernet3"]),
        # By tunnels, whose sources are an interface and an address.
        ("10.8.0.9", "192.168.255.1", ["GigabitEthernet1", "Loopback0", "Tunnel10"]),
        ("10.7.0.9", "10.255.1.1", ["GigabitEthernet2", "Tunnel20"]),
        ("192.0.2.9", "192.168.0.1", ["GigabitEthernet4"]),  # in a VRF of its own
    ],
)
def test_the_way_in_is_found_with_all_that_it_needs(
    make: Make, client: str, own: str, needed: list[str]
) -> None:
    assert look("hub1", make(ends=(client, own))).management == needed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # Not in `show ip interface brief`, and a part of an interface.
        (" ip address 10.1.0.1 255.255.255.0", " ip address 10.1.0.1 255.255.255.0\n ip address 10.3.0.1 "
         "255.255.255.0 secondary"),
    ],
)  # fmt: skip
def test_a_secondary_address_has_an_owner(make: Make, old: str, new: str) -> None:
    hub = make(startup=STARTUP.replace(old, new), ends=(CLIENT, "10.3.0.1"))
    assert look("hub1", hub).management == ["GigabitEthernet3"]


def test_a_subinterface_needs_its_whole(make: Make) -> None:
    more = "interface GigabitEthernet2.7\n encapsulation dot1Q 7\n ip address 10.4.0.1 255.255.255.0\n"
    hub = make(startup=STARTUP + more, ends=("10.4.0.9", "10.4.0.1"))
    assert look("hub1", hub).management == ["GigabitEthernet2", "GigabitEthernet2.7"]


@pytest.mark.parametrize(
    ("ends", "say", "why"),
    [
        ((CLIENT, "10.1.0.99"), {}, "no interface has the address 10.1.0.99"),
        (("10.9.0.9", OWN), {"show ip cef 10.9.0.9": "%IPv4 CEF not running"}, "CEF not running"),
        (("noc.example.net", OWN), {}, "`show users` shows no IPv4 address for this session"),
        ((CLIENT, OWN), {"show tcp brief numeric": "TCB  Local Address  Foreign Address  (state)"},
         "shows no connection with 10.9.0.9"),
        ((CLIENT, OWN), {"show users": "% Invalid input detected at '^' marker."}, "Invalid input"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_a_reason_against_it(
    make: Make, ends: tuple[str, str], say: dict[str, str], why: str
) -> None:
    hub = make(ends=ends)
    hub.say = say
    (only,) = told(hub)
    assert only.startswith(
        "hub1: management: the interface that Ansible reaches this router by cannot be told: "
    )
    assert why in only and only.endswith(
        "reach it over IPv4 and SSH, by a management interface (ansible_host)"
    )


def test_all_reasons_are_told_at_once(make: Make) -> None:
    text = STARTUP.replace("archive\n path flash:before\n", "").replace(
        "interface GigabitEthernet2\n", "interface GigabitEthernet2\n shutdown\n"
    )
    hub = make(startup=text, ends=(CLIENT, "10.1.0.99"))
    archive, management = told(hub)
    assert archive == (
        "hub1: archive: no fault can be armed: the router has no place for the copy that it goes back to; "
        "configure `archive` / `path flash:archive`"
    )
    assert management.startswith("hub1: management: ")
    assert look("hub1", hub).down == ["GigabitEthernet2"]


def test_a_copy_on_a_server_is_no_guard(make: Make) -> None:
    hub = make(startup=STARTUP.replace("flash:before", "scp://192.0.2.9/hub1"))
    (only,) = told(hub)
    assert "`path scp://192.0.2.9/hub1` may be out of reach while a WAN is shut; configure `archive`" in only


def test_a_pending_change_speaks_against_any_fault(hub: StandIn) -> None:
    hub.send("configure terminal revert timer 60")
    hub.send("end")
    (only,) = look("hub1", hub).against
    assert str(only) == (
        "hub1: rollback timer: a change on it waits to be confirmed, or a failover check is under way; "
        "`configure confirm` keeps it, `configure revert now` undoes it; then run this again"
    )


def test_without_privilege_nothing_is_asked(hub: StandIn) -> None:
    hub._login(privilege=1)
    (only,) = told(hub)
    assert only.startswith(
        "hub1: ansible_become: privilege 15 is needed, and the user has 1; set ansible_become"
    )
