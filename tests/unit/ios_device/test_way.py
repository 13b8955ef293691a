# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is logged in from where, by which way, and what a shut interface does to that."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli, Make


@pytest.fixture
def cli(make: Make) -> Cli:
    cli = make(ends=("10.9.0.9", "10.1.0.1"))
    cli.configure(
        *("interface GigabitEthernet1", "ip address 10.1.0.1 255.255.255.0", "no shutdown", "exit"),
        *("interface GigabitEthernet2", "ip address 198.51.100.1 255.255.255.0", "no shutdown", "exit"),
        *("interface Tunnel10", "ip address 10.255.0.1 255.255.255.0", "tunnel source GigabitEthernet2"),
        *("tunnel mode gre multipoint", "exit"),
        *("ip route 0.0.0.0 0.0.0.0 198.51.100.254", "ip route 10.9.0.0 255.255.0.0 10.255.0.2"),
    )
    return cli


def test_a_session_shows_where_it_comes_from(cli: Cli) -> None:
    assert re.search(r"^\*  1 vty 0 +admin +idle +00:00:00 10\.9\.0\.9$", cli.run("show users"), re.MULTILINE)
    told = cli.run("show tcp brief numeric")
    assert re.search(r"^\S+ +10\.1\.0\.1\.22 +10\.9\.0\.9\.51332 +ESTAB$", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("10.1.0.9", "10.1.0.0/24\n  attached to GigabitEthernet1"),
        ("10.9.0.9", "10.9.0.0/16\n  nexthop 10.255.0.2 Tunnel10"),
        ("192.0.2.1", "0.0.0.0/0\n  nexthop 198.51.100.254 GigabitEthernet2"),
        ("vrf NONE 192.0.2.1", "% IP table NONE does not exist"),
    ],
)
def test_the_way_to_an_address(cli: Cli, target: str, said: str) -> None:
    assert said in cli.run(f"show ip cef {target}")


def test_a_shut_interface_takes_its_tunnels_and_routes_along(cli: Cli) -> None:
    cli.configure("interface GigabitEthernet2", "shutdown")
    assert "GigabitEthernet2 is administratively down, line protocol is down" in cli.run(
        "show interfaces GigabitEthernet2"
    )
    assert "Tunnel10 is up, line protocol is down" in cli.run("show interfaces Tunnel10")
    assert "no route" in cli.run("show ip cef 192.0.2.1")
    assert "no route" in cli.run("show ip cef 10.9.0.9")
    cli.configure("interface GigabitEthernet2", "no shutdown")
    assert "Tunnel10 is up, line protocol is up" in cli.run("show interfaces Tunnel10")


def test_the_timer_tells_when_it_was_armed(cli: Cli) -> None:
    cli.configure("archive", "path flash:backup")
    cli.run("configure terminal revert timer 2", "end")
    told = cli.run("show archive config rollback timer")
    time.sleep(1.1)
    assert cli.run("show archive config rollback timer") == told and "Timer value: 2 min" in told
