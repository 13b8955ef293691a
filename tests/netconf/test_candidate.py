# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change by candidate and confirmed commit, against netconfd: a real NETCONF server with Cisco's models."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf import abilities
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.apply import apply
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.client import (
    Client,
    Rejected,
    Unreachable,
    session,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.config_xml import config_xml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.delta import difference
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pending.errors import Failed, Refused
from ansible_collections.mgre.dmvpn.tests.netconf.conftest import FOREIGN, Router, facts, hub, taken_back

TIME = 15  # seconds for a confirmed commit; netconfd's clock is coarse below that


def edit(client: Client, router: Router, text: str) -> None:
    client.edit("candidate", difference(router.holds(), facts(text)).edit())


def test_way_is_the_candidate(netconfd: Router) -> None:
    with session(netconfd.opened) as client:
        assert abilities.way(client) == "candidate"


def test_apply_then_nothing_is_left_to_do(netconfd: Router) -> None:
    before = netconfd.holds()
    first = apply(netconfd.order(hub()))
    assert first.changed and first.way == "candidate"
    held = netconfd.holds()
    assert not difference(held, facts(hub()))
    # Someone else's configuration is as it was.
    assert {path: held.get(path) for path in before} == before
    assert not apply(netconfd.order(hub())).changed
    # netconfd has no cisco-ia, and says so rather than pretend.
    assert not first.saved and "write memory" in first.warnings[0]


def test_a_changed_line_changes_that_line_only(netconfd: Router) -> None:
    apply(netconfd.order(hub()))
    outcome = apply(netconfd.order(hub().replace("ip mtu 1400", "ip mtu 1390")))
    place = "interface/Tunnel[name=10]/ip/mtu"
    assert outcome.lines == [f"- {place} = 1400", f"+ {place} = 1390"]


def test_removal_leaves_what_is_not_ours(netconfd: Router) -> None:
    before = netconfd.holds()
    apply(netconfd.order(hub()))
    assert apply(netconfd.order("")).changed
    held = netconfd.holds()
    assert {path: held.get(path) for path in before} == before
    assert not [path for path in held if "MGRE" in str(path) or "mgre" in held[path]]


def test_check_touches_nothing_and_shows_no_secret(netconfd: Router) -> None:
    before = netconfd.holds()
    outcome = apply(netconfd.order(hub()), check=True)
    assert outcome.changed and netconfd.holds() == before
    shown = "\n".join([*outcome.lines, outcome.before, outcome.after])
    assert "pre-shared-key/key = (a secret)" in shown
    assert "nobody-may-see" not in shown and "nhrpword" not in shown


def test_a_changed_psk_is_a_change(netconfd: Router) -> None:
    apply(netconfd.order(hub()))
    order = netconfd.order(hub().replace("@@secret:psk/blue@@", "another-psk-of-20-characters"))
    outcome = apply(order)
    assert [line.rpartition("/")[2] for line in outcome.lines] == ["key = (a secret)"] * 2


def test_an_unconfirmed_commit_rolls_back_by_itself(netconfd: Router) -> None:
    """What a killed controller leaves: committed, never confirmed, its session gone."""
    before = netconfd.holds()
    with session(netconfd.opened) as client:
        edit(client, netconfd, hub())
        client.commit_for(TIME, "token-of-the-dead")
        netconfd.front.drop_all()
    assert netconfd.holds() != before
    # Meanwhile nobody else may start a change.
    with pytest.raises(Refused, match="waits for its confirmation"):
        apply(netconfd.order(hub().replace("1400", "1390")))
    taken_back(netconfd, before, 6 * TIME)


def test_only_the_token_confirms(netconfd: Router) -> None:
    before = netconfd.holds()
    with session(netconfd.opened) as client:
        edit(client, netconfd, hub())
        client.commit_for(60, "right")
    with session(netconfd.opened) as client:
        with pytest.raises(Rejected):
            client.confirm("wrong")
        client.cancel("right")
    assert netconfd.holds() == before


def test_invalid_configuration_changes_nothing(netconfd: Router) -> None:
    before = netconfd.holds()
    with pytest.raises(Failed, match="refuses the configuration") as failed:
        apply(netconfd.order(hub().replace("ip mtu 1400", "ip mtu 60")))
    assert failed.value.restored and netconfd.holds() == before
    # Nothing of it is left in the candidate either.
    assert apply(netconfd.order(hub())).changed


def test_a_lock_of_another_session_is_named(netconfd: Router) -> None:
    with session(netconfd.opened) as other:
        other.lock("candidate")
        with pytest.raises(
            Refused, match=f"session, number {other.session}, holds the lock of the candidate"
        ):
            apply(netconfd.order(hub()))


def test_an_edit_that_someone_left_is_not_committed_with_ours(netconfd: Router) -> None:
    with session(netconfd.opened) as other:
        other.edit("candidate", config_xml(facts(FOREIGN.replace("to the bank", "to nobody"))))
        with pytest.raises(Refused, match="edited and never committed"):
            apply(netconfd.order(hub()))
        other.discard()


def test_a_router_that_does_not_come_back_is_left_to_its_timer(netconfd: Router) -> None:
    """The second session, the one that would confirm, never comes about."""
    before = netconfd.holds()
    sessions = iter([netconfd.opened, netconfd.opened])

    def opened() -> Client:
        opener = next(sessions, None)
        if opener is None:
            raise Unreachable("127.0.0.1: cut off")
        return opener()

    with pytest.raises(Failed, match=f"takes the change back by itself within {TIME} s") as failed:
        apply(netconfd.order(hub(), seconds=TIME, opened=opened))
    assert not failed.value.restored
    taken_back(netconfd, before, 6 * TIME)


def test_a_connection_lost_during_the_edit_changes_nothing(netconfd: Router) -> None:
    before = netconfd.holds()
    real_edit = Client.edit

    def cut(self: Client, target: str, config: str) -> None:
        netconfd.front.drop_all()
        real_edit(self, target, config)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "edit", cut)
        with pytest.raises(Failed, match="connection broke during the change") as failed:
            apply(netconfd.order(hub()))
    assert failed.value.restored and netconfd.holds() == before


def test_a_tunnel_of_someone_else_is_not_taken(netconfd: Router) -> None:
    before = netconfd.holds()
    with pytest.raises(Refused, match="Tunnel99 is on the router and is not ours"):
        apply(netconfd.order(hub().replace("interface Tunnel10", "interface Tunnel99")))
    assert netconfd.holds() == before


def test_another_bgp_process_is_refused(netconfd: Router) -> None:
    with pytest.raises(Refused, match="write asn: 65000"):
        apply(netconfd.order(hub().replace("router bgp 65000", "router bgp 65001")))
