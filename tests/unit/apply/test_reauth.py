# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SAs anew: a new one first, by the connection of now, and an old one never goes without it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.early import Early, spi_of
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import Host
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.observe_vici import decode
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.reauth import (
    connections,
    old_sas,
    reauthenticate,
)
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.vici import encode

GOLDEN = Path(__file__).parents[2] / "golden/render/bundles/certificates/branch11"
CONF = "etc/swanctl/conf.d/mgre-dmvpn.conf"


class Charon:
    """SAs by number, and the requests in the order in which they came."""

    def __init__(
        self, refuse: str = "", knows: tuple[str, ...] = ("prefer", "force", "allow"), times: int = 99
    ) -> None:
        self.knows = knows
        self.times = times  # that it refuses
        self.sas: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.refuse = refuse

    def stand(self, number: str, age: int, *, initiator: bool, name: str = "mgre-internet") -> None:
        self.sas[number] = {
            "name": name,
            "state": "ESTABLISHED",
            "uniqueid": number,
            "remote-host": "198.51.100.2",
            "remote-port": "500",
            "remote-id": "CN=hub1",
            "established": str(age),
            "initiator": "yes" if initiator else "no",
        }

    def ask(self) -> list[dict[str, Any]]:
        return [{str(sa["name"]): sa} for sa in self.sas.values()]

    def request(self, command: str, message: Mapping[str, Any]) -> dict[str, Any]:
        self.requests.append((command, dict(message)))
        for connection in message.values() if command == "load-conn" else ():
            if connection["childless"] not in self.knows:
                return {"success": "no", "errmsg": "invalid value for: childless, config discarded"}
        if command == self.refuse and self.times:
            self.times -= 1
            return {"success": "no", "errmsg": "it does not want to"}
        if command == "initiate":
            self.stand(f"1{message['ike'][-1]}", 0, initiator=True, name=message["ike"])
        if command == "terminate":
            del self.sas[message["ike-id"]]
        return {"success": "yes"}


class Nothing(Early):
    """Comes too early."""

    def __enter__(self) -> Early:
        return self


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path, sleep=lambda _seconds: None)
    host.write(f"/{CONF}", (GOLDEN / CONF).read_text())
    host.write("/etc/swanctl/x509/mgre-dmvpn.crt", "the new certificate")
    host.write("/etc/swanctl/x509ca/mgre-dmvpn-ca.crt", "the CA")
    return host


def test_a_message_survives() -> None:
    message = {"a": "1", "b": {"c": ["x", "y"], "d": {"e": ""}}}
    assert decode(encode(message)) == message


def test_a_new_sa_first_by_the_connection_of_now(host: Host) -> None:
    charon = Charon()
    charon.stand("1", 900, initiator=True)
    assert reauthenticate(host, charon.request, charon.ask, 940.0, lambda: 1000.0, Nothing) == (1, [])
    assert [command for command, _message in charon.requests] == [
        "load-conn",
        "initiate",
        "unload-conn",
        "terminate",
    ]
    ((_name, sent),) = charon.requests[0][1].items()
    assert sent["remote_addrs"] == ["198.51.100.2"] and sent["childless"] == "prefer"
    assert sent["rekey_time"] not in (GOLDEN / CONF).read_text()
    assert sent["local"]["certs"] == [b"the new certificate"] and sent["remote"]["cacerts"] == [b"the CA"]
    child = sent["children"]["gre"]
    assert "start_action" not in child and child["local_ts"] == ["dynamic[gre]"]
    assert (
        child["reqid"]
        == connections((GOLDEN / CONF).read_text())["mgre-internet"]["children"]["gre"]["reqid"]
    )
    # It is rotated again some day, though charon knows it by another name then.
    charon.sas["11"]["established"] = "900"
    assert reauthenticate(host, charon.request, charon.ask, 940.0, lambda: 1000.0, Nothing)[0] == 1
    ((_name, again),) = charon.requests[4][1].items()
    # Else charon would take the one that is there for the one that is asked for.
    assert again["rekey_time"] != sent["rekey_time"]


def test_strongswan_5_9_has_another_word_for_an_exchange_of_its_own(host: Host) -> None:
    charon = Charon(knows=("force", "allow"))
    charon.stand("1", 900, initiator=True)
    assert reauthenticate(host, charon.request, charon.ask, 940.0, lambda: 1000.0, Nothing) == (1, [])
    loaded = [connection for command, message in charon.requests for connection in message.values()][:2]
    assert [connection["childless"] for connection in loaded] == ["prefer", "force"]


def test_a_peer_that_does_not_know_that_exchange_gets_the_usual_one(host: Host) -> None:
    charon = Charon(refuse="initiate", knows=("force", "allow"))
    charon.stand("1", 900, initiator=True)
    made, left = reauthenticate(host, charon.request, charon.ask, 940.0, lambda: 1000.0, Nothing)
    assert (made, [sa.why for sa in left]) == (0, ["it does not want to"])
    tried = [message for command, message in charon.requests if command == "load-conn"][:3]
    assert [connection["childless"] for message in tried for connection in message.values()] == [
        "prefer",
        "force",
        "allow",
    ]


@pytest.mark.parametrize("refused", ["load-conn", "initiate"])
def test_without_a_new_sa_the_old_one_stays(host: Host, refused: str) -> None:
    charon = Charon(refuse=refused)
    charon.stand("1", 900, initiator=True)
    made, left = reauthenticate(host, charon.request, charon.ask, 940.0, lambda: 1000.0, Nothing)
    assert (made, [(sa.unique, sa.why) for sa in left]) == (0, [("1", "it does not want to")])
    assert "terminate" not in [command for command, _message in charon.requests]


def test_a_peer_that_refuses_for_a_moment_is_asked_again(host: Host) -> None:
    charon = Charon(refuse="initiate", times=1)
    charon.stand("1", 900, initiator=True)
    assert reauthenticate(host, charon.request, charon.ask, 940.0, lambda: 1000.0, Nothing) == (1, [])
    assert "1" not in charon.sas


def test_what_a_peer_began_is_left_to_it_and_is_told(host: Host) -> None:
    charon = Charon()
    charon.stand("1", 900, initiator=False)
    made, left = reauthenticate(host, charon.request, charon.ask, 940.0, lambda: 1000.0, Nothing)
    assert (made, [sa.unique for sa in left], charon.requests) == (0, ["1"], [])


def test_only_old_ones_and_only_ours() -> None:
    charon = Charon()
    charon.stand("1", 61, initiator=True)
    charon.stand("2", 900, initiator=True, name="other")
    charon.stand("3", 900, initiator=True)
    charon.sas["3"]["state"] = "CONNECTING"
    charon.stand("4", 62, initiator=True, name="mgre-internet-roll-1")
    assert [(sa.unique, sa.connection) for sa in old_sas(charon.ask(), 60)] == [("4", "mgre-internet")]


def packet(protocol: int, payload: bytes) -> bytes:
    header = bytes((0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0)) + bytes(
        (198, 51, 100, 2, 198, 51, 100, 10)
    )
    return header + payload


def test_the_spi_of_a_packet() -> None:
    spi = bytes.fromhex("c1234567")
    assert spi_of(packet(50, spi + b"....")) == 0xC1234567
    udp = bytes.fromhex("1194119400000000")
    assert spi_of(packet(17, udp + spi)) == 0xC1234567
    assert spi_of(packet(17, udp + bytes(4))) is None  # IKE
    assert spi_of(packet(17, bytes.fromhex("0035003500000000") + spi)) is None
    assert spi_of(packet(6, spi)) is None and spi_of(packet(50, b"..")) is None
