# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lines between two configurations, byte for byte: what a person sees with --check --diff."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.remediate import remediate
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.steps import text

HERE = Path(__file__).parent
HUB = (HERE / "configs" / "hub.ios").read_text()
TWO = (HERE / "configs" / "ospf_regional.ios").read_text()
TRANSPORTS = (HERE / "configs" / "two_transports_hub.ios").read_text()
SECRETS = {"psk/blue": "a-psk-of-many-letters-3141", "nhrp/blue": "nhrp2718"}
NEW, OLD = "version 17.15\n", "version 15.5\n"


def shown(config: str, secrets: dict[str, str] | None = None) -> str:
    """A rendered configuration as a router has it: with secrets."""
    for name, value in (SECRETS if secrets is None else secrets).items():
        config = config.replace(f"@@secret:{name}@@", value)
    return config


def hidden(config: str) -> str:
    """As 17.15 shows it: what is on by default is not there."""
    return re.sub(r"^ ip nhrp (?:shortcut|map multicast dynamic)\n", "", config, flags=re.MULTILINE)


def without_region(config: str) -> str:
    """The regional router after its own cloud was given up."""
    parts = [part for part in config.split("!\n") if "Tunnel20" not in part]
    kept = [row for row in "!\n".join(parts).splitlines(keepends=True) if "name MGRE-region" not in row]
    return "".join(kept).replace(" shared\n", "\n")


