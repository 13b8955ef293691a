# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IOS text to NETCONF payload. Whether the models take it is for tests/yang."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.paths import settled
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.payload import (
    Contradiction,
    Unmapped,
    netconf_payload,
    payload_facts,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.places import read

ROOT = Path(__file__).resolve().parents[3]
CONFIGS = sorted(
    [*ROOT.glob("tests/golden/render/bundles/*/*/config.ios"), *ROOT.glob("tests/yang/examples/*.ios")]
)


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_payload_reads_back_as_what_the_lines_say(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert read(ElementTree.fromstring(netconf_payload(text))) == settled(payload_facts(text))


def test_two_routers_that_differ_in_addresses_keep_their_own() -> None:
    text = "interface Tunnel10\n ip address {} 255.255.252.0\n description {} and {}.5\n"
    for address in ("10.255.0.1", "10.255.0.2", "240.100.100.101", "255.255.252.0"):
        payload = netconf_payload(text.format(address, address, address))
        assert f"<address>{address}</address>" in payload and "<mask>255.255.252.0</mask>" in payload
        assert f"<description>{address} and {address}.5</description>" in payload


def test_characters_of_xml_are_text() -> None:
    payload = netconf_payload('interface Tunnel10\n description <a> & "b"\n')
    assert ElementTree.fromstring(payload).findtext(".//{*}description") == '<a> & "b"'


def test_what_is_wrong_names_the_line_as_it_is() -> None:
    with pytest.raises(Unmapped, match=r"interface Tunnel10 / ip flow 192\.0\.2\.1"):
        netconf_payload("interface Tunnel10\n ip flow 192.0.2.1\n")
    with pytest.raises(Contradiction, match=r"192\.0\.2\.2"):
        netconf_payload("router ospf 10\n router-id 192.0.2.1\n router-id 192.0.2.2\n")
