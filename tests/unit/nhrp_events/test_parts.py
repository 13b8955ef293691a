# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The daemon's parts: vici's encoding, the table of SAs, identities, configuration, the GRE packet."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nhrp_events_config import ConfigError, read_config
from nhrp_events_peer import gre_packet
from nhrp_events_sas import EVENTS, Sas, held_addresses
from nhrp_events_socket import notify
from nhrp_events_vici import CMD_REQUEST, EVENT, Message, ViciError, decode, encode, pack, unpack
from nhrp_events_world import OWN, SPOKE, child, identity, ike

# The example of the protocol's own description.
EXAMPLE: Message = {
    "key1": "value1",
    "section1": {"sub-section": {"key2": "value2"}, "list1": ["item1", "item2"]},
}
EXAMPLE_BYTES = (
    b"\x03\x04key1\x00\x06value1"
    b"\x01\x08section1"
    b"\x01\x0bsub-section\x03\x04key2\x00\x06value2\x02"
    b"\x04\x05list1\x05\x00\x05item1\x05\x00\x05item2\x06"
    b"\x02"
)


def test_encodes_the_example_of_the_protocols_description() -> None:
    assert encode(EXAMPLE) == EXAMPLE_BYTES


def test_decodes_the_example_of_the_protocols_description() -> None:
    assert decode(EXAMPLE_BYTES) == EXAMPLE


def test_a_request_is_length_type_name_and_message() -> None:
    assert pack(CMD_REQUEST, "list-sas") == b"\x00\x00\x00\x0a\x00\x08list-sas"


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    try:
        decode(data)
    except ViciError as error:
        assert str(error)


@given(st.binary(max_size=60), st.sampled_from([EVENT, 1, 5, 9]))
def test_any_packet_unpacks_or_is_refused(data: bytes, kind: int) -> None:
    try:
        unpack(bytes((kind,)) + data)
    except ViciError as error:
        assert str(error)


TREE = st.recursive(
    st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=2),
    lambda inner: st.dictionaries(
        st.sampled_from(["child-sas", "uniqueid", "old", "new", "up", "remote-host", "state"]), inner
    ),
)


@given(st.sampled_from(EVENTS), st.dictionaries(st.sampled_from(["up", "a", "b"]), TREE))
def test_no_message_of_charon_breaks_the_table(event: str, message: Message) -> None:
    table = Sas(lambda remote: None, lambda: None)
    table.apply("child-updown", {"up": "yes", **ike(SPOKE, "x", "1", gre=child("1"))})
    table.apply(event, message)
    assert len(table.towards(SPOKE, OWN)) <= 1


class Table(Sas):
    """Notes what the table reports."""

    def __init__(self) -> None:
        self.lost: list[str] = []
        self.doubts = 0
        super().__init__(self.lost.append, self._doubt)

    def _doubt(self) -> None:
        self.doubts += 1


def rekeyed(old: str, new: str) -> Message:
    return ike(SPOKE, identity("10.255.0.11"), "1", gre={"old": child(old, "REKEYED"), "new": child(new)})


def up(uid: str, ike_uid: str = "1") -> Message:
    return {"up": "yes", **ike(SPOKE, identity("10.255.0.11"), ike_uid, gre=child(uid))}


def test_a_rekeyed_child_leaves_no_gap_and_no_trace() -> None:
    table = Table()
    table.apply("child-updown", up("1"))
    table.apply("child-rekey", rekeyed("1", "2"))
    assert len(table.towards(SPOKE, None)) == 1 and table.lost == []
    table.apply("child-updown", ike(SPOKE, "", "1", gre=child("2", "DELETED")))
    assert table.towards(SPOKE, None) == [] and table.lost == [SPOKE]


def test_children_follow_a_rekeyed_ike_sa_and_go_with_the_new_one() -> None:
    table = Table()
    table.apply("child-updown", up("5"))
    old, new = ike(SPOKE, "x", "1")["mgre-wan1"], ike(SPOKE, identity("10.255.0.11"), "2")["mgre-wan1"]
    table.apply("ike-rekey", {"mgre-wan1": {"old": old, "new": new}})
    table.apply("ike-updown", ike(SPOKE, "x", "1"))
    assert [sa.ike for sa in table.towards(SPOKE, None)] == ["2"]
    table.apply("ike-updown", ike(SPOKE, "x", "2"))
    assert table.lost == [SPOKE]


