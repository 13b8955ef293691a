# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The audit of a Linux router: who made a difference is told, nothing is changed, and no secret is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.difference import Difference
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import transaction
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.audit import audit
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.audit_foreign import _drops, within
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.audit_frr import masked
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.release import Release

Wanted = Callable[..., Release]
Intent = dict[str, Any]
SECRETS = ("correct-horse-battery-staple", "s3cret99", "their-password")


@pytest.fixture
def compare(router: Any, wanted: Wanted, intent: Intent) -> Callable[..., list[Difference]]:
    """Applies once; what is returned compares with a bundle, and sees that nothing was changed by that."""
    transaction.apply(router.host, wanted(), intent)

    def compare(**replaced: str) -> list[Difference]:
        state, done = router.state(), len(router.changes)
        found = audit(router.host, wanted(**replaced), intent)
        assert (router.state(), router.changes[done:]) == (state, [])
        told = json.dumps([one.to_dict() for one in found])
        assert not any(secret in told for secret in SECRETS), told
        return found

    return compare


def told(found: list[Difference]) -> list[tuple[str, str, str]]:
    return [(one.owner, one.subject, one.by) for one in found]


HAND = "somebody on the router, or another program"
MOVED = "the inventory or the collection changed since the last run"
VTYSH = "somebody with vtysh, or in frr.conf"
SYSCTL = "/etc/sysctl.d/90-mgre-dmvpn.conf"
KEYS = "/etc/swanctl/conf.d/mgre-dmvpn-secrets.conf"


def test_what_was_applied_is_clean(compare: Callable[..., list[Difference]]) -> None:
    assert compare() == []


def test_a_router_that_never_had_a_run_says_so(router: Any, wanted: Wanted, intent: Intent) -> None:
    (found,) = audit(router.host, wanted(), intent)
    assert "ever applied" in found.what


def test_a_file_that_was_changed_is_told_from_one_that_the_inventory_outran(
    router: Any, compare: Callable[..., list[Difference]]
) -> None:
    newer = {"mgre_dmvpn_conf": "charon {\n    install_routes = yes\n}\n"}
    path = "/etc/strongswan.d/mgre-dmvpn.conf"
    assert told(one for one in compare(**newer) if one.subject == path) == [("ours", path, MOVED)]
    router.host.write(path, "charon {\n}\n")
    (found,) = compare()
    assert told([found]) == [("ours", path, HAND)] and found.since is not None
    assert found.lines == ["+    install_routes = no"]


def test_files_that_are_gone_or_have_another_mode(
    router: Any, compare: Callable[..., list[Difference]]
) -> None:
    router.host.remove(SYSCTL)
    router.host.at(KEYS).chmod(0o644)
    found = {one.subject: one.what for one in compare()}
    assert found == {SYSCTL: "is missing", KEYS: "has mode 0644 instead of 0640"}


def test_a_file_with_secrets_shows_no_lines(router: Any, compare: Callable[..., list[Difference]]) -> None:
    router.host.write(KEYS, "secrets { ike-x { secret = their-password } }\n")
    (found,) = compare()
    assert found.lines == [] and "holds a secret" in found.what


def test_lines_of_frr(router: Any, compare: Callable[..., list[Difference]]) -> None:
    router.running = router.running.replace(" ip nhrp authentication s3cret99\n", "")
    router.running = router.running.replace(
        " neighbor MGRE-blue peer-group\n",
        " neighbor MGRE-blue peer-group\n neighbor MGRE-blue password their-password\n",
    )
    ours, theirs = compare()
    assert told([ours, theirs]) == [
        ("ours", "FRR: interface dmvpn10", VTYSH),
        ("theirs", "FRR: router bgp 65000", VTYSH),
    ]
    assert ours.lines == ["+ interface dmvpn10 / ip nhrp authentication (secret)"]
    assert theirs.lines == ["- router bgp 65000 / neighbor MGRE-blue password (secret)"]


