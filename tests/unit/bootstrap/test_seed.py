# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a router gets for its first boot: the right network, one secret file, a program that runs alone."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.bootstrap import ios
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.bootstrap.program import archive
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.bootstrap.seed import Wishes, findings, seed
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.intent import Device
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.load import load_fleet

BASE = Path(__file__).parents[2] / "golden" / "bad_inventories" / "base.yml"
WANS: dict[str, Any] = {
    "internet": {"prefix_length": 30, "gateway": "198.51.100.9"},
    "mpls": {"prefix_length": 24, "gateway": "192.0.2.254"},
}
KEY = "ssh-rsa " + base64.b64encode(b"a key").decode() + " ops"


def device(name: str) -> Device:
    base = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    hostvars = {host: base["fleet"] | own for host, own in base["hosts"].items()}
    return load_fleet(hostvars, base["groups"]).devices[name]


def wishes(**other: Any) -> Wishes:
    return Wishes(
        **{"wans": WANS, "ethernets": {}, "user": "root", "public_key": KEY, "packages": ["frr"], **other}
    )


def test_a_static_and_a_dhcp_wan_and_a_lan_become_a_network() -> None:
    lan = {"lan1": {"addresses": ["10.11.0.1/24"]}}
    network = yaml.safe_load(seed(device("spoke1"), wishes(ethernets=lan), {})["network-config"])
    assert network == {
        "version": 2,
        "ethernets": {
            "wan1": {
                "addresses": ["198.51.100.11/30"],
                "routes": [{"to": "0.0.0.0/0", "via": "198.51.100.9"}],
            },
            "wan2": {"addresses": ["192.0.2.11/24"], "routes": [{"to": "0.0.0.0/0", "via": "192.0.2.254"}]},
            "lan1": {"addresses": ["10.11.0.1/24"]},
        },
    }
    dhcp = yaml.safe_load(seed(device("spoke3"), wishes(wans={}), {})["network-config"])
    assert dhcp["ethernets"] == {"wan1": {"dhcp4": True}}


def test_secrets_are_in_one_file_that_only_root_reads() -> None:
    files = seed(device("spoke3"), wishes(), {"secrets": {"psk/green": "correct-horse"}})
    data = yaml.safe_load(files["user-data"])
    assert files["user-data"].startswith("#cloud-config\n")
    held = {Path(one["path"]).name: one for one in data["write_files"]}
    assert {one["permissions"] for one in held.values()} == {"0600"}
    text = gzip.decompress(base64.b64decode(held["arguments.json"]["content"]))
    assert json.loads(text) == {"secrets": {"psk/green": "correct-horse"}}
    assert data["users"] == [{"name": "root", "ssh_authorized_keys": [KEY]}]
    assert "correct-horse" not in files["meta-data"] + files["network-config"]


def test_another_seed_is_another_instance_and_the_same_is_the_same() -> None:
    one, again, other = (seed(device("spoke3"), wishes(), {"a": number})["meta-data"] for number in (1, 1, 2))
    assert one == again != other


def test_the_program_runs_with_nothing_but_python(tmp_path: Path) -> None:
    path = tmp_path / "first_boot.pyz"
    path.write_bytes(archive())
    done = subprocess.run(
        [sys.executable, "-I", "-S", path, str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"there is nothing to do: {tmp_path}/none/arguments.json is gone\n"
    assert archive() == path.read_bytes(), "the same bytes"


def test_all_that_nobody_has_said_is_told_at_once() -> None:
    said = [
        str(one)
        for one in findings(
            device("spoke1"),
            wishes(wans={"internet": {"prefix_length": 30, "gateway": "198.51.100.99"}}, public_key="none"),
        )
    ]
    assert said == [
        "spoke1: bootstrap_wans.internet.gateway: the gateway 198.51.100.99 is outside of 198.51.100.8/30; "
        "write the provider's address in that network",
        "spoke1: bootstrap_wans.mpls: is missing: 192.0.2.11 is static; "
        "write bootstrap_wans: {mpls: {prefix_length: 30, gateway: ...}}",
        "spoke1: bootstrap_ssh_key: is no public key of SSH; name a file such as ~/.ssh/id_ed25519.pub",
    ]


@pytest.mark.parametrize("gateway", ["::1", "nowhere", None, 7.5])
def test_a_gateway_that_is_no_address_is_a_finding(gateway: object) -> None:
    wan = {"internet": {"prefix_length": 30, "gateway": gateway}, "mpls": WANS["mpls"]}
    assert [one.subject for one in findings(device("spoke1"), wishes(wans=wan))] == [
        "bootstrap_wans.internet"
    ]


def test_an_ios_router_gets_its_wan_a_user_and_its_lines() -> None:
    text = ios.configuration(device("spoke1"), wishes(user="ops"), "interface Tunnel10\n!\n")
    assert "interface wan1\n ip address 198.51.100.11 255.255.255.252\n no shutdown\n" in text
    assert "ip route 0.0.0.0 0.0.0.0 198.51.100.9\n" in text
    assert " username ops\n  key-hash ssh-rsa AF0711EB7DAB2D53C1A580C4705D7CB7\n" in text
    assert text.endswith("interface Tunnel10\n!\nend\n")
    said = [str(one) for one in ios.findings(device("spoke1"), wishes(public_key="ssh-ed25519 AAAA"))]
    assert any("enrols by itself" in line for line in said) and any("RSA" in line for line in said)