def test_a_peer_whose_nat_gave_it_another_address_is_found_there() -> None:
    table = Table()
    table.apply("child-updown", up("5"))
    moved = {"local-host": OWN, "remote-host": "192.0.2.9", **ike(SPOKE, "x", "1")}
    table.apply("ike-update", moved)
    assert table.towards(SPOKE, None) == [] and len(table.towards("192.0.2.9", OWN)) == 1
    assert table.lost == [SPOKE]


def test_a_list_drops_what_neither_it_nor_an_event_names() -> None:
    table = Table()
    for uid in ("1", "2", "3"):
        table.apply("child-updown", up(uid))
    table.begin_list()
    table.apply("list-sa", ike(SPOKE, identity("10.255.0.11"), "1", gre=child("1")))
    table.apply("child-updown", up("4"))
    table.end_list()
    assert len(table.towards(SPOKE, None)) == 2 and table.lost == []


def test_an_up_event_that_is_not_understood_asks_for_a_list() -> None:
    table = Table()
    table.apply("child-updown", {"up": "yes", **ike(SPOKE, "x", "1", gre=child("1", "INSTALLING"))})
    assert table.doubts == 1


IDENTITIES = {
    "O=mgre-dmvpn, OU=10.255.0.11 10.254.0.11, CN=spoke1": {"10.255.0.11", "10.254.0.11"},
    "CN=spoke1,OU=10.255.0.11,O=mgre-dmvpn": {"10.255.0.11"},
    'O="mgre, dmvpn", OU="10.255.0.11 10.254.0.11", CN=a': {"10.255.0.11", "10.254.0.11"},
    "O=a\\, OU=10.255.0.1, OU=10.255.0.11": {"10.255.0.11"},
    "O=mgre-dmvpn, OU=10.255.0.11, CN=evil, OU=10.255.0.1": set(),
    "O=mgre-dmvpn, CN=spoke1": set(),
    "O=mgre-dmvpn, CN=10.255.0.11": set(),
    "O=mgre-dmvpn, OU=110.255.0.111, CN=spoke1": {"110.255.0.111"},
    "spoke1.blue.mgre-dmvpn": set(),
    "": set(),
    "OU": set(),
}


@pytest.mark.parametrize(("subject", "addresses"), IDENTITIES.items())
def test_addresses_that_a_certificate_subject_lists(subject: str, addresses: set[str]) -> None:
    assert {str(address) for address in held_addresses(subject)} == addresses


def test_the_gre_packet_has_a_key_and_nothing_else() -> None:
    assert gre_packet(10) == bytes.fromhex("20 00 0000 0000000a")


GOOD = {
    "cloud": "blue",
    "role": "hub",
    "key": 10,
    "prefix": "10.255.0.0/22",
    "dev": "wan1",
    "source": None,
    "check_identity": True,
    "added by a later version": 1,
}
BAD = {
    "role": "boss",
    "key": -1,
    "prefix": "10.255.0.5/22",
    "dev": "an-interface-name-too-long",
    "source": "dhcp",
    "check_identity": "yes",
    "cloud": None,
}


def configuration(path: Path, **changes: object) -> Path:
    path.write_text(json.dumps({"socket": "/run/x", "interfaces": {"dmvpn10": {**GOOD, **changes}}}))
    return path


def test_reads_a_configuration_and_ignores_keys_of_later_versions(tmp_path: Path) -> None:
    config = read_config(configuration(tmp_path / "c.json"))
    assert config.interfaces["dmvpn10"].source is None and config.socket == "/run/x"


def test_names_everything_that_is_wrong_in_one_go(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read_config(configuration(tmp_path / "c.json", **BAD))
    for name in BAD:
        assert f"interfaces.dmvpn10: {name}: write " in str(error.value)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"interfaces": []}', '{"interfaces": {"a": 1}}'])
def test_refuses_what_is_no_configuration(tmp_path: Path, content: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"c\.json"):
        read_config(path)


def test_tells_systemd_that_it_is_ready_and_hands_it_the_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, socket.socket(socket.AF_UNIX) as kept:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        kept.bind(str(tmp_path / "kept"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify("FDSTORE=1", kept)
        state, descriptors, _flags, _address = socket.recv_fds(manager, 100, 1)
        assert state == b"FDSTORE=1"
        with socket.socket(fileno=descriptors[0]) as received:
            assert received.getsockname() == str(tmp_path / "kept")
