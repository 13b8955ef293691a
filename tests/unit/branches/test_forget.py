# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hub lets go of one branch: all of it, and nothing of the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import forget as module
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.forget import Peer, StillThere, forget, held
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import Host, Result
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_run import Unreadable

SPOKE3 = Peer("spoke3", "10.255.0.13", "dmvpn10")


class Hub:
    """Two branches, as FRR and charon tell of them; ``returns`` makes spoke3 register again at once."""

    def __init__(self, *, psk: bool = False, returns: bool = False) -> None:
        self.returns = returns
        self.commands: list[str] = []
        self.registered = {"10.255.0.12": "203.0.113.2", "10.255.0.13": "203.0.113.18"}
        self.bgp = {"10.255.0.2", *self.registered}
        self.bfd = set(self.registered)
        self.sas = {
            str(number): {
                "remote-host": nbma,
                "remote-id": nbma if psk else f"O=mgre-dmvpn, OU={overlay}, CN=spoke{overlay[-1]}",
                "uniqueid": str(number),
            }
            for number, (overlay, nbma) in enumerate(self.registered.items(), 1)
        }

    def list_sas(self) -> list[dict[str, Any]]:
        return [{"mgre-internet": sa} for sa in self.sas.values()]

    def __call__(
        self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, timeout: float = 0
    ) -> Result:
        line = " ".join(argv)
        self.commands.append(line)
        if "show ip nhrp cache json" in line:
            rows = [
                {"interface": "dmvpn10", "protocol": o, "nbma": n, "type": "dynamic"}
                for o, n in self.registered.items()
            ]
            # A host behind spoke3, an own address, and a hub.
            if "10.255.0.13" in self.registered:
                rows.append(rows[-1] | {"protocol": "10.13.0.10"})
            rows.append({"interface": "dmvpn10", "protocol": "10.255.0.1", "nbma": "-", "type": "local"})
            return Result(0, json.dumps({"attr": {}, "table": rows}))
        if "show bgp neighbors json" in line:
            return Result(0, json.dumps({peer: {} for peer in self.bgp} | {"vrfId": 0}))
        if "show bfd peers json" in line:
            return Result(0, json.dumps([{"peer": peer} for peer in self.bfd]))
        if "--ike-id" in argv:
            self.sas.pop(argv[argv.index("--ike-id") + 1], None)
        elif argv[:2] == ("systemctl", "reload"):
            self.bfd &= set(self.registered)
        elif argv[-1].startswith("clear bgp "):
            self.bgp.discard(argv[-1].split()[-1])
        elif argv[-1].startswith("no ip nhrp map ") and not self.returns:
            self.registered.pop(argv[-1].split()[-2], None)
        return Result(0)


def started(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> Host:
    monkeypatch.setattr(module, "list_sas", hub.list_sas)
    return Host(runner=hub, sleep=lambda _seconds: None)


@pytest.mark.parametrize("psk", [False, True])
def test_all_of_one_branch_goes_and_nothing_of_another(monkeypatch: pytest.MonkeyPatch, psk: bool) -> None:
    hub = Hub(psk=psk)
    host = started(monkeypatch, hub)
    said = forget(host, [SPOKE3], wait=5)
    assert said == [
        "BFD session 10.255.0.13",
        "BGP neighbour 10.255.0.13",
        f"IKE SA with {'203.0.113.18' if psk else 'O=mgre-dmvpn, OU=10.255.0.13, CN=spoke3'}",
        "NHRP 10.13.0.10 at 203.0.113.18",
        "NHRP 10.255.0.13 at 203.0.113.18",
    ]
    assert held(host, [SPOKE3]).words() == []
    assert hub.registered.keys() == {"10.255.0.12"}
    assert (hub.bgp, hub.bfd, set(hub.sas)) == ({"10.255.0.2", "10.255.0.12"}, {"10.255.0.12"}, {"1"})
    assert not any("clear ip nhrp" in command for command in hub.commands)


def test_what_holds_nothing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub()
    host = started(monkeypatch, hub)
    assert forget(host, [Peer("spoke9", "10.255.0.19", "dmvpn10")], wait=5) == []
    assert all("show" in command for command in hub.commands)


def test_the_name_and_the_address_have_to_be_those_of_the_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A renamed router keeps its SA under the new name."""
    host = started(monkeypatch, Hub())
    assert held(host, [Peer("branch3", "10.255.0.99", "dmvpn10")]).sas == {}
    assert held(host, [Peer("branch3", "10.255.0.13", "dmvpn10")]).sas == {}


def test_a_router_that_comes_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    host = started(monkeypatch, Hub(returns=True))
    with pytest.raises(StillThere, match=r"after 0 s there is still: .*revoke its certificate"):
        forget(host, [SPOKE3], wait=0)


def test_a_router_whose_daemons_do_not_run_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> list[dict[str, Any]]:
        raise Unreadable("charon is not running")

    monkeypatch.setattr(module, "list_sas", none)
    host = Host(runner=lambda *_a, **_k: Result(1, "bgpd is not running"), sleep=lambda _seconds: None)
    assert forget(host, [SPOKE3], wait=5) == []