def test_what_others_configured_for_themselves_is_nobodys_business(
    router: Any, compare: Callable[..., list[Difference]]
) -> None:
    router.running = router.running.replace(
        " neighbor 198.51.100.1 remote-as 65100\n",
        " neighbor 198.51.100.1 remote-as 65100\n neighbor 198.51.100.1 password their-password\n",
    )
    router.running += "ip route 192.0.2.128/25 blackhole\n"
    assert compare() == []


def test_frr_hides_lines_that_its_profile_has_for_a_default(
    router: Any, compare: Callable[..., list[Difference]]
) -> None:
    router.running = router.running.replace("frr defaults traditional", "frr defaults datacenter")
    router.running = router.running.replace("no ip nht resolve-via-default\n", "")
    (found,) = compare()
    assert (found.owner, found.lines) == ("default", ["+ no ip nht resolve-via-default"])


@pytest.mark.parametrize(
    ("value", "file", "owner", "by"),
    [
        ("0", None, "default", "nobody wrote that value"),
        ("2", None, "ours", "somebody with sysctl"),
        ("2", "/etc/sysctl.d/10-theirs.conf", "theirs", "/etc/sysctl.d/10-theirs.conf"),
        ("1", "/etc/sysctl.d/99-theirs.conf", "theirs", "/etc/sysctl.d/99-theirs.conf"),
    ],
)
def test_a_setting_of_the_kernel(
    router: Any, compare: Callable[..., list[Difference]], value: str, file: str | None, owner: str, by: str
) -> None:
    router.host.at("/proc/sys/net/ipv4/ip_forward").write_text(f"{value}\n")
    if file:
        router.host.write(file, f"net.ipv4.ip_forward = {'0' if value == '1' else value}\n")
    (found,) = compare()
    assert (found.subject, found.owner) == ("net.ipv4.ip_forward", owner) and found.by.startswith(by)
    assert ("next boot" in found.what) == (value == "1")


def test_what_does_not_run(router: Any, compare: Callable[..., list[Difference]]) -> None:
    router.active.discard("strongswan.service")
    router.enabled.discard("mgre-dmvpn-guard.service")
    found = {(one.area, one.subject, one.what) for one in compare()}
    assert found == {
        ("ipsec", "strongswan.service", "strongswan.service is stopped"),
        ("services", "mgre-dmvpn-guard.service", "mgre-dmvpn-guard.service does not start at boot"),
    }


def test_a_conflict_is_somebody_elses(router: Any, compare: Callable[..., list[Difference]]) -> None:
    router.running = router.running.replace("router bgp 65000", "router bgp 65001")
    assert [one.owner for one in compare()] == ["theirs"]


def test_rules_of_others(wanted: Wanted) -> None:
    def rule(left: dict[str, Any], right: Any, verdict: str = "drop", op: str = "==") -> list[dict[str, Any]]:
        return [{"match": {"op": op, "left": left, "right": right}}, {verdict: None}]

    protocol = {"meta": {"key": "l4proto"}}
    port = {"payload": {"protocol": "udp", "field": "dport"}}
    release = wanted()
    assert _drops(rule(protocol, "esp"), release) == "ESP"
    assert _drops(rule(port, {"set": [500, 4500]}), release) == "IKE"
    assert _drops(rule({"meta": {"key": "oifname"}}, "dmvpn10", "reject"), release) == "packets of dmvpn10"
    assert _drops(rule(protocol, "esp", "accept"), release) is None
    assert _drops(rule(protocol, "esp", op="!="), release) is None
    assert _drops(rule(port, 22), release) is None


def test_routes_of_others() -> None:
    assert within("10.12.0.0/24", {"10.0.0.0/9"}) and within("10.12.0.1", {"10.0.0.0/9"})
    assert not within("default", {"10.0.0.0/9"}) and not within("192.0.2.0/24", {"10.0.0.0/9"})


@pytest.mark.parametrize(
    "line",
    [
        "neighbor MGRE-x password their-password",
        "ip ospf authentication-key their-password",
        "ip ospf message-digest-key 1 md5 their-password",
        "key-string their-password",
        "area 0 authentication their-password",
        "isis password md5 their-password",
    ],
)
def test_secrets_of_others_are_masked(line: str) -> None:
    assert masked(line).endswith(" (secret)") and "their-password" not in masked(line)
