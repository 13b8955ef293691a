# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A user's multicast from the LAN of the first hub to the LANs that want it, and to no other. Needs root."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.fleet import Fleet
from ansible_collections.mgre.dmvpn.tests.lab.multicast import Heard, multicast

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.usefixtures("clean_wans")]

# Spoke2 is behind NAT, spoke3 has DHCP; spoke1 runs PIM as well, but nobody there wants the group.
MEMBERS, OTHERS = ("spoke2", "spoke3"), ("spoke1", "hub2")


@pytest.fixture(scope="module")
def with_groups(fleet: Fleet) -> Iterator[None]:
    """The fleet with a group, and as it was afterwards."""
    clouds = fleet.inventory / "group_vars" / "all" / "dmvpn.yml"
    before = clouds.read_text()
    groups = "    number: 10\n    multicast_groups: [239.10.0.0/16]\n"
    clouds.write_text(before.replace("    number: 10\n", groups) + "\ndmvpn_multicast_interfaces: [lan1]\n")
    try:
        fleet.site()
        fleet.wait_green()
        yield
    finally:
        clouds.write_text(before)
        fleet.site()
        fleet.wait_green()
        for node in fleet.lab.topology.nodes:
            assert "pim" not in fleet.vtysh(node, "show running-config")
            assert fleet.lab.ssh(node, "pidof pimd || true").strip() == ""


@pytest.mark.usefixtures("with_groups")
def test_each_packet_arrives_once_where_it_is_wanted_and_nowhere_else(fleet: Fleet) -> None:
    heard = multicast(fleet.lab, "239.10.1.1", "hub1", MEMBERS)
    assert all(heard[node].each_once for node in MEMBERS), heard
    assert all(heard[node] == Heard(0, 0) for node in OTHERS), heard


@pytest.mark.usefixtures("with_groups")
def test_a_second_run_changes_nothing(fleet: Fleet) -> None:
    assert "changed=1" not in fleet.site()