CASES: dict[str, Callable[[], tuple[str, str]]] = {
    "fresh_router": lambda: (NEW, HUB),
    "holdtime": lambda: (NEW + shown(HUB), HUB.replace("holdtime 60", "holdtime 300")),
    "psk": lambda: (NEW + shown(HUB, SECRETS | {"psk/blue": "the-old-psk-of-many-letters"}), HUB),
    "suite": lambda: (
        NEW + shown(HUB),
        HUB.replace(
            " encryption aes-gcm-256\n prf sha384\n group 20\n",
            " encryption aes-cbc-256\n integrity sha256\n group 19\n",
        ).replace("esp-gcm 256", "esp-aes 256 esp-sha256-hmac"),
    ),
    "removed_cloud": lambda: (NEW + TWO, without_region(TWO)),
    "added_cloud": lambda: (NEW + without_region(TWO), TWO),
    "other_transport": lambda: (
        NEW + TRANSPORTS,
        TRANSPORTS.replace("tunnel source GigabitEthernet2", "tunnel source GigabitEthernet1").replace(
            "tunnel protection ipsec profile MGRE-mpls", "tunnel protection ipsec profile MGRE-internet"
        ),
    ),
    "absent": lambda: (NEW + shown(HUB), ""),
    "protection_lost": lambda: (
        NEW + shown(HUB).replace(" tunnel protection ipsec profile MGRE-internet\n", ""),
        HUB,
    ),
    "lan_renumbered": lambda: (NEW + shown(HUB), HUB.replace("10.1.0.0", "10.1.16.0")),
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    running, intended = CASES[name]()
    found = remediate(running, intended, SECRETS)
    assert not found.conflicts
    golden = HERE / "remediations" / f"{name}.txt"
    assert text(found.steps) == golden.read_text(), f"see {golden}"


@pytest.mark.parametrize("config", sorted(path.stem for path in (HERE / "configs").glob("*.ios")))
@pytest.mark.parametrize("release", ["15.5", "15.9", "16.3", "17.15"])
def test_what_is_there_needs_nothing(config: str, release: str) -> None:
    """Trailing blanks, defaults that newer releases hide, other order of what has none."""
    wanted = (HERE / "configs" / f"{config}.ios").read_text()
    running = shown(wanted)
    if release != "15.5":
        running = hidden(running)
    running = re.sub(r"^( set transform-set \S+)$", r"\1 ", running, flags=re.MULTILINE)
    running = re.sub(r"^(crypto ikev2 p\w+ \S+)$", r"\1 ", running, flags=re.MULTILINE)
    running = running.replace("address-family ipv4\n", "address-family ipv4 unicast\n")
    assert text(remediate(f"version {release}\n{running}end\n", wanted, SECRETS).steps) == ""


def test_old_releases_need_what_new_ones_take_for_granted() -> None:
    steps = remediate(OLD + hidden(shown(HUB)), HUB, SECRETS).steps
    assert [step.line for step in steps] == ["ip nhrp map multicast dynamic", "ip nhrp shortcut"]


def test_what_is_switched_off_on_a_new_release_is_switched_on() -> None:
    running = hidden(shown(HUB)).replace(" ip nhrp redirect\n", " no ip nhrp shortcut\n ip nhrp redirect\n")
    assert [step.line for step in remediate(NEW + running, HUB, SECRETS).steps] == ["ip nhrp shortcut"]


@pytest.mark.parametrize("kind", ["7 01425657085F0A1D", "0 nhrp2718", "nhrp2718"])
def test_a_secret_is_compared_however_it_is_written(kind: str) -> None:
    from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.secret_lines import decode_type_7

    assert decode_type_7("0822455D0A16") == "cisco"
    secrets = dict(SECRETS)
    if kind.startswith("7 "):
        secrets["nhrp/blue"] = decode_type_7(kind[2:]) or ""
        assert len(secrets["nhrp/blue"]) == 7
    running = NEW + shown(HUB, secrets).replace(
        f"ip nhrp authentication {secrets['nhrp/blue']}", f"ip nhrp authentication {kind}"
    )
    assert not remediate(running, HUB, secrets).steps
    other = remediate(running, HUB, secrets | {"nhrp/blue": "other"}).steps
    assert [step.line for step in other] == ["ip nhrp authentication @@secret:nhrp/blue@@"]


def test_an_encrypted_secret_counts_as_equal_until_it_is_to_be_pushed() -> None:
    running = NEW + shown(HUB).replace(f"pre-shared-key {SECRETS['psk/blue']}", "pre-shared-key 6 DUMMYDUMMY")
    assert not remediate(running, HUB, SECRETS).steps
    pushed = remediate(running, HUB, SECRETS, push_secrets=True).steps
    assert [step.line for step in pushed] == ["pre-shared-key @@secret:psk/blue@@"]


SHARED = """\
router bgp 65000
 bgp log-neighbor-changes
 bgp router-id 192.168.255.1
 neighbor 192.0.2.1 remote-as 64999
 !
 address-family ipv4
  network 172.16.0.0
  neighbor 192.0.2.1 activate
  neighbor 192.0.2.1 route-map PARTNER in
 exit-address-family
"""


def test_bgp_with_others_in_it_keeps_their_lines_and_what_they_share() -> None:
    found = remediate(NEW + SHARED, HUB, SECRETS)
    lines = text(found.steps)
    assert "bgp router-id" not in lines
    assert "bgp listen limit 5000" in lines
    assert not [step for step in found.steps if step.line.startswith("no neighbor")]
    assert "192.0.2.1" not in lines


def test_networks_in_a_shared_process_are_left_and_told() -> None:
    running = NEW + shown(HUB).replace(
        " neighbor MGRE-blue-hubs peer-group\n",
        " neighbor 192.0.2.1 remote-as 64999\n neighbor MGRE-blue-hubs peer-group\n",
    )
    found = remediate(running, HUB.replace("10.1.0.0 mask", "10.1.16.0 mask"), SECRETS)
    assert "network 10.1.0.0 mask 255.255.255.0" in found.notes[0]
    assert "no network" not in text(found.steps)


def test_the_flat_form_of_bgp_is_read_as_the_other() -> None:
    flat = (
        "router bgp 65000\n bgp log-neighbor-changes\n network 172.16.0.0\n"
        " neighbor 192.0.2.1 remote-as 64999\n"
    )
    families = (
        "router bgp 65000\n bgp log-neighbor-changes\n neighbor 192.0.2.1 remote-as 64999\n !\n "
        "address-family ipv4\n"
        "  network 172.16.0.0\n  neighbor 192.0.2.1 activate\n exit-address-family\n"
    )
    assert sorted(remediate(NEW + flat, HUB).foreign) == sorted(remediate(NEW + families, HUB).foreign)


def test_another_as_number_is_a_conflict_where_others_need_it() -> None:
    found = remediate(NEW + SHARED.replace("65000", "65009"), HUB, SECRETS)
    assert "router bgp 65009 is there with neighbors that are not ours" in found.conflicts[0]


def test_a_banner_is_no_configuration() -> None:
    banner = "banner motd ^C\ninterface Tunnel10\n description mgre.dmvpn blue\n^C\n"
    assert not remediate(NEW + banner, "").steps


def test_a_prefix_list_is_never_empty_while_its_only_line_changes() -> None:
    running = NEW + "ip prefix-list MGRE-a seq 5 permit 10.0.0.0/8\n"
    steps = remediate(running, "ip prefix-list MGRE-a seq 5 permit 10.0.0.0/9\n").steps
    assert [step.line for step in steps] == [
        "ip prefix-list MGRE-a seq 4294967294 deny 0.0.0.0/0 le 32",
        "no ip prefix-list MGRE-a seq 5 permit 10.0.0.0/8",
        "ip prefix-list MGRE-a seq 5 permit 10.0.0.0/9",
        "no ip prefix-list MGRE-a seq 4294967294 deny 0.0.0.0/0 le 32",
    ]
